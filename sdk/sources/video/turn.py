"""Which turn makes a picture upright, from the display matrix of ISO 14496-12 (clause 8.3.2)."""

from __future__ import annotations

import ctypes

from .planes import Turn

_ONE = 1 << 16
_NINE = ctypes.c_int32 * 9
# (a, b, c, d) of the matrix: x' = a x + c y, y' = b x + d y
_TURNS: dict[tuple[int, int, int, int], Turn] = {
    (1, 0, 0, 1): (False, False, False),
    (-1, 0, 0, -1): (False, True, True),
    (-1, 0, 0, 1): (False, False, True),
    (1, 0, 0, -1): (False, True, False),
    (0, 1, -1, 0): (True, False, True),
    (0, -1, 1, 0): (True, True, False),
    (0, 1, 1, 0): (True, False, False),
    (0, -1, -1, 0): (True, True, True),
}


def turn_of(matrix: int) -> Turn | None:
    """Return the turn that a display matrix asks for; None when it is no quarter turn.

    Args:
        matrix: address of its nine numbers, or 0 when there is none.
    """
    if not matrix:
        return (False, False, False)
    numbers = list(_NINE.from_address(matrix))
    corner = [numbers[i] / _ONE for i in (0, 1, 3, 4)]
    if any(value not in (-1, 0, 1) for value in corner):
        return None
    a, b, c, d = (int(value) for value in corner)
    return _TURNS.get((a, b, c, d))
