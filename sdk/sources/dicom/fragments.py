"""Encapsulated pixels (PS3.5 annex A.4): which bytes belong to which frame."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise

from .header import DicomFile
from .image import Image
from .native import read_at

_ITEM, _DELIMITER = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
_MAX_FRAGMENTS = 400_000
# no codec grows its input by more, and headers, tables and padding need no more beside
_GROWTH, _BESIDE_BYTES = 2, 1 << 20
_START = {"jpeg": b"\xff\xd8", "jpeg-ls": b"\xff\xd8", "jpeg-2000": b"\xff\x4f"}
_END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class _Fragment:
    offset: int  # of its item tag, from the first item behind the offset table
    start: int  # of its bytes, in the file
    length: int


class Fragments:
    """The compressed frames of an encapsulated file.

    Frames are told apart by an offset table where there is one, else by the number of fragments,
    else by where codestreams begin. Their number must be the declared one.

    Raises:
        SourceError: `source-malformed` when tables, fragments and Number of Frames contradict each
            other, `source-truncated`, or `source-too-large`.
    """

    def __init__(self, dicom: DicomFile, image: Image) -> None:
        self._dicom = dicom
        self._header = dicom.header
        self._count = image.frames
        self._most = _GROWTH * image.frame_bytes + _BESIDE_BYTES
        if dicom.pixels.length is not None:
            raise self._header.error(
                "source-malformed",
                f"the transfer syntax is {dicom.syntax.title}, but Pixel Data has a length of "
                f"{dicom.pixels.length} instead of fragments",
            )
        table, fragments = self._walk()
        self._frames = self._group(table, fragments)

    def frame(self, index: int) -> bytes:
        """Return the compressed bytes of one frame."""
        parts = self._frames[index]
        size = sum(part.length for part in parts)
        if size > self._most:
            raise self._header.error(
                "source-too-large",
                f"frame {index} has {size} compressed bytes, allowed are {self._most} for its size",
            )
        return b"".join(self._read(part.start, part.length) for part in parts)

    def _walk(self) -> tuple[list[int], list[_Fragment]]:
        """Return the Basic Offset Table and the fragments behind it."""
        position = self._dicom.pixels.start
        start, length = self._item(position)
        if length is None:
            raise self._header.error("source-malformed", "Pixel Data has no fragments")
        if length % 4 or length > 4 * self._count:
            raise self._header.error(
                "source-malformed",
                f"the Basic Offset Table has {length} bytes, but Number of Frames is {self._count}",
            )
        table = list(struct.unpack(f"<{length // 4}I", self._read(start, length)))
        first = start + length
        fragments = self._list(first)
        return table, fragments

    def _list(self, first: int) -> list[_Fragment]:
        fragments: list[_Fragment] = []
        position = first
        while True:
            start, length = self._item(position)
            if length is None:
                return fragments
            if len(fragments) >= _MAX_FRAGMENTS:
                raise self._header.error(
                    "source-too-large", f"more than {_MAX_FRAGMENTS} fragments of pixels"
                )
            fragments.append(_Fragment(position - first, start, length))
            position = start + length

    def _item(self, position: int) -> tuple[int, int | None]:
        """Return where an item's bytes begin and their number, None for the delimiter."""
        group, element, length = struct.unpack("<HHI", self._read(position, 8))
        if (group, element) == _DELIMITER:
            return position + 8, None
        if (group, element) != _ITEM or length == 0xFFFFFFFF:
            raise self._header.error(
                "source-malformed",
                f"({group:04X},{element:04X}) where a fragment of pixels should begin",
            )
        size = self._dicom.size
        if size is not None and position + 8 + length > size:
            raise self._header.error("source-truncated", "ends inside its pixels; copy it again")
        return position + 8, length

    def _read(self, start: int, length: int) -> bytes:
        return read_at(self._dicom.file, start, length, self._header)

    def _group(self, table: list[int], fragments: list[_Fragment]) -> list[list[_Fragment]]:
        extended = self._extended()
        if extended is not None:
            if table:
                raise self._header.error(
                    "source-malformed", "a Basic and an Extended Offset Table, allowed is one"
                )
            return self._by_extended(*extended, fragments)
        if table:
            return self._by_offsets(table, fragments)
        return self._by_content(fragments)

    def _extended(self) -> tuple[list[int], list[int]] | None:
        names = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
        elements = [self._header.element(name) for name in names]
        if elements[0] is None:
            return None
        tables = []
        for name, element in zip(names, elements, strict=True):
            size = 0 if element is None else len(element.data)
            if element is None or size != 8 * self._count:
                raise self._header.malformed(
                    name, f"has {size} bytes, but Number of Frames is {self._count}"
                )
            tables.append(list(struct.unpack(f"<{self._count}Q", element.data)))
        return tables[0], tables[1]

    def _by_extended(
        self, offsets: list[int], lengths: list[int], fragments: list[_Fragment]
    ) -> list[list[_Fragment]]:
        frames = self._by_offsets(offsets, fragments, "Extended Offset Table")
        for parts, length in zip(frames, lengths, strict=True):
            # the length leaves out the byte that pads a fragment to an even length
            if len(parts) != 1 or parts[0].length - length not in (0, 1):
                raise self._header.malformed(
                    "ExtendedOffsetTableLengths", f"has {length}, but the fragments differ"
                )
        return frames

    def _by_offsets(
        self, offsets: list[int], fragments: list[_Fragment], name: str = "Basic Offset Table"
    ) -> list[list[_Fragment]]:
        place = {fragment.offset: index for index, fragment in enumerate(fragments)}
        starts = [place.get(offset, -1) for offset in offsets]
        ascending = all(a < b for a, b in pairwise(starts))
        if len(offsets) != self._count or starts[0] != 0 or not ascending:
            raise self._header.error(
                "source-malformed",
                f"the {name} has {len(offsets)} entries that don't name the first fragments of "
                f"{self._count} frame(s)",
            )
        return [fragments[a:b] for a, b in pairwise([*starts, len(fragments)])]

    def _by_content(self, fragments: list[_Fragment]) -> list[list[_Fragment]]:
        starts = self._starts(fragments)
        if len(starts) != self._count:
            raise self._header.error(
                "source-malformed",
                f"{len(fragments)} fragment(s) hold {len(starts)} compressed frame(s), but Number "
                f"of Frames is {self._count}",
            )
        return [fragments[a:b] for a, b in pairwise([*starts, len(fragments)])]

    def _starts(self, fragments: list[_Fragment]) -> list[int]:
        """Return the fragments that begin a frame, as their bytes tell."""
        marker = _START.get(self._dicom.syntax.pixels)
        if marker is None or len(fragments) == self._count:
            return list(range(len(fragments)))
        starts, ended = [], True
        for index, part in enumerate(fragments):
            begins = self._read(part.start, min(2, part.length)) == marker
            if index == 0 or (begins and ended):
                starts.append(index)
            tail = min(16, part.length)
            last = self._read(part.start + part.length - tail, tail)
            ended = last.rstrip(b"\0").endswith(_END)
        return starts
