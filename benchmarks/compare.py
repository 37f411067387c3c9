"""Two records side by side: ratios with intervals, and a refusal where they are not alike.

A figure is called worse (or better) only if the ratio's interval leaves 1 *and* the change is at
least `NOTICEABLE`. The interval is widened for the number of figures that are judged (Bonferroni),
so that the whole comparison, not each figure, cries wolf in at most 1 % of the cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.errors import BenchError
from benchmarks.stats.intervals import Interval, ratio

FALSE_ALARM = 0.01
NOTICEABLE = 0.05

#: Entries that must be equal for figures to be comparable, with how a reader knows them.
_ALIKE = (
    ("kind", "suite"),
    ("mode", "mode"),
    ("machine.cpu_model", "CPU"),
    ("machine.architecture", "architecture"),
    ("machine.instruction_sets", "instruction sets"),
    ("machine.cores_usable", "usable cores"),
    ("machine.cpu_quota_cores", "CPU quota"),
    ("machine.governor", "frequency governor"),
    ("machine.virtualisation", "virtualisation"),
    ("input.kind", "kind of frames"),
    ("input.frame", "frame size and format"),
    ("input.sha256", "frames"),
)


@dataclass(frozen=True)
class Change:
    """One figure in both records.

    ``verdict`` is better, worse, same, or unknown; ``overlap`` says whether the two printed
    intervals meet, None where one is missing.
    """

    id: str
    unit: str
    old: float
    new: float
    ratio: Interval | None
    verdict: str
    overlap: bool | None


@dataclass(frozen=True)
class Comparison:
    """All changes, the figures that only one record has, and what else differs."""

    changes: list[Change]
    unmatched: list[str]
    notes: list[str]

    @property
    def agreeing(self) -> tuple[int, int]:
        """Return how many figures have intervals that meet, of how many that have intervals."""
        known = [change.overlap for change in self.changes if change.overlap is not None]
        return sum(known), len(known)

    @property
    def worse(self) -> list[Change]:
        """Return the changes for the worse."""
        return [change for change in self.changes if change.verdict == "worse"]


def compare(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """Compare ``new`` with ``old``.

    Raises:
        BenchError: `record-unlike`, naming every entry that differs, or no figure in common.
    """
    differing = [
        f"{name}: {_entry(old, path)!r} against {_entry(new, path)!r}"
        for path, name in _ALIKE
        if _entry(old, path) != _entry(new, path)
    ]
    if differing:
        raise BenchError("record-unlike", "records are not alike: " + "; ".join(differing))
    before = {figure["id"]: figure for figure in old["figures"]}
    after = {figure["id"]: figure for figure in new["figures"]}
    common = [key for key in before if key in after]
    if not common:
        raise BenchError("record-unlike", "the records have no figure in common")
    judged = sum(before[key]["better"] != "neither" for key in common)
    confidence = 1 - FALSE_ALARM / max(1, judged)
    changes = [_change(before[key], after[key], confidence) for key in common]
    return Comparison(changes, sorted(before.keys() ^ after.keys()), list(_notes(old, new)))


def _entry(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _change(old: dict[str, Any], new: dict[str, Any], confidence: float) -> Change:
    if old["unit"] != new["unit"]:
        raise BenchError("record-unlike", f"{old['id']}: {old['unit']} against {new['unit']}")
    found = ratio(new["processes"], old["processes"], confidence)
    verdict = _verdict(found, old["better"])
    values = old["value"], new["value"]
    return Change(old["id"], old["unit"], *values, found, verdict, _overlap(old, new))


def _overlap(old: dict[str, Any], new: dict[str, Any]) -> bool | None:
    if old["low"] is None or new["low"] is None:
        return None
    return bool(old["low"] <= new["high"] and new["low"] <= old["high"])


def _verdict(found: Interval | None, better: str) -> str:
    if found is None or found.low is None or found.high is None or better == "neither":
        return "unknown"
    if found.low <= 1 <= found.high or abs(found.value - 1) < NOTICEABLE:
        return "same"
    return "better" if (found.value < 1) == (better == "lower") else "worse"


def _notes(old: dict[str, Any], new: dict[str, Any]) -> Iterable[str]:
    """Yield what may differ on purpose, and is told."""
    for name in sorted({*old["software"]["packages"], *new["software"]["packages"]}):
        a, b = (r["software"]["packages"].get(name) for r in (old, new))
        if a != b:
            yield f"{name}: {a} against {b}"
    if old["software"]["kernels_sha256"] != new["software"]["kernels_sha256"]:
        yield "the compiled kernels differ"
    hashes = [{s["name"]: s.get("sha256") for s in r["subjects"]} for r in (old, new)]
    for name in hashes[0]:
        if name in hashes[1] and hashes[0][name] != hashes[1][name]:
            yield f"{name}: the model file differs"
    for label, record in (("old", old), ("new", new)):
        if record["status"] != "complete":
            yield f"the {label} record is of an interrupted run"
        for warning in record["warnings"]:
            if warning["slug"] in {"other-load", "stolen-time", "throttled", "speed-changed"}:
                yield f"{label} record: {warning['meaning']} ({warning['detail']})"
