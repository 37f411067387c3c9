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
    "frame-format": lambda record: to_json(record.input.frame),
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


def differences(old: Record, new: Record) -> Iterator[tuple[str, str]]:
    """Yield name and words of each entry that makes figures incomparable."""
    for name, entry in ENTRIES.items():
        a, b = entry(old), entry(new)
        if name in _SINCE_1_1 and "1.0" in (old.version, new.version):
            if old.version != new.version:
                yield name, f"{name}: {_recorded(old, a)} against {_recorded(new, b)}"
        elif a != b:
            yield name, f"{name}: {a!r} against {b!r}"
    for before, after in _common_subjects(old, new):
        for key, read in _OF_SUBJECTS.items():
            if key == "feed" and "1.0" in (old.version, new.version):
                continue
            a, b = read(before), read(after)
            if a != b:
                yield "subject", f"{after.name}: {key} {a!r} against {b!r}"[:_LONGEST]


def _common_subjects(old: Record, new: Record) -> Iterator[tuple[SubjectEntry, SubjectEntry]]:
    before = {subject.name: subject for subject in old.subjects}
    for subject in new.subjects:
        if subject.name in before:
            yield before[subject.name], subject


def _recorded(record: Record, value: object) -> str:
    return "not recorded" if record.version == "1.0" else repr(value)


def check_comparable(old: Record, new: Record, despite: Collection[str]) -> list[str]:
    """Return the differences that the user asked to compare despite of.

    Raises:
        BenchError: `record-unlike`, naming every difference that was not asked for;
            `option-invalid` for a name in ``despite`` that is none.
    """
    wrong = sorted(set(despite) - set(NAMES))
    if wrong:
        raise BenchError("option-invalid", f"--despite {wrong}: allowed are {', '.join(NAMES)}")
    listed = list(differences(old, new))
    refused = [(name, text) for name, text in listed if name not in despite]
    if refused:
        names = " ".join(f"--despite {name}" for name in dict.fromkeys(n for n, _ in refused))
        text = "; ".join(text for _, text in refused)
        raise BenchError(
            "record-unlike",
            f"the records are not comparable: {text}; to compare them all the same: {names}",
        )
    return [f"compared despite {text}" for _, text in listed]


def notes(old: Record, new: Record) -> Iterator[str]:
    """Yield what may differ on purpose, and what disturbed either run."""
    packages = (old.software.packages, new.software.packages)
    for name in sorted({*packages[0], *packages[1]}):
        a, b = (one.get(name) for one in packages)
        if a != b:
            yield f"{name}: {a} against {b}"
    if old.software.kernels_sha256 != new.software.kernels_sha256:
        yield "the compiled kernels differ"
    if "1.0" in (old.version, new.version):
        yield "a record of version 1.0 doesn't say which kernel ran"
    for before, after in _common_subjects(old, new):
        if before.sha256 != after.sha256:
            yield f"{after.name}: the model file differs"
        if before.weights != after.weights:
            yield f"{after.name}: the training state differs"
    for label, record in (("old", old), ("new", new)):
        yield from _troubles(label, record)


def _troubles(label: str, record: Record) -> Iterator[str]:
    if record.status != "complete":
        yield f"the {label} run was interrupted"
    for warning in record.warnings:
        if warning.slug in _DISTURBANCES:
            yield f"{label} record: {warning.meaning} ({warning.detail})"
