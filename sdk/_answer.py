"""What a frame's result and a stream's have in common: how they are shown, pickled and dumped."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Probabilities = Mapping[str, float] | None


def beginning(
    decision: str,
    label: str | None,
    confidence: float,
    probabilities: Probabilities,
    reasons: tuple[str, ...],
) -> list[str]:
    """Return the parts that the text of any result begins with."""
    parts = [f"decision={str(decision)!r}", f"label={label!r}", f"confidence={confidence:.3f}"]
    if probabilities is not None:
        rounded = {name: round(value, 3) for name, value in probabilities.items()}
        parts.append(f"probabilities={rounded}")
    parts.append(f"reasons={reasons}")
    return parts


def plain(probabilities: Probabilities) -> dict[str, float] | None:
    """Return a copy that JSON and pickle take, which a read-only mapping is not."""
    return None if probabilities is None else dict(probabilities)


def read_only(probabilities: Probabilities) -> Probabilities:
    """Return what `plain` made of probabilities as it was."""
    return None if probabilities is None else MappingProxyType(dict(probabilities))
