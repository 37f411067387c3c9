"""Which differences between two records make their figures incomparable, and which are told.

*Refused* unless the user names the entry: the work (suite, mode, frames), the machine (processor,
cores, quota, governor, virtualisation), the compiled kernel in use, onnxruntime's options and
thread variables, and what a subject is (precision, inputs, preprocessing, threads). *Told*: what
two builds are compared for: model files, packages, the kernels' build, whether weights are trained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from benchmarks.errors import BenchError

Record = dict[str, Any]

#: Name that `--despite` takes -> where the entry stands.
ALIKE: dict[str, str] = {
    "suite": "kind",
    "mode": "mode",
    "cpu": "machine.cpu_model",
    "architecture": "machine.architecture",
    "instruction-sets": "machine.instruction_sets",
    "usable-cores": "machine.cores_usable",
    "cpu-quota": "machine.cpu_quota_cores",
    "governor": "machine.governor",
    "virtualisation": "machine.virtualisation",
    "frames-kind": "input.kind",
    "frame-format": "input.frame",
    "frames": "input.sha256",
    "kernel": "software.kernel.isa",
    "onnxruntime-options": "software.onnxruntime_options",
    "environment": "software.environment",
}
#: Entries of a subject that both records must agree on, under the one name ``subject``.
_OF_SUBJECTS = ("precision", "threads", "preprocessing", "feed")
#: Entries that a record of version 1.0 lacks: not known of it, so not equal to anything.
_SINCE_1_1 = {"kernel", "onnxruntime-options", "environment"}

NAMES = (*ALIKE, "subject")


def differences(old: Record, new: Record) -> Iterator[tuple[str, str]]:
    """Yield name and words of each entry that makes figures incomparable."""
    for name, path in ALIKE.items():
        a, b = entry(old, path), entry(new, path)
        if name in _SINCE_1_1 and "1.0" in (old["version"], new["version"]):
            if old["version"] != new["version"]:
                yield name, f"{name}: {_told(old, a)} against {_told(new, b)}"
        elif a != b:
            yield name, f"{name}: {a!r} against {b!r}"
    before = {subject["name"]: subject for subject in old["subjects"]}
    for subject in new["subjects"]:
        other = before.get(subject["name"])
        for key in _OF_SUBJECTS if other else ():
            known = key in other and key in subject
            if known and other[key] != subject[key]:
                text = f"{subject['name']}: {key} {other[key]!r} against {subject[key]!r}"
                yield "subject", text[:300]


def _told(record: Record, value: Any) -> str:
    return "not recorded" if record["version"] == "1.0" else repr(value)


def check_alike(old: Record, new: Record, despite: Collection[str]) -> list[str]:
    """Return the differences that the user asked to compare despite of.

    Raises:
        BenchError: `record-unlike`, naming every difference that was not asked for, or a name in
            ``despite`` that is none.
    """
    odd = sorted(set(despite) - set(NAMES))
    if odd:
        raise BenchError("record-unlike", f"--despite {odd}: allowed are {', '.join(NAMES)}")
    found = list(differences(old, new))
    refused = [(name, text) for name, text in found if name not in despite]
    if refused:
        names = " ".join(f"--despite {name}" for name in dict.fromkeys(n for n, _ in refused))
        text = "; ".join(text for _, text in refused)
        raise BenchError(
            "record-unlike", f"records are not alike: {text}; to see them all: {names}"
        )
    return [f"compared despite {text}" for _, text in found]


def notes(old: Record, new: Record) -> Iterator[str]:
    """Yield what may differ on purpose, and is told."""
    for name in sorted({*old["software"]["packages"], *new["software"]["packages"]}):
        a, b = (r["software"]["packages"].get(name) for r in (old, new))
        if a != b:
            yield f"{name}: {a} against {b}"
    if old["software"]["kernels_sha256"] != new["software"]["kernels_sha256"]:
        yield "the compiled kernels differ"
    if "1.0" in (old["version"], new["version"]):
        yield "a record of version 1.0 doesn't say which kernel ran"
    before = {subject["name"]: subject for subject in old["subjects"]}
    for subject in new["subjects"]:
        other = before.get(subject["name"], subject)
        for key, words in (("sha256", "the model file"), ("weights", "the training state")):
            if other.get(key) != subject.get(key):
                yield f"{subject['name']}: {words} differs"
    for label, record in (("old", old), ("new", new)):
        yield from _troubles(label, record)


def _troubles(label: str, record: Record) -> Iterator[str]:
    if record["status"] != "complete":
        yield f"the {label} record is of an interrupted run"
    for warning in record["warnings"]:
        if warning["slug"] in {"other-load", "stolen-time", "throttled", "speed-changed"}:
            yield f"{label} record: {warning['meaning']} ({warning['detail']})"


def entry(record: Record, path: str) -> Any:
    """Return the entry at a dotted path; None where there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
