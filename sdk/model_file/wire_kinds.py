"""The kinds of fields that a student's messages have, each in its one canonical encoding."""

from __future__ import annotations

import struct
from collections.abc import Callable

from .._shown import shown
from .wire import FIXED32, LENGTH, VARINT, Kind, WireReader, malformed

MAX_NAME_BYTES = 256
MAX_TEXT_BYTES = 256 * 1024


def _int64(_: WireReader, __: int, value: int) -> int:
    return value - ((value >> 63) << 64)


def _int32(reader: WireReader, at: int, value: int) -> int:
    value = _int64(reader, at, value)
    if not -(2**31) <= value < 2**31:
        raise malformed(f"{value} for an int32", at)
    return value


def _float(reader: WireReader, at: int, _: int) -> float:
    value: float = struct.unpack_from("<f", reader.data, at)[0]
    return value


def _text(reader: WireReader, at: int, end: int) -> str:
    if end - at > MAX_TEXT_BYTES:
        raise malformed(f"a text of {end - at} bytes, allowed are {MAX_TEXT_BYTES}", at)
    try:
        return reader.data[at:end].decode()
    except UnicodeDecodeError as error:
        raise malformed("a text that isn't UTF-8", at) from error


def _name(reader: WireReader, at: int, end: int) -> str:
    name = _text(reader, at, end)
    if not name.isprintable() or end - at > MAX_NAME_BYTES:
        raise malformed(
            f"the name {shown(name)}, allowed are {MAX_NAME_BYTES} bytes of printable text", at
        )
    return name


def _span(_: WireReader, at: int, end: int) -> tuple[int, int]:
    return at, end


def _packed_floats(_: WireReader, at: int, end: int) -> int:
    if end == at or (end - at) % 4:
        raise malformed(f"{end - at} bytes of packed floats", at)
    return (end - at) // 4


def _packed(narrow: Callable[[WireReader, int, int], int]) -> Kind:
    def read(reader: WireReader, at: int, end: int) -> list[int]:
        if at == end:
            raise malformed("an empty packed field", at)
        reader.spend(end - at, at)
        data, varint = reader.data, reader.varint
        values = []
        while at < end:
            begin = at
            value, at = varint(at, end) if data[at] >= 0x80 else (data[at], at + 1)
            values.append(value if value < 2**31 else narrow(reader, begin, value))
        return values

    return Kind(LENGTH, read)


INT32 = Kind(VARINT, _int32)
INT64 = Kind(VARINT, _int64)
FLOAT = Kind(FIXED32, _float)
NAME = Kind(LENGTH, _name)
TEXT = Kind(LENGTH, _text)
SPAN = Kind(LENGTH, _span)
PACKED_FLOATS = Kind(LENGTH, _packed_floats)
PACKED_INT32 = _packed(_int32)
PACKED_INT64 = _packed(_int64)
