"""Values of a DICOM data set, read strictly from their bytes.

pydicom walks the elements; what they hold is decoded here, so that one kind of error says which
element is wrong, and text in whatever character set is never touched. pydicom's own conversions
repair in silence.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, replace
from typing import Any

from ..._shown import shown
from ...errors import SourceError

PYDICOM_RAISES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    NotImplementedError,
    struct.error,
    EOFError,
    RecursionError,
    MemoryError,
)
"""What pydicom raises on damaged files; anything else, such as a signal handler's, passes."""

_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
# bounded: a damaged element may hold a million digits
_INTEGER = re.compile(rb"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(rb"[+-]?([0-9]{1,64}(\.[0-9]{0,64})?|\.[0-9]{1,64})([eE][+-]?[0-9]{1,3})?")
_MAX_TEXT_BYTES = 1 << 24
_PADDING = b" \0"


@dataclass(frozen=True, slots=True)
class Element:
    """The bytes of one element, in the byte order of the file.

    Attributes:
        vr: as the file states it, or as the dictionary has it where the file doesn't.
        data: the value field.
        big_endian: whether binary values, and the words of OW, begin with their high byte.
    """

    vr: str
    data: bytes
    big_endian: bool


@dataclass(frozen=True, slots=True)
class Header:
    """A data set, or one item of a sequence in it.

    Attributes:
        name: of the file, for messages.
        dataset: what pydicom read; only listed elements are in it.
    """

    name: str
    dataset: Any

    def error(self, slug: str, text: str) -> SourceError:
        """Build an error that names the file."""
        return SourceError(slug, f"{shown(self.name)}: {text}")

    def describe(self, keyword: str) -> str:
        """Return the tag and the keyword of an element, as messages name it."""
        tag = _tag(keyword)
        return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {keyword}"

    def malformed(self, keyword: str, what: str) -> SourceError:
        """Build the error for one element's value."""
        return self.error("source-malformed", f"{self.describe(keyword)} {what}")

    def __contains__(self, keyword: str) -> bool:
        """Whether the element is there and isn't empty."""
        raw = self.dataset.get_item(_tag(keyword), keep_deferred=True)
        return raw is not None and bool(raw.value)

    def element(self, keyword: str) -> Element | None:
        """Return an element's bytes, or None when it is missing or empty.

        Raises:
            SourceError: `source-malformed` when it is a sequence.
        """
        raw = self.dataset.get_item(_tag(keyword), keep_deferred=True)
        if raw is None or not raw.value:
            return None
        if not isinstance(raw.value, bytes):
            raise self.malformed(keyword, "is a sequence, it must be a value")
        vr = raw.VR
        # implicit files state none, and whoever didn't know an element copied it as unknown
        if vr is None or vr == "UN":
            vr = _dictionary_vr(keyword)
        return Element(str(vr), raw.value, not raw.is_little_endian)

    def integers(self, keyword: str, *, signed: bool = False) -> tuple[int, ...]:
        """Return the whole numbers of an element (US, SS, UL, SL, IS), none when it is missing.

        Args:
            keyword: of the element.
            signed: what an element is that the dictionary has as US or SS.
        """
        element = self.element(keyword)
        if element is None:
            return ()
        # the dictionary leaves it to the pixels' own sign (PS3.6)
        if " or " in element.vr:
            element = replace(element, vr="SS" if signed else "US")
        if element.vr == "IS":
            return tuple(int(part) for part in self._parts(keyword, element, _INTEGER))
        if element.vr in _BINARY and element.vr not in ("FL", "FD"):
            return tuple(self._unpack(keyword, element))
        raise self.malformed(keyword, f"has the value representation {shown(element.vr)}")

    def integer(self, keyword: str) -> int | None:
        """Return an element's one whole number, or None when it is missing.

        Raises:
            SourceError: `source-malformed` when it holds several, or anything else.
        """
        values = self.integers(keyword)
        if len(values) > 1:
            raise self.malformed(keyword, f"has {len(values)} values, it must have one")
        return values[0] if values else None

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return the finite numbers of an element (DS, FL, FD or whole), none when missing."""
        element = self.element(keyword)
        if element is None:
            return ()
        if element.vr in ("DS", "IS"):
            values = tuple(float(part) for part in self._parts(keyword, element, _DECIMAL))
        elif element.vr in _BINARY:
            values = tuple(float(value) for value in self._unpack(keyword, element))
        else:
            raise self.malformed(keyword, f"has the value representation {shown(element.vr)}")
        if not all(map(math.isfinite, values)):
            raise self.malformed(keyword, "is not finite")
        return values

    def number(self, keyword: str) -> float | None:
        """Return an element's one number, or None when it is missing."""
        values = self.numbers(keyword)
        if len(values) > 1:
            raise self.malformed(keyword, f"has {len(values)} values, it must have one")
        return values[0] if values else None

    def text(self, keyword: str) -> str | None:
        """Return an element's one string of ASCII, without padding, or None when it is missing."""
        element = self.element(keyword)
        if element is None:
            return None
        text = element.data.strip(_PADDING)
        # coded strings and UIDs alone are read, of ASCII and at most 64 bytes (PS3.5 table 6.2-1)
        if len(text) > 64 or not text.isascii():
            raise self.malformed(keyword, f"is {shown(text)}")
        return text.decode("ascii") or None

    def items(self, keyword: str) -> list[Header]:
        """Return the items of a sequence, none when it is missing or empty.

        Raises:
            SourceError: `source-malformed` when it is no sequence.
        """
        tag = _tag(keyword)
        if self.dataset.get_item(tag, keep_deferred=True) is None:
            return []
        try:
            value = self.dataset[tag].value
        except (*PYDICOM_RAISES, OSError) as error:
            if isinstance(error, TimeoutError | InterruptedError):
                raise
            raise self.malformed(keyword, f"cannot be read: {shown(str(error))}") from error
        if not value:
            return []
        if isinstance(value, bytes | str) or not hasattr(value, "__iter__"):
            raise self.malformed(keyword, "is no sequence")
        return [Header(self.name, item) for item in value]

    def _parts(self, keyword: str, element: Element, pattern: re.Pattern[bytes]) -> list[bytes]:
        if len(element.data) > _MAX_TEXT_BYTES:
            raise self.malformed(keyword, f"has {len(element.data)} bytes")
        text = element.data.strip(_PADDING)  # blanks by the standard, NUL by many writers
        parts = [part.strip(_PADDING) for part in text.split(b"\\")] if text else []
        for part in parts:
            if not pattern.fullmatch(part):
                raise self.malformed(keyword, f"is {shown(element.data)}, it must be a number")
        return parts

    def _unpack(self, keyword: str, element: Element) -> tuple[Any, ...]:
        code = _BINARY[element.vr]
        size = struct.calcsize("<" + code)
        count, rest = divmod(len(element.data), size)
        if rest:
            raise self.malformed(
                keyword, f"has {len(element.data)} bytes, not a multiple of {size}"
            )
        return struct.unpack(f"{'>' if element.big_endian else '<'}{count}{code}", element.data)


def _tag(keyword: str) -> int:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None
    return tag


def _dictionary_vr(keyword: str) -> str:
    from pydicom.datadict import dictionary_VR

    return str(dictionary_VR(_tag(keyword)))
