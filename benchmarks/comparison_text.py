"""A comparison in lines: the figures that matter first, then counts, what changed, what is open."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.compare import VERDICTS, Change, Comparison
from benchmarks.report.text import number
from benchmarks.scenarios import scenario_name
from benchmarks.stats.intervals import Interval

_LEADING = {
    "single_stream|threads=1|end_to_end|p50",
    "paced-30fps|threads=1|end_to_end|p50",
    "preprocess|sdk|geomean",
}
_MOST_OPEN = 3
_FAR = 9.0  # a change beyond tenfold is told as that: its digits mean nothing


def comparison_lines(comparison: Comparison, every: bool) -> Iterator[str]:
    """Yield what a comparison comes to.

    Args:
        comparison: of two records.
        every: whether to list every figure, with the interval that its verdict stands on.
    """
    leading = [change for change in comparison.changes if _is_leading(change)]
    changed = [c for c in comparison.changes if c.verdict in ("worse", "better")]
    listed = comparison.changes if every else [c for c in changed if c not in leading]
    if leading or listed:
        yield _head(every)
    yield from _table([(_in_words(change), change) for change in leading], every)
    yield from _counts(comparison, every)
    yield from _table([(change.id, change) for change in listed], every)
    yield from _open(comparison, every)


def _is_leading(change: Change) -> bool:
    return change.id.partition("|")[2] in _LEADING


def _in_words(change: Change) -> str:
    subject, scenario, *_, percentile = change.id.split("|")
    if scenario == "preprocess":
        return f"{subject}, frame to tensor, geometric mean"
    return f"{subject}, whole call, {scenario_name(scenario)}, {percentile}"


def _counts(comparison: Comparison, every: bool) -> Iterator[str]:
    counts = ", ".join(f"{len(comparison.of(verdict))} {verdict}" for verdict in VERDICTS)
    yield f"{len(comparison.changes)} figures compared: {counts}."
    yield (
        "Intervals in brackets are 95 %. worse and better are judged by a wider one "
        f"({100 * comparison.confidence:.2f} %), corrected for the number of figures judged "
        f"({comparison.judged})."
    )
    if every:
        agree, known = comparison.agreeing
        yield f"{agree} of {known} figures have intervals (95 %) that overlap in the two runs."


def _open(comparison: Comparison, every: bool) -> Iterator[str]:
    """Yield how large a change for the worse may hide behind what is unclear."""
    unclear = comparison.of("unclear")
    left = [c for c in unclear if c.unseen is None or c.unseen > 0]
    if not left:
        return
    yield (
        f"{len(left)} of {len(unclear)} unclear figures may have become worse, as far as their "
        "95 % intervals show:"
    )
    known = sorted(((c.unseen, c.id) for c in left if c.unseen is not None), reverse=True)
    for unseen, figure in known[:_MOST_OPEN]:
        yield f"  by up to {_percent(unseen)}  {figure}"
    rest = len(left) - len(known[:_MOST_OPEN])
    if rest and not every:
        yield f"  {rest} more: --all lists every figure"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < _FAR else f"more than {100 * _FAR:.0f} %"


def _head(every: bool) -> str:
    words = ("verdict", "after / before (95 %)", "before -> after (mean of processes)", "figure")
    return _row(*words, "judged by" if every else None)


def _table(named: list[tuple[str, Change]], every: bool) -> Iterator[str]:
    for name, change in named:
        ratio = change.ratio
        text = "-" if ratio is None else f"{ratio.value:.3f} {_bounds(ratio)}".rstrip()
        values = f"{number(change.before, 4)} -> {number(change.after, 4)} {change.unit}"
        wider = _bounds(change.widened) if every else None
        yield _row(change.verdict, text, values, name, wider)


def _bounds(interval: Interval | None) -> str:
    if interval is None or interval.low is None or interval.high is None:
        return ""
    high = f"{interval.high:.3f}" if interval.high < 1 + _FAR else f"over {1 + _FAR:.0f}"
    return f"({interval.low:.3f} to {high})"


def _row(verdict: str, ratio: str, values: str, figure: str, wider: str | None) -> str:
    judged = "" if wider is None else f"{wider:20}"
    return f"{verdict:10}{ratio:26}{judged}{values:37}{figure}"
