"""Two records side by side: ratios with intervals, and a refusal where they are not comparable.

A figure is `worse` (or `better`) only if the ratio's interval excludes 1 *and* the change is at
least `NOTICEABLE`. That interval is widened for the number of figures that are judged (Bonferroni),
so that the whole comparison, not each figure, raises a false alarm in at most 1 % of the cases.
It is `same` only if its 95 % interval lies within `NOTICEABLE` of 1 (two one-sided tests, TOST),
or if it is 0 in every process of both runs.
Anything else is `unclear`: the two runs show neither a change nor that there is none.
"""

from __future__ import annotations

import math
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
        unit: of ``before`` and ``after``.
        before: geometric mean of the processes' own figures, where there is a ratio; else the
            value.
        after: likewise, so that ``ratio`` is exactly after / before.
        ratio: after / before with its 95 % interval; None where a figure is zero or negative.
        verdict: ``unjudged`` where the record says that neither direction is better.
        better: which direction is.
        overlap: whether the two printed intervals meet; None where one is missing.
        unseen: the largest change for the worse that the 95 % interval doesn't exclude, as a share
            (0.1: 10 % slower), 0 where it excludes any; None without an interval, and of what
            isn't judged.
        widened: ``ratio`` with the interval that `worse` and `better` are judged by.
        visible: the smallest measured change for the worse that these two runs would have called
            `worse`, as a share: the wider interval's half-width, `NOTICEABLE` at least. None
            where nothing would have been.
    """

    id: str
    unit: str
    before: float
    after: float
    ratio: Interval | None
    verdict: Verdict
    better: Better
    overlap: bool | None
    unseen: float | None = None
    widened: Interval | None = None
    visible: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Two records, figure by figure.

    Attributes:
        changes: of every figure that both records have.
        unmatched: name of the record and id of each figure that only this one has.
        notes: what else differs.
        judged: how many figures have a verdict.
        confidence: of the interval that `worse` and `better` are judged by.
        identical: whether the two are one record, so that there is nothing to compare.
    """

    changes: list[Change]
    unmatched: list[tuple[str, str]]
    notes: list[str]
    judged: int
    confidence: float
    identical: bool

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


def compare(
    before: Record,
    after: Record,
    despite: Collection[str] = (),
    names: tuple[str, str] = ("before", "after"),
) -> Comparison:
    """Compare ``after`` with ``before``.

    Args:
        before: the record compared with.
        after: the later record.
        despite: names in `comparability.NAMES` whose difference is noted instead of refused.
        names: of the two records, for the notes.

    Raises:
        BenchError: `record-unlike`, naming every entry that differs, or no figure in common;
            `option-invalid` for a name in ``despite`` that is none.
    """
    overridden = check_comparable(before, after, despite)
    first = {figure.id: figure for figure in before.figures}
    second = {figure.id: figure for figure in after.figures}
    common = [key for key in first if key in second]
    if not common:
        raise BenchError("record-unlike", "the records have no figure in common")
    judged = sum(first[key].better != "neither" for key in common)
    confidence = 1 - FALSE_ALARM / max(1, judged)
    changes = [_change(first[key], second[key], confidence) for key in common]
    unmatched = [(names[0], key) for key in sorted(first.keys() - second.keys())]
    unmatched += [(names[1], key) for key in sorted(second.keys() - first.keys())]
    remarks = [*overridden, *notes(before, after, names)]
    return Comparison(changes, unmatched, remarks, judged, confidence, before == after)


def _change(before: Figure, after: Figure, confidence: float) -> Change:
    if before.unit != after.unit:
        raise BenchError("record-unlike", f"{before.id}: {before.unit} against {after.unit}")
    shown = ratio(after.processes, before.processes)
    widened = ratio(after.processes, before.processes, confidence)
    values = before.value, after.value
    if shown is not None:
        values = geometric_mean(before.processes), geometric_mean(after.processes)
    # nothing was counted in either run, so there is no ratio, and nothing changed
    nothing = before.better != "neither" and not any((*before.processes, *after.processes))
    return Change(
        before.id,
        before.unit,
        *values,
        shown,
        "same" if nothing else _verdict(shown, widened, before.better),
        before.better,
        _overlap(before, after),
        0.0 if nothing else _unseen(shown, before.better),
        widened,
        _visible(widened, before.better),
    )


def _overlap(before: Figure, after: Figure) -> bool | None:
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return None
    return before.low <= after.high and after.low <= before.high


def _unseen(shown: Interval | None, better: Better) -> float | None:
    if shown is None or shown.low is None or shown.high is None or better == "neither":
        return None
    return max(0.0, shown.high - 1 if better == "lower" else 1 - shown.low)


def _visible(widened: Interval | None, better: Better) -> float | None:
    if widened is None or widened.low is None or widened.high is None or better == "neither":
        return None
    if not 0 < widened.value < math.inf:
        return None
    lower = better == "lower"
    half = widened.high / widened.value - 1 if lower else 1 - widened.low / widened.value
    return max(NOTICEABLE, half)


def _verdict(shown: Interval | None, widened: Interval | None, better: Better) -> Verdict:
    if better == "neither":
        return "unjudged"
    if shown is None or widened is None:
        return "unclear"
    if widened.excludes_one and abs(widened.value - 1) >= NOTICEABLE:
        return "better" if (widened.value < 1) == (better == "lower") else "worse"
    if shown.low is None or shown.high is None:
        return "unclear"
    inside = shown.low > 1 - NOTICEABLE and shown.high < 1 + NOTICEABLE
    return "same" if inside else "unclear"
