"""Lookup tables: their descriptor and data (PS3.3 C.7.6.3.1.5, C.7.9.2, C.11.1.1, C.11.2.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .values import Element, Header

_MAX_ENTRIES = 65_536
_DISCRETE, _LINEAR = 0, 1


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a table's descriptor says: number of entries, the value of the first one, its bits."""

    entries: int
    first: int
    bits: int


def read_descriptor(header: Header, keyword: str, signed: bool) -> Descriptor:
    """Read a descriptor.

    Args:
        header: that holds it.
        keyword: of the element.
        signed: whether the values that are looked up can be negative.
    """
    values = header.integers(keyword, signed=signed)
    if len(values) != 3:
        raise header.malformed(keyword, f"has {len(values)} values, it must have 3")
    # the VR holds for the first value mapped only: the other two are never negative
    # 0 entries stand for 65,536, which 16 bits can't hold
    entries, bits = values[0] & 0xFFFF or _MAX_ENTRIES, values[2] & 0xFFFF
    first = values[1]
    if signed and first > 0x7FFF:
        first -= 0x10000
    return Descriptor(entries, first, bits)


def read_entries(header: Header, keyword: str, count: int, bits: int) -> npt.NDArray[np.int64]:
    """Read `count` entries, of 8 or 16 bits as their length says.

    Raises:
        SourceError: `source-malformed` when the length is neither, or an entry needs more bits.
    """
    element = header.element(keyword)
    size = 0 if element is None else len(element.data)
    # descriptors and data disagree in real files: the length is what can't lie
    if element is not None and size == 2 * count:
        table = _words(element)
    elif element is not None and size == count + count % 2 and element.vr != "US":
        table = _bytes(element)[:count]
    else:
        raise header.malformed(keyword, f"has {size} bytes for {count} entries of {bits} bits")
    if table.max() >= 1 << bits:
        raise header.malformed(keyword, f"has an entry of {table.max()}, allowed are {bits} bits")
    return table


def has_bytes(header: Header, keyword: str, count: int) -> bool:
    """Whether a table's entries take one byte each."""
    element = header.element(keyword)
    return element is not None and len(element.data) < 2 * count


def read_segments(header: Header, keyword: str, count: int, bits: int) -> npt.NDArray[np.int64]:
    """Expand a segmented table (PS3.3 C.7.9.2), discrete and linear segments, in bounds.

    Raises:
        SourceError: `source-unsupported` for an indirect segment, `source-malformed` when the
            segments don't make `count` entries.
    """
    element = header.element(keyword)
    if element is None:
        raise header.malformed(keyword, "is missing")
    data = (_words(element) if bits == 16 else _bytes(element)).tolist()
    made: list[Any] = []
    position = 0
    while position + 2 < len(data) and len(made) < count:
        kind, length = data[position : position + 2]
        position += 2
        if kind == _DISCRETE:
            made += data[position : position + length]
            position += length
        elif kind == _LINEAR and made:  # from the entry before it, so it can't come first
            start, end = made[-1], data[position]
            made += [start + (end - start) * step / length for step in range(1, length + 1)]
            position += 1
        else:
            slug = "source-malformed" if kind == _LINEAR else "source-unsupported"
            raise header.error(
                slug, f"{header.describe(keyword)} has a segment of kind {kind} at {position - 2}"
            )
    if len(made) != count or position > len(data):
        raise header.malformed(keyword, f"makes {len(made)} entries, the descriptor says {count}")
    return np.rint(made).astype(np.int64)


def _words(element: Element) -> npt.NDArray[np.int64]:
    return np.frombuffer(element.data, ">u2" if element.big_endian else "<u2").astype(np.int64)


def _bytes(element: Element) -> npt.NDArray[np.int64]:
    data = element.data
    # bytes in words of a big-endian file lie swapped in pairs
    if element.big_endian and element.vr != "OB" and len(data) % 2 == 0:
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
    return np.frombuffer(data, np.uint8).astype(np.int64)
