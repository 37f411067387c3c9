"""Recognises DICOM files, with their preamble or without, and how bare data sets are encoded."""

from __future__ import annotations

import struct

PREAMBLE_BYTES = 128
SNIFF_BYTES = 132
_MAGIC = b"DICM"
_SHORT = frozenset(
    {
        *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO"),
        *("LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"),
    }
)
_LONG = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
# groups that begin data sets: file meta, and identification; others begin no image
_FIRST_GROUPS = (0x0002, 0x0008)
_MAX_FIRST_BYTES = 4096


def has_preamble(beginning: bytes) -> bool:
    """Whether the first 132 bytes are a DICOM preamble (PS3.10 clause 7.1)."""
    return beginning[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == _MAGIC


def is_dicom(header: bytes) -> bool:
    """Whether a file is DICOM by its first bytes: a preamble, or an unmistakable bare data set.

    Args:
        header: the first `SNIFF_BYTES` bytes or more; fewer if the file is shorter.
    """
    return has_preamble(header) or encoding_of(header) is not None


def encoding_of(data: bytes) -> str | None:
    """Tell how a data set is encoded that begins here and says it nowhere.

    The elements that lie in `data` must have ascending tags that begin in group 0002 or 0008, known
    value representations (or none, in implicit encoding), and lengths that make sense.

    Returns:
        `explicit`, `explicit-big`, `implicit`, or None when it is none of them beyond doubt.
    """
    for encoding in ("explicit", "explicit-big", "implicit"):
        if _fits(data, encoding):
            return encoding
    return None


def _fits(data: bytes, encoding: str) -> bool:
    position, last, count = 0, -1, 0
    while position + 8 <= len(data):
        element = _element(data, position, encoding)
        if element is None:
            return False
        tag, size = element
        if tag <= last or (count == 0 and tag >> 16 not in _FIRST_GROUPS):
            return False
        last, count, position = tag, count + 1, position + size
    # one element might be chance in implicit encoding, where nothing but its length is checked
    return count >= (2 if encoding == "implicit" else 1)


def _element(data: bytes, position: int, encoding: str) -> tuple[int, int] | None:
    """Return tag and size of the element at `position`, or None when there cannot be one."""
    order = ">" if encoding == "explicit-big" else "<"
    group, element = struct.unpack_from(f"{order}HH", data, position)
    head, length = 8, 0
    if encoding == "implicit":
        (length,) = struct.unpack_from("<I", data, position + 4)
    else:
        vr = data[position + 4 : position + 6].decode("latin-1")
        if vr in _SHORT:
            (length,) = struct.unpack_from(f"{order}H", data, position + 6)
        elif vr in _LONG:
            head = 12
            rest = data[position + 8 : position + 12].ljust(4, b"\0")
            (length,) = struct.unpack(f"{order}I", rest)
        else:
            return None
    plausible = length == 0xFFFFFFFF or (length % 2 == 0 and length <= _MAX_FIRST_BYTES)
    if not plausible:
        return None
    # nothing is known of what follows an element of undefined length
    return group << 16 | element, (len(data) if length == 0xFFFFFFFF else head + length)
