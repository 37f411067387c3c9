"""Two records side by side: ratios with intervals, and a refusal where they are not comparable.

A figure is called worse (or better) only if the ratio's interval leaves 1 *and* the change is at
least `NOTICEABLE`. The interval is widened for the number of figures that are judged (Bonferroni),
so that the whole comparison, not each figure, raises a false alarm in at most 1 % of the cases.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from benchmarks.comparability import check_comparable, notes
from benchmarks.errors import BenchError
from benchmarks.record.types import Better, Figure, Record
from benchmarks.stats.intervals import Interval, ratio

FALSE_ALARM = 0.01
NOTICEABLE = 0.05

Verdict = Literal["better", "worse", "same", "unknown"]


@dataclass(frozen=True)
class Change:
    """One figure in both records.

    ``overlap`` says whether the two printed intervals meet, None where one is missing.
    """

    id: str
    unit: str
    old: float
    new: float
    ratio: Interval | None
    verdict: Verdict
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


def compare(old: Record, new: Record, despite: Collection[str] = ()) -> Comparison:
    """Compare ``new`` with ``old``.

    Args:
        old: the record compared with.
        new: the newer record.
        despite: names in `comparability.NAMES` whose difference is noted instead of refused.

    Raises:
        BenchError: `record-unlike`, naming every entry that differs, or no figure in common;
            `option-invalid` for a name in ``despite`` that is none.
    """
    overridden = check_comparable(old, new, despite)
    before = {figure.id: figure for figure in old.figures}
    after = {figure.id: figure for figure in new.figures}
    common = [key for key in before if key in after]
    if not common:
        raise BenchError("record-unlike", "the records have no figure in common")
    judged = sum(before[key].better != "neither" for key in common)
    confidence = 1 - FALSE_ALARM / max(1, judged)
    changes = [_change(before[key], after[key], confidence) for key in common]
    unmatched = sorted(before.keys() ^ after.keys())
    return Comparison(changes, unmatched, [*overridden, *notes(old, new)])


def _change(old: Figure, new: Figure, confidence: float) -> Change:
    if old.unit != new.unit:
        raise BenchError("record-unlike", f"{old.id}: {old.unit} against {new.unit}")
    quotient = ratio(new.processes, old.processes, confidence)
    verdict = _verdict(quotient, old.better)
    return Change(old.id, old.unit, old.value, new.value, quotient, verdict, _overlap(old, new))


def _overlap(old: Figure, new: Figure) -> bool | None:
    if old.low is None or old.high is None or new.low is None or new.high is None:
        return None
    return old.low <= new.high and new.low <= old.high


def _verdict(quotient: Interval | None, better: Better) -> Verdict:
    if quotient is None or quotient.low is None or quotient.high is None or better == "neither":
        return "unknown"
    if quotient.low <= 1 <= quotient.high or abs(quotient.value - 1) < NOTICEABLE:
        return "same"
    return "better" if (quotient.value < 1) == (better == "lower") else "worse"
