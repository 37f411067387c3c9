"""Cells as numbers. Each parser raises ``ValueError`` with what is wrong, to follow the cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d*\.?(\d*)[eE]([+-]?\d+)", re.ASCII)
LARGEST = 2**53
FARTHEST_PX = 1e6  # no display is as wide; a position beyond it is damage
NAN = float("nan")


class CodeError(ValueError):
    """A code that the format does not define."""


def number(cell: str) -> float:
    """Parse a finite number with a decimal point."""
    if not _NUMBER.fullmatch(cell):
        if cell.strip("+-").lower() in ("inf", "infinity", "nan"):
            raise ValueError("is not finite")
        raise ValueError("is not a number")
    value = float(cell)
    if not isfinite(value):
        raise ValueError("is not finite")
    return value


def whole(cell: str) -> float:
    """Parse a whole number that a float64 holds exactly."""
    value = number(cell)
    if value != int(value) or abs(value) > LARGEST:
        raise ValueError("is not a whole number below 2**53")
    _check_digits(cell)
    return value


def _check_digits(cell: str) -> None:
    """Refuse a number whose exponent hides its last whole digits, as a spreadsheet rounds it."""
    parts = _EXPONENT.fullmatch(cell)
    if parts and int(parts[2]) > len(parts[1]):
        raise ValueError("is rounded: write it with all its digits, without an exponent")


def position(cell: str) -> float:
    """Parse a place on the display: at most a million pixels off; NaN for an empty cell."""
    value = number(cell) if cell else NAN
    if abs(value) > FARTHEST_PX:
        raise ValueError(f"is beyond {FARTHEST_PX:,.0f} pixels")
    return value


def number_or_blank(cell: str) -> float:
    """Parse a finite number, NaN for an empty cell."""
    return number(cell) if cell else NAN


def point(cell: str) -> str:
    """Return a cell with its one decimal comma turned into a point."""
    return cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell


def code(cell: str, worst: int) -> float:
    """Read a Tobii validity code, 0 (certain) to 4 (not found): 1.0 where it is ``<= worst``."""
    if cell not in ("0", "1", "2", "3", "4"):
        raise CodeError("allowed are 0 (certain) to 4 (eye not found)")
    return float(int(cell) <= worst)


def flag(cell: str) -> float:
    """Read 1 or 0."""
    if cell not in ("0", "1"):
        raise CodeError("allowed are 0 and 1")
    return float(cell == "1")


class TimeParser:
    """Reads times in milliseconds or microseconds, as microseconds; NaN for an empty cell.

    A comma can be a decimal comma or part a thousand; which, a column tells by the cells in it:
    one whose commas all stand before three digits may be either, and is refused by ``ambiguous``.
    """

    def __init__(self, unit_us: float) -> None:
        self._unit_us = unit_us
        self._grouped, self._decimal = "", False

    def __call__(self, cell: str) -> float:
        """Return microseconds."""
        if not cell:
            return NAN
        if "," in cell:
            if _THOUSANDS.fullmatch(cell):
                self._grouped = self._grouped or cell
            else:
                self._decimal = True
            cell = point(cell)
        value = number(cell) * self._unit_us
        _check_digits(cell)
        if abs(value) > LARGEST:
            raise ValueError("is beyond 2**53 us")
        return value

    @property
    def ambiguous(self) -> str:
        """A cell that may be read in two ways, or nothing."""
        return "" if self._decimal else self._grouped


class PositionParser:
    """Reads positions in pixels or millimetres, as pixels; a decimal comma is a point."""

    def __init__(self, px_per_unit: float = 1.0) -> None:
        self._scale = px_per_unit
        self._grouped, self._decimal, self._plain = "", False, False

    def __call__(self, cell: str) -> float:
        """Return pixels; NaN for an empty cell."""
        value = position(point(cell))
        if "," not in cell:
            self._plain = self._plain or value > 1  # 0 and -1 may stand for a loss of track
        elif _THOUSANDS.fullmatch(cell):
            self._grouped = self._grouped or cell
        else:
            self._decimal = True
        return value * self._scale

    @staticmethod
    def ambiguous(parsers: Iterable[PositionParser]) -> str:
        """Return a cell that may be read in two ways, or nothing.

        Commas are decimal where one stands before other than three digits, or where every position
        has one; commas before three digits beside positions without any may part thousands.
        """
        group = list(parsers)
        if any(one._decimal for one in group) or not any(one._plain for one in group):
            return ""
        return next((one._grouped for one in group if one._grouped), "")
