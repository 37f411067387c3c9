"""Two records side by side: ratios with intervals, and a refusal where they are not comparable.

A figure is `worse` (or `better`) only if the ratio's interval excludes 1 *and* the change is at
least `NOTICEABLE`. That interval is widened for the number of figures that are judged (Bonferroni),
so that the whole comparison, not each figure, raises a false alarm in at most 1 % of the cases.
It is `same` only if its 95 % interval lies within `NOTICEABLE` of 1 (two one-sided tests, TOST).
Anything else is `unclear`: the runs can't tell.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from benchmarks.comparability import check_comparable, notes
from benchmarks.errors import BenchError
from benchmarks.record.types import Better, Figure, Record
from benchmarks.stats.intervals import Interval, geometric_mean, ratio

FALSE_ALARM = 0.01
NOTICEABLE = 0.05

Verdict = Literal["worse", "better", "same", "unclear", "unjudged"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Change:
    """One figure in both records.

    Attributes:
        id: of the figure.
        unit: of ``old`` and ``new``.
        old: geometric mean of the processes' own figures, where there is a ratio; else the value.
        new: likewise, so that ``ratio`` is exactly new / old.
        ratio: new / old with its 95 % interval; None where a figure is zero or negative.
        verdict: ``unjudged`` where the record says that neither direction is better.
        overlap: whether the two printed intervals meet; None where one is missing.
        unseen: the largest change for the worse that the 95 % interval doesn't exclude, as a share
            (0.1: 10 % slower); None without an interval, and of what isn't judged.
    """

    id: str
    unit: str
    old: float
    new: float
    ratio: Interval | None
    verdict: Verdict
    overlap: bool | None
    unseen: float | None = None


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
        return self.of("worse")

    def of(self, verdict: Verdict) -> list[Change]:
        """Return the changes with this verdict."""
        return [change for change in self.changes if change.verdict == verdict]


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
    shown = ratio(new.processes, old.processes)
    widened = ratio(new.processes, old.processes, confidence)
    before, after = old.value, new.value
    if shown is not None:
        before, after = geometric_mean(old.processes), geometric_mean(new.processes)
    return Change(
        old.id,
        old.unit,
        before,
        after,
        shown,
        _verdict(shown, widened, old.better),
        _overlap(old, new),
        _unseen(shown, old.better),
    )


def _overlap(old: Figure, new: Figure) -> bool | None:
    if old.low is None or old.high is None or new.low is None or new.high is None:
        return None
    return old.low <= new.high and new.low <= old.high


def _unseen(shown: Interval | None, better: Better) -> float | None:
    if shown is None or shown.low is None or shown.high is None or better == "neither":
        return None
    return max(0.0, shown.high - 1 if better == "lower" else 1 - shown.low)


def _verdict(shown: Interval | None, widened: Interval | None, better: Better) -> Verdict:
    if better == "neither":
        return "unjudged"
    if shown is None or widened is None:
        return "unclear"
    if _leaves_one(widened) and abs(widened.value - 1) >= NOTICEABLE:
        return "better" if (widened.value < 1) == (better == "lower") else "worse"
    if shown.low is None or shown.high is None:
        return "unclear"
    inside = shown.low > 1 - NOTICEABLE and shown.high < 1 + NOTICEABLE
    return "same" if inside else "unclear"


def _leaves_one(interval: Interval) -> bool:
    if interval.low is None or interval.high is None:
        return False
    return not interval.low <= 1 <= interval.high
