"""Which differences between two records make their figures incomparable, and which are noted.

*Refused* unless the user names the entry: the work (suite, mode, frames), the machine (processor,
cores, quota, governor, virtualisation), the compiled kernel in use, onnxruntime's options and
thread variables, and what a subject is (precision, inputs, preprocessing, threads). *Noted*: what
two builds are compared for: model files, packages, the kernels' build, whether weights are trained.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from benchmarks.errors import BenchError
from benchmarks.record.json_form import to_json
from benchmarks.record.types import Record, SubjectEntry


def _cpu(record: Record) -> list[str | None]:
    """Return name, family and model: virtual machines call several CPUs by one name."""
    machine = record.machine
    return [machine.cpu_model, *(machine.cpu_family_model_stepping or [])[:2]]


#: Name that `--despite` takes -> the entry.
ENTRIES: dict[str, Callable[[Record], object]] = {
    "suite": lambda record: record.kind,
    "mode": lambda record: record.mode,
    "cpu": _cpu,
    "architecture": lambda record: record.machine.architecture,
    "instruction-sets": lambda record: record.machine.instruction_sets,
    "usable-cores": lambda record: record.machine.cores_usable,
    "cpu-quota": lambda record: record.machine.cpu_quota_cores,
    "governor": lambda record: record.machine.governor,
    "virtualisation": lambda record: record.machine.virtualisation,
    "frames-kind": lambda record: record.input.kind,
    "frame-format": lambda record: record.input.frame.in_words,
    "frames": lambda record: record.input.sha256,
    "kernel": lambda record: record.software.kernel and record.software.kernel.isa,
    "onnxruntime-options": lambda record: record.software.onnxruntime_options,
    "environment": lambda record: record.software.environment,
}
#: Entries of a subject that both records must agree on, under the one name ``subject``.
_OF_SUBJECTS: dict[str, Callable[[SubjectEntry], object]] = {
    "precision": lambda subject: subject.precision,
    "threads": lambda subject: list(subject.threads),
    "preprocessing": lambda subject: subject.preprocessing,
    "feed": lambda subject: to_json(subject.feed),
}
#: Entries that a record of version 1.0 lacks: not known of it, so not equal to anything.
_SINCE_1_1 = {"kernel", "onnxruntime-options", "environment"}
_DISTURBANCES = {"other-load", "stolen-time", "throttled", "speed-changed"}
_LONGEST = 300

NAMES = (*ENTRIES, "subject")


def differences(before: Record, after: Record) -> Iterator[tuple[str, str]]:
    """Yield name and words of each entry that makes figures incomparable."""
    for name, entry in ENTRIES.items():
        a, b = entry(before), entry(after)
        if name in _SINCE_1_1 and "1.0" in (before.version, after.version):
            if before.version != after.version:
                yield name, f"{name}: {_recorded(before, a)} against {_recorded(after, b)}"
        elif a != b:
            yield name, f"{name}: {a!r} against {b!r}"
    for first, second in _common_subjects(before, after):
        for key, read in _OF_SUBJECTS.items():
            if key == "feed" and "1.0" in (before.version, after.version):
                continue
            a, b = read(first), read(second)
            if a != b:
                yield "subject", f"{second.name}: {key} {a!r} against {b!r}"[:_LONGEST]


def _common_subjects(before: Record, after: Record) -> Iterator[tuple[SubjectEntry, SubjectEntry]]:
    known = {subject.name: subject for subject in before.subjects}
    for subject in after.subjects:
        if subject.name in known:
            yield known[subject.name], subject


def _recorded(record: Record, value: object) -> str:
    return "not recorded" if record.version == "1.0" else repr(value)


def check_comparable(before: Record, after: Record, despite: Collection[str]) -> list[str]:
    """Return the differences that the user asked to compare despite of.

    Raises:
        BenchError: `record-unlike`, naming every difference that was not asked for;
            `option-invalid` for a name in ``despite`` that is none.
    """
    wrong = sorted(set(despite) - set(NAMES))
    if wrong:
        raise BenchError("option-invalid", f"--despite {wrong}: allowed are {', '.join(NAMES)}")
    listed = list(differences(before, after))
    refused = [(name, text) for name, text in listed if name not in despite]
    if refused:
        names = " ".join(f"--despite {name}" for name in dict.fromkeys(n for n, _ in refused))
        text = "; ".join(text for _, text in refused)
        raise BenchError(
            "record-unlike",
            f"the records are not comparable: {text}; to compare them all the same: {names}",
        )
    return [f"compared despite {text}" for _, text in listed]


def notes(
    before: Record, after: Record, names: tuple[str, str] = ("before", "after")
) -> Iterator[str]:
    """Yield what may differ on purpose, and what disturbed either run, by the records' names."""
    packages = (before.software.packages, after.software.packages)
    for name in sorted({*packages[0], *packages[1]}):
        a, b = (one.get(name) for one in packages)
        if a != b:
            yield f"{name}: {a} against {b}"
    if before.software.kernels_sha256 != after.software.kernels_sha256:
        yield "the compiled kernels differ"
    if "1.0" in (before.version, after.version):
        yield "a record of version 1.0 doesn't say which kernel ran"
    for first, second in _common_subjects(before, after):
        if first.sha256 != second.sha256:
            yield f"{second.name}: the model file differs"
        if first.weights != second.weights:
            yield f"{second.name}: the training state differs"
    for name, record in zip(names, (before, after), strict=True):
        yield from _troubles(name, record)


def _troubles(name: str, record: Record) -> Iterator[str]:
    if record.status != "complete":
        yield f"{name}: the run was interrupted"
    for warning in record.warnings:
        if warning.slug in _DISTURBANCES:
            yield f"{name}: {warning.meaning} ({warning.detail})"
