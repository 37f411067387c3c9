"""Read protobuf messages by a table of allowed fields, in their one canonical encoding.

Protobuf has many encodings of one message: long varints, fields in any order, fields that repeat
and merge, unknown fields. Two parsers that disagree on one of them disagree on the file. So only
the bytes that protobuf's own writers produce are read: whatever is accepted here gives the same
bytes again when protobuf parses and serialises it.

Work and memory grow with the number of fields, which is limited, and never with their length.

Wire format: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import ModelError

VARINT, LENGTH, FIXED32 = 0, 2, 5
_MAX_VARINT_BYTES = 10
_SHORT_BYTES = 32


class WireReader:
    """Reads messages out of one buffer, within one budget of fields for the whole buffer.

    Args:
        data: the complete file.
        max_fields: how many fields, and bytes of packed integers, may be read.
    """

    __slots__ = ("data", "fields_left", "short")

    def __init__(self, data: bytes, max_fields: int) -> None:
        self.data = data
        self.fields_left = max_fields
        # short messages, such as attributes, come many times: each is read once
        self.short: dict[tuple[str, bytes], dict[str, Any]] = {}

    def message(self, start: int, stop: int, schema: Message) -> dict[str, Any]:
        """Read the message in the span [start, stop).

        Returns:
            Name to value, a list for a repeated field; absent fields are absent.

        Raises:
            ModelError: `model-truncated` when a field ends beyond the buffer, `model-malformed`
                when its encoding isn't canonical or it is unknown, `model-forbidden-content` or
                `model-external-data` for fields of ONNX that a student can't have,
                `model-too-complex` when the budget of fields is spent.
        """
        data, by_tag = self.data, schema.by_tag
        values: dict[str, Any] = {}
        at, previous = start, 0
        while at < stop:
            self.fields_left -= 1
            if self.fields_left < 0:
                self.spend(1, at)
            begin = at
            tag, at = self.varint(at, stop) if data[at] >= 0x80 else (data[at], at + 1)
            if tag not in by_tag:
                raise _refused(schema, tag, begin)
            name, wire, read, repeated = by_tag[tag]
            if tag <= previous and not (repeated and tag == previous):
                raise malformed(f"{schema.name}.{name} is repeated or out of order", begin)
            previous = tag
            end = at + 4
            if wire != FIXED32:
                fast = at < stop and data[at] < 0x80
                value, at = (data[at], at + 1) if fast else self.varint(at, stop)
                end = at + value if wire == LENGTH else at
            if end > stop:
                raise self._overrun(begin, end, stop)
            value = read(self, at, end) if wire != VARINT else read(self, begin, value)
            at = end
            if not repeated:
                values[name] = value
            elif name in values:
                values[name].append(value)
            else:
                values[name] = [value]
        return values

    def spend(self, fields: int, at: int) -> None:
        """Take fields out of the budget."""
        self.fields_left -= fields
        if self.fields_left < 0:
            raise ModelError(
                "model-too-complex",
                f"model file: too many fields (reached at byte {at}); a student has a few thousand",
            )

    def varint(self, at: int, stop: int) -> tuple[int, int]:
        """Read an unsigned 64-bit integer of as few bytes as it needs; return it and its end."""
        data, value = self.data, 0
        if at + 1 < stop and data[at] >= 0x80 > data[at + 1] > 0:  # the most common length
            return data[at] & 0x7F | data[at + 1] << 7, at + 2
        for count in range(_MAX_VARINT_BYTES):
            here = at + count
            if here >= stop:
                raise self._overrun(at, here + 1, stop)
            byte = data[here]
            value |= (byte & 0x7F) << (7 * count)
            if byte < 0x80:
                if (byte == 0 and count) or value >= 2**64:
                    break
                return value, here + 1
        raise malformed("a varint that is too long", at)

    def _overrun(self, at: int, end: int, stop: int) -> ModelError:
        if stop == len(self.data):
            return ModelError(
                "model-truncated",
                f"model file: the field at byte {at} ends at byte {end}, "
                f"the file at {stop}; copy the file again",
            )
        return malformed(f"a field that ends at byte {end}, its message at {stop}", at)


class Kind(NamedTuple):
    """How a field is encoded: its wire type, and what reads its span, or a varint's value."""

    wire: int
    read: Callable[[WireReader, int, int], Any]


class Field(NamedTuple):
    """An allowed field; one with `repeated` gives a list."""

    name: str
    kind: Kind
    repeated: bool = False


class Message:
    """The allowed fields of a message by number, and the names of others, for their refusal.

    Args:
        name: as in the .proto file.
        fields: number to field.
        refused: number to name.
    """

    def __init__(
        self, name: str, fields: Mapping[int, Field], refused: Mapping[int, str] | None = None
    ) -> None:
        self.name = name
        self.refused = dict(refused or {})
        # number and wire type are looked up at once: a tag of 2^32 or more is in no table
        self.by_tag = {
            number << 3 | kind.wire: (name, *kind, repeated)
            for number, (name, kind, repeated) in fields.items()
        }
        self.kind = Kind(LENGTH, self._read)

    def _read(self, reader: WireReader, at: int, end: int) -> dict[str, Any]:
        if end - at > _SHORT_BYTES:
            return reader.message(at, end, self)
        key = self.name, reader.data[at:end]
        known = reader.short.get(key)
        if known is None:
            known = reader.short[key] = reader.message(at, end, self)
        return known


def malformed(what: str, at: int) -> ModelError:
    """Build the error for bytes that no ONNX writer of this package wrote."""
    return ModelError(
        "model-malformed",
        f"model file: {what}, at byte {at}; copy the file again, or package the model again",
    )


def _refused(schema: Message, tag: int, at: int) -> ModelError:
    number = tag >> 3
    if number not in schema.refused:
        return malformed(f"{schema.name} has field {number} of wire type {tag & 7}", at)
    name = schema.refused[number]
    if name == "external_data":
        return ModelError(
            "model-external-data",
            f"model file: a tensor at byte {at} keeps its data in another file; "
            "save the model with its weights inside (external_data=False)",
        )
    return ModelError(
        "model-forbidden-content",
        f"model file: {schema.name}.{name} at byte {at}; a student is one plain graph of the "
        "operators in docs/model-file.md with dense weights: package the model again",
    )
