"""Limits on what a person says of a session: beyond them it is a slip, or would fill memory."""

from __future__ import annotations

from math import isfinite

from export.gaze.errors import GazeError, shown

LARGEST_DISPLAY_PX = 100_000
LARGEST_MM = 100_000.0
LARGEST_PLACE_PX = 1e6
LARGEST_MAP_CELLS = 512
LARGEST_TIME_US = 2**53  # as far as readers take times: clocks that count from 1970 lie within
LARGEST_WINDOW_US = 3_600_000_000


def check_number(slug: str, name: str, value: object, low: float, high: float) -> None:
    """Refuse what is no finite number from ``low`` to ``high``, both allowed.

    Raises:
        GazeError: Naming the field, the value and what is allowed.
    """
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    # compared before isfinite: a whole number may be too large for a float
    if not (usable and low <= value <= high and isfinite(value)):  # type: ignore[operator,arg-type]
        raise GazeError(
            slug,
            f"{name} is {shown(value)}; it must be finite and from {low:g} to {high:g}",
        )
