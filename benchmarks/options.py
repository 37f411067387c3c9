"""Options that a user writes by hand, read by what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from benchmarks.errors import BenchError
from benchmarks.record.types import Identity

_LONGEST = 64
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
