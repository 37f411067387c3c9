"""Options that a user writes by hand, read by what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from benchmarks.errors import BenchError

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


def read_identity(serial: str | None, operator: str | None) -> dict[str, str | None]:
    """Return what a person says of device and operator, as it stands in the record.

    Raises:
        BenchError: `option-invalid` for text that could not be printed on one line.
    """
    found = {"device_serial": serial, "operator": operator}
    for name, text in found.items():
        if text is not None and not (0 < len(text) <= _LONGEST and text.isprintable()):
            option = "--" + name.replace("_", "-")
            raise _invalid(f"{option} {text[:_LONGEST]!r}: allowed are 1 to {_LONGEST} printable")
    return found


def check_identity(record: Mapping[str, Any], identity: Mapping[str, str | None]) -> None:
    """Refuse to print another serial or operator than those that were measured.

    Raises:
        BenchError: `option-invalid`.
    """
    for name, text in identity.items():
        own = record.get("identity", {}).get(name)
        if text and own and text != own:
            option = "--" + name.replace("_", "-")
            raise _invalid(f"{option} {text!r}: the record was measured with {own!r}")


def _invalid(text: str) -> BenchError:
    return BenchError("option-invalid", text)
