"""Options that a user writes by hand, read by what is allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import prod

from benchmarks.errors import BenchError
from benchmarks.frames import SCREEN
from benchmarks.record.jobs import FrameShape
from benchmarks.record.types import Identity

_LONGEST = 64
_LEAST_SIDE, _MOST_SIDE = 64, 8192  # the gate takes a much smaller one for no image
_MOST_PIXELS = 2**25  # a little more than 7680x4320, of which a ring has 0.5 GB
_MOST_ELEMENTS = 2**28  # a gigabyte of float32


def read_shapes(texts: Sequence[str]) -> dict[str, list[int]]:
    """Return shapes by input from ``NAME=1,3,224,224``.

    Raises:
        BenchError: `option-invalid`.
    """
    shapes = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        parts = sizes.split(",")
        if not name or not all(part.isascii() and part.isdigit() for part in parts):
            raise _invalid(f"--shape {text[:100]!r}: needs NAME=SIZE,SIZE,... of whole numbers")
        shapes[name] = [int(part[:12]) for part in parts]
        if not 0 < prod(shapes[name]) <= _MOST_ELEMENTS:
            raise _invalid(f"--shape {text[:100]!r}: allowed are 1 to {_MOST_ELEMENTS} elements")
    return shapes


def read_size(text: str) -> FrameShape:
    """Return the screens of a run from ``640x480``.

    Raises:
        BenchError: `option-invalid`.
    """
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    width, height = map(int, match.groups()) if match else (0, 0)
    inside = all(_LEAST_SIDE <= side <= _MOST_SIDE for side in (width, height))
    if not inside or width * height > _MOST_PIXELS:
        raise _invalid(
            f"--size {text[:40]!r}: needs WIDTHxHEIGHT, as 640x480; allowed are {_LEAST_SIDE} to "
            f"{_MOST_SIDE} pixels a side and {_MOST_PIXELS:,} in all"
        )
    return replace(SCREEN, width=width, height=height)


def read_identity(serial: str | None, operator: str | None) -> Identity:
    """Return what a person says of device and operator, as it stands in the record.

    Raises:
        BenchError: `option-invalid` for text that could not be printed on one line.
    """
    for option, text in (("--device-serial", serial), ("--operator", operator)):
        if text is not None and not (0 < len(text) <= _LONGEST and text.isprintable()):
            allowed = f"allowed are 1 to {_LONGEST} printable characters"
            raise _invalid(f"{option} {text[:_LONGEST]!r}: {allowed}")
    return Identity(serial, operator)


def check_identity(own: Identity | None, given: Identity) -> None:
    """Refuse to print another serial or operator than those that were measured.

    Raises:
        BenchError: `option-invalid`.
    """
    known = own or Identity()
    for option, measured, text in (
        ("--device-serial", known.device_serial, given.device_serial),
        ("--operator", known.operator, given.operator),
    ):
        if text and measured and text != measured:
            raise _invalid(f"{option} {text!r}: the record was measured with {measured!r}")


def _invalid(text: str) -> BenchError:
    return BenchError("option-invalid", text)
