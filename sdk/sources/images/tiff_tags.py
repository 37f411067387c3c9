"""The directories of a TIFF or BigTIFF file: bounded, and only the tags that are understood."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, NamedTuple

from ..base import MAX_FRAMES
from .common import check_count, exactly, malformed, size_of, truncated

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
FILL_ORDER, DESCRIPTION, STRIP_OFFSETS, ORIENTATION, SAMPLES = 266, 270, 273, 274, 277
ROWS_PER_STRIP, STRIP_BYTES, PLANAR, PREDICTOR, COLOR_MAP = 278, 279, 284, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
SUBFILE_TYPE, INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT = 254, 332, 338, 339
_USED = frozenset({
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, DESCRIPTION, STRIP_OFFSETS,
    ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, PLANAR, PREDICTOR, COLOR_MAP, TILE_WIDTH,
    TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, SUBFILE_TYPE, INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT,
})  # fmt: skip
_MAX_ENTRIES = 4096
_MAX_VALUES = 1 << 20
_AT_ONCE = 512  # bytes: most directories are shorter
# field types (TIFF 6.0 page 15) that hold whole numbers, and text; with BigTIFF's of 8 bytes
_TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}
# those that fit into a field, whether it is a TIFF or a BigTIFF file
_SHORT_TYPES = {kind: _TYPES[kind] for kind in (1, 3, 4, 13)}

Directory = dict[int, tuple[int, ...]]
"""Tag to values; a description is its bytes."""


class Form(NamedTuple):
    """How a TIFF or a BigTIFF file writes its numbers."""

    order: str  # of bytes, as `struct` writes it
    offset: str  # `struct` letter of an offset
    entries: str  # `struct` letter of the number of entries
    entry_bytes: int


class Place(NamedTuple):
    """A directory that was found and not yet read."""

    offset: int
    subfile_type: int


def find_directories(file: BinaryIO, name: str) -> tuple[Form, list[Place]]:
    """Follow the chain of directories of a TIFF file, reading no more of each than it must.

    Raises:
        SourceError: `source-malformed` (a loop among them), `source-truncated`,
            `source-too-large` or `source-no-pixels`.
    """
    order = "<" if exactly(file, 2, name) == b"II" else ">"
    version = struct.unpack(f"{order}H", exactly(file, 2, name))[0]
    if version == 42:
        form = Form(order, "I", "H", 12)
    else:
        sizes = struct.unpack(f"{order}HH", exactly(file, 4, name))
        if version != 43 or sizes != (8, 0):
            raise malformed(name, f"TIFF version {version}, offsets of {sizes[0]} bytes")
        form = Form(order, "Q", "Q", 20)
    places: list[Place] = []
    seen: set[int] = set()
    at = int(struct.unpack(f"{order}{form.offset}", exactly(file, _size(form.offset), name))[0])
    while at and len(places) <= MAX_FRAMES:
        if at in seen:
            raise malformed(name, "its TIFF directories run in a circle")
        seen.add(at)
        block, following = _block(file, form, at, name)
        places.append(Place(at, _subfile_type(block, form)))
        at = following
    check_count(name, len(places))
    return form, places


def read_directory(file: BinaryIO, form: Form, place: Place, name: str) -> Directory:
    """Read the tags of a directory that are used.

    Raises:
        SourceError: `source-malformed` or `source-truncated`.
    """
    block, _ = _block(file, form, place.offset, name)
    directory: Directory = {}
    for start in range(0, len(block), form.entry_bytes):
        entry = block[start : start + form.entry_bytes]
        (tag,) = struct.unpack_from(f"{form.order}H", entry)
        if tag not in _USED:
            continue
        if tag in directory:
            raise malformed(name, f"the TIFF tag {tag} appears twice in a directory")
        directory[tag] = _values(file, form, entry, tag, name)
    return directory


def _block(file: BinaryIO, form: Form, at: int, name: str) -> tuple[bytes, int]:
    """Return the entries of a directory, and where the next one is."""
    descriptor, head, tail = file.fileno(), _size(form.entries), _size(form.offset)
    data = os.pread(descriptor, _AT_ONCE, at) if at < size_of(file) else b""
    if len(data) < head:
        raise truncated(name, f"a TIFF directory at byte {at} lies beyond the file's end")
    count = int(struct.unpack_from(f"{form.order}{form.entries}", data)[0])
    if not 1 <= count <= _MAX_ENTRIES:
        raise malformed(name, f"a TIFF directory of {count} entries, allowed are {_MAX_ENTRIES}")
    end = head + count * form.entry_bytes
    if end + tail > len(data):
        data = os.pread(descriptor, end + tail, at)
    if end + tail > len(data):
        raise truncated(name, "ends inside a TIFF directory")
    following = int(struct.unpack_from(f"{form.order}{form.offset}", data, end)[0])
    return data[head:end], following


def _subfile_type(block: bytes, form: Form) -> int:
    """Return what a directory is of: 0 an image, with bit 0 a reduced copy, with bit 2 a mask."""
    for entry in range(0, len(block), form.entry_bytes):
        tag, kind = struct.unpack_from(f"{form.order}HH", block, entry)
        if tag == SUBFILE_TYPE:
            letter = _SHORT_TYPES.get(kind, "I")
            value = entry + form.entry_bytes - _size(form.offset)
            return int(struct.unpack_from(f"{form.order}{letter}", block, value)[0])
        if tag > SUBFILE_TYPE:  # tags ascend
            break
    return 0


def _size(letter: str) -> int:
    return struct.calcsize(f"<{letter}")


def _values(file: BinaryIO, form: Form, entry: bytes, tag: int, name: str) -> tuple[int, ...]:
    kind, count = struct.unpack_from(f"{form.order}H{form.offset}", entry, 2)
    letter = _TYPES.get(kind)
    if letter is None or count < 1 or (tag != DESCRIPTION and letter == "s"):
        raise malformed(name, f"the TIFF tag {tag} has {count} values of type {kind}")
    if tag == DESCRIPTION:
        count = min(count, 256)  # its beginning tells who wrote it
    if count > _MAX_VALUES:
        raise malformed(name, f"the TIFF tag {tag} has {count} values, allowed are {_MAX_VALUES}")
    letter = "B" if letter == "s" else letter
    size, room = _size(letter) * count, _size(form.offset)
    data = entry[-room:]
    if size > room:
        _seek(file, struct.unpack(f"{form.order}{form.offset}", data)[0], name)
        data = exactly(file, size, name)
    return struct.unpack_from(f"{form.order}{count}{letter}", data)


def _seek(file: BinaryIO, at: int, name: str) -> None:
    if at >= size_of(file):
        raise truncated(name, f"a TIFF offset of {at} lies beyond the file's end")
    file.seek(at)
