"""The figures that answer first whether a build became slower, and the answer in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmarks.compare import Change, Comparison
from benchmarks.errors import BenchError
from benchmarks.scenarios import scenario_name

_KEYS = {
    "single_stream|threads=1|end_to_end|p50",
    "paced-30fps|threads=1|end_to_end|p50",
    "preprocess|sdk|geomean",
}
_FAR = 9.0  # a change beyond tenfold is told as that: its digits mean nothing
_MOST_OPEN = 2


def headline(comparison: Comparison) -> list[Change]:
    """Return p50 of the whole call, back to back and paced; of the pixel kernel, its mean."""
    return [change for change in comparison.changes if change.id.partition("|")[2] in _KEYS]


def in_words(change: Change) -> str:
    """Return a headline figure's name for a reader."""
    subject, scenario, *_, percentile = change.id.split("|")
    if scenario == "preprocess":
        return f"{subject}, frame to tensor, geometric mean"
    return f"{subject}, whole call, {scenario_name(scenario)}, {percentile}"


def percent(share: float) -> str:
    """Return a share in percent, to a tenth and rounded up: a bound that is told must hold."""
    if share >= _FAR:
        return f"{100 * _FAR:.0f} % and more"
    return f"{math.ceil(1000 * share - 1e-9) / 10:g} %"


def answer(comparison: Comparison) -> str:
    """Return one sentence: what became worse, else what may have."""
    count = len(comparison.worse)
    if count:
        return f"{count} figure{'s' if count > 1 else ''} became worse."
    leading = headline(comparison)
    still_open = sorted((c for c in leading if _reach(c) > 0), key=_reach, reverse=True)
    if still_open:
        return f"No figure became worse; {_not_excluded(still_open, _several(leading))}."
    if not leading:
        return "No figure became worse."
    what = "frame to tensor" if "|preprocess|" in leading[0].id else "the call as a whole"
    alike = all(change.verdict == "same" for change in leading)
    return f"No figure became worse, and {what} is {'the same' if alike else 'not slower'}."


def exceeding(comparison: Comparison, limit_percent: float) -> Iterator[str]:
    """Yield each headline figure whose 95 % interval allows a slowdown beyond a limit.

    Raises:
        BenchError: `option-invalid` for a limit that is none.
    """
    if not 0 < limit_percent <= 100 * _FAR:  # NaN is refused too
        raise BenchError(
            "option-invalid",
            f"--no-slower-than {limit_percent:g}: allowed are percent above 0, to {100 * _FAR:.0f}",
        )
    leading = headline(comparison)
    if not leading:
        yield "the records have no headline figure in common"
    for change in leading:
        if change.unseen is None:
            yield f"{in_words(change)}: has no interval, so no slowdown is excluded"
        elif change.unseen > limit_percent / 100:
            yield (
                f"{in_words(change)}: a slowdown of up to {percent(change.unseen)} is not excluded"
            )


def shown_not_slower(comparison: Comparison, limit_percent: float) -> str:
    """Return the sentence for a comparison that has nothing of `exceeding`."""
    count = len(headline(comparison))
    which = "the headline figure" if count == 1 else f"each of the {count} headline figures"
    return f"No slower than {limit_percent:g} %, with 95 % confidence: {which}."


def _reach(change: Change) -> float:
    """Return the largest slowdown that is not excluded, 0 where the figure is settled."""
    if change.verdict in ("same", "better"):
        return 0.0
    return math.inf if change.unseen is None else change.unseen


def _several(leading: list[Change]) -> bool:
    return len({change.id.partition("|")[0] for change in leading}) > 1


def _not_excluded(still_open: list[Change], several: bool) -> str:
    said = ("a slowdown", "one")
    parts = [
        f"{_place(change, several)} {noun} of up to {percent(_reach(change))}"
        for noun, change in zip(said, still_open[:_MOST_OPEN], strict=False)
    ]
    return f"{', '.join(parts)} can't be ruled out"


def _place(change: Change, several: bool) -> str:
    subject, scenario, *_ = change.id.split("|")
    where = (
        "frame to tensor"
        if scenario == "preprocess"
        else scenario_name(scenario).replace("paced, ", "paced at ")
    )
    return f"{subject}, {where}," if several else where
