"""Numbers as a person reads them."""

from __future__ import annotations

from benchmarks.record.types import Figure, Share

NOTHING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with ``digits`` significant figures; an exponent below 0.0001."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-4:
        return f"{value:.1e}"
    decimals = digits - 1
    while size >= 10 and decimals > 0:
        size, decimals = size / 10, decimals - 1
    while size < 1 and decimals < 9:
        size, decimals = size * 10, decimals + 1
    return f"{value:,.{decimals}f}"


def with_interval(figure: Figure | None) -> str:
    """Return a figure as ``value (low to high)``."""
    if figure is None:
        return NOTHING
    value = number(figure.value) + ("*" if figure.enough_samples is False else "")
    if figure.low is None or figure.high is None:
        return value
    return f"{value} ({number(figure.low)} to {number(figure.high)})"


def late_frames(missed: Figure) -> str:
    """Return how many frames came late, of how many."""
    samples = missed.samples or 0
    return f"{round(missed.value * samples / 100)} of {samples}"


def part_name(part: str) -> str:
    """Return a part of the data in words: the test set, the external set, the folder."""
    return f"the {part} set" if part in ("test", "external") else f"the {part}"


def percent(share: Share | None) -> str:
    """Return a share with its interval in percent; one without width (of 1.0) is no interval."""
    if share is None or share.value is None:
        return NOTHING
    text = f"{100 * share.value:.1f} %"
    if share.low is None or share.high is None or share.low == share.high:
        return text
    return f"{text} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def in_unit(value: float, unit: str) -> str:
    """Return a budget's number with its unit; a share without one in percent, bytes in full."""
    if unit == "":
        return f"{100 * value:.1f} %"
    return f"{value:,.0f} bytes" if unit == "bytes" else f"{number(value)} {unit}"


def shortened(text: str, longest: int = 40) -> str:
    """Return text with its middle left out where it is longer than ``longest`` characters."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def times(a: float | None, b: float | None) -> str:
    """Return a / b as ``12.3 x``."""
    return NOTHING if not a or not b else f"{number(a / b)} x"


def byte_size(value: float | None) -> str:
    """Return bytes as kB or MB, powers of ten."""
    if value is None:
        return NOTHING
    return f"{number(value / 1e6)} MB" if value >= 1e6 else f"{number(value / 1e3)} kB"


def count(value: float | None) -> str:
    """Return a count as plain, thousands or millions."""
    if value is None:
        return NOTHING
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{number(value / size)}{unit}"
    return f"{value:,.0f}"
