"""Two records side by side: ratios with intervals, and a refusal where they are not alike.

A figure is called worse (or better) only if the ratio's interval leaves 1 *and* the change is at
least `NOTICEABLE`. The interval is widened for the number of figures that are judged (Bonferroni),
so that the whole comparison, not each figure, cries wolf in at most 1 % of the cases.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from benchmarks.alike import check_alike, notes
from benchmarks.errors import BenchError
from benchmarks.stats.intervals import Interval, ratio

FALSE_ALARM = 0.01
NOTICEABLE = 0.05


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


def compare(old: dict[str, Any], new: dict[str, Any], despite: Collection[str] = ()) -> Comparison:
    """Compare ``new`` with ``old``.

    Args:
        old: the record compared with.
        new: the newer record.
        despite: names in `alike.NAMES` whose difference is told instead of refused.

    Raises:
        BenchError: `record-unlike`, naming every entry that differs, or no figure in common.
    """
    told = check_alike(old, new, despite)
    before = {figure["id"]: figure for figure in old["figures"]}
    after = {figure["id"]: figure for figure in new["figures"]}
    common = [key for key in before if key in after]
    if not common:
        raise BenchError("record-unlike", "the records have no figure in common")
    judged = sum(before[key]["better"] != "neither" for key in common)
    confidence = 1 - FALSE_ALARM / max(1, judged)
    changes = [_change(before[key], after[key], confidence) for key in common]
    unmatched = sorted(before.keys() ^ after.keys())
    return Comparison(changes, unmatched, [*told, *notes(old, new)])


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
