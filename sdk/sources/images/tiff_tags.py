"""The directories of a TIFF or BigTIFF file: bounded, and only the tags that are understood."""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

from sdk.sources.base import MAX_FRAMES
from sdk.sources.images.common import check_count, exactly, malformed, size_of, truncated

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
# field types (TIFF 6.0 page 15) that hold whole numbers, and text; with BigTIFF's of 8 bytes
_TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}

Directory = dict[int, tuple[int, ...]]
"""Tag to values; a description is its bytes."""


class _Form(NamedTuple):
    order: str  # of bytes, as `struct` writes it
    offset: str  # `struct` letter of an offset
    entries: str  # `struct` letter of the number of entries
    entry_bytes: int


def read_directories(file: BinaryIO, name: str) -> tuple[str, list[Directory]]:
    """Read the chain of directories of a TIFF file.

    Returns:
        The byte order, `<` or `>`, and the directories in their order.

    Raises:
        SourceError: `source-malformed` (a loop among them), `source-truncated`,
            `source-too-large` or `source-no-pixels`.
    """
    order = "<" if exactly(file, 2, name) == b"II" else ">"
    version = struct.unpack(f"{order}H", exactly(file, 2, name))[0]
    if version == 42:
        form = _Form(order, "I", "H", 12)
    else:
        sizes = struct.unpack(f"{order}HH", exactly(file, 4, name))
        if version != 43 or sizes != (8, 0):
            raise malformed(name, f"TIFF version {version}, offsets of {sizes[0]} bytes")
        form = _Form(order, "Q", "Q", 20)
    directories: list[Directory] = []
    seen: set[int] = set()
    at = _number(file, form, form.offset, name)
    while at and len(directories) <= MAX_FRAMES:
        if at in seen:
            raise malformed(name, "its TIFF directories run in a circle")
        seen.add(at)
        directory, at = _directory(file, form, at, name)
        directories.append(directory)
    check_count(name, len(directories))
    return order, directories


def _directory(file: BinaryIO, form: _Form, at: int, name: str) -> tuple[Directory, int]:
    _seek(file, at, name)
    count = _number(file, form, form.entries, name)
    if not 1 <= count <= _MAX_ENTRIES:
        raise malformed(name, f"a TIFF directory of {count} entries, allowed are {_MAX_ENTRIES}")
    block = exactly(file, count * form.entry_bytes, name)
    following = _number(file, form, form.offset, name)
    directory: Directory = {}
    for start in range(0, len(block), form.entry_bytes):
        entry = block[start : start + form.entry_bytes]
        (tag,) = struct.unpack_from(f"{form.order}H", entry)
        if tag not in _USED:
            continue
        if tag in directory:
            raise malformed(name, f"the TIFF tag {tag} stands twice in a directory")
        directory[tag] = _values(file, form, entry, tag, name)
    return directory, following


def _values(file: BinaryIO, form: _Form, entry: bytes, tag: int, name: str) -> tuple[int, ...]:
    kind, count = struct.unpack_from(f"{form.order}H{form.offset}", entry, 2)
    letter = _TYPES.get(kind)
    if letter is None or count < 1 or (tag != DESCRIPTION and letter == "s"):
        raise malformed(name, f"the TIFF tag {tag} has {count} values of type {kind}")
    if tag == DESCRIPTION:
        count = min(count, 256)  # its beginning tells who wrote it
    if count > _MAX_VALUES:
        raise malformed(name, f"the TIFF tag {tag} has {count} values, allowed are {_MAX_VALUES}")
    letter = "B" if letter == "s" else letter
    size = struct.calcsize(f"<{letter}") * count
    room = struct.calcsize(f"<{form.offset}")
    data = entry[-room:]
    if size > room:
        _seek(file, struct.unpack(f"{form.order}{form.offset}", data)[0], name)
        data = exactly(file, size, name)
    return struct.unpack_from(f"{form.order}{count}{letter}", data)


def _number(file: BinaryIO, form: _Form, letter: str, name: str) -> int:
    size = struct.calcsize(f"<{letter}")
    return int(struct.unpack(f"{form.order}{letter}", exactly(file, size, name))[0])


def _seek(file: BinaryIO, at: int, name: str) -> None:
    if at >= size_of(file):
        raise truncated(name, f"a TIFF offset of {at} lies beyond the file's end")
    file.seek(at)
