"""A bounded reader for the protobuf wire format, in pure Python.

A student file is walked with this before any other parser sees it. Every length is checked against
the message that holds it, the number of fields is capped, and no bytes are copied, so the work
grows with the number of fields and never with the size of the weights.

Wire format: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sdk.errors import ModelError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BYTES = 10


class Field(NamedTuple):
    """One field of a message: `value` of a varint, or the span [start, stop) of any other kind."""

    number: int
    kind: int
    value: int
    start: int
    stop: int


class WireReader:
    """Reads messages out of one buffer, within one budget of fields for the whole buffer.

    Args:
        data: the complete file.
        max_fields: how many fields may be read in all before the file is refused.
    """

    def __init__(self, data: bytes, *, max_fields: int) -> None:
        self._data = data
        self._max_fields = max_fields
        self._fields_left = max_fields

    @property
    def size(self) -> int:
        """Length of the buffer in bytes."""
        return len(self._data)

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield the fields of the message in the span [start, stop), in file order.

        Raises:
            ModelError: `model-truncated` when a field ends beyond the buffer, `model-malformed`
                when it breaks the wire format or ends beyond its message, `model-too-complex`
                when the budget of fields is spent.
        """
        position = start
        while position < stop:
            self._spend(position)
            tag, position = self._varint(position, stop)
            number, kind = tag >> 3, tag & 7
            if number == 0:
                raise _malformed(position, "field number 0")
            if kind == VARINT:
                value, position = self._varint(position, stop)
                yield Field(number, kind, value, position, position)
                continue
            if kind == BYTES:
                length, position = self._varint(position, stop)
            elif kind in _FIXED_SIZES:
                length = _FIXED_SIZES[kind]
            else:
                raise _malformed(position, f"wire type {kind}, allowed are 0, 1, 2 and 5")
            end = position + length
            if end > stop:
                raise self._overrun(position, end, stop)
            yield Field(number, kind, 0, position, end)
            position = end

    def text(self, field: Field) -> str:
        """Decode a string field (UTF-8).

        Raises:
            ModelError: `model-malformed` when it isn't UTF-8.
        """
        try:
            return self._data[field.start : field.stop].decode("utf-8")
        except UnicodeDecodeError as error:
            raise _malformed(field.start, "a string that isn't UTF-8") from error

    def _spend(self, position: int) -> None:
        self._fields_left -= 1
        if self._fields_left < 0:
            raise ModelError(
                "model-too-complex",
                f"model file: more than {self._max_fields} fields (reached at byte {position}); "
                "a student has a few thousand",
            )

    def _varint(self, position: int, stop: int) -> tuple[int, int]:
        value = 0
        for count in range(_MAX_VARINT_BYTES):
            at = position + count
            if at >= stop:
                raise self._overrun(position, at + 1, stop)
            byte = self._data[at]
            value |= (byte & 0x7F) << (7 * count)
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at + 1
        raise _malformed(position, f"a varint of more than {_MAX_VARINT_BYTES} bytes")

    def _overrun(self, position: int, end: int, stop: int) -> ModelError:
        if stop == len(self._data):
            return ModelError(
                "model-truncated",
                f"model file: the field at byte {position} ends at byte {end}, "
                f"the file at {stop}; copy the file again",
            )
        return _malformed(position, f"a field that ends at byte {end}, its message at {stop}")


def _malformed(position: int, what: str) -> ModelError:
    return ModelError(
        "model-malformed", f"model file: {what} at byte {position}; copy the file again"
    )
