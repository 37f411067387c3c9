"""JPEG images that follow one another in a stream of bytes, cut apart by their own markers."""

from __future__ import annotations

from ...codestreams.jpeg import ALONE, BEHIND_DATA, EOI, SOI, SOS
from ...errors import SourceError

MAX_JPEG_BYTES = 32 << 20
"""Largest image in a stream of them."""
_START = b"\xff\xd8\xff"
_FILL = 0xFF
_WITHOUT_LENGTH = ALONE | {SOI, _FILL}


class Cutter:
    """Takes bytes as they come and gives whole images."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        self._in_scan = False
        self.skipped_bytes = 0

    def feed(self, piece: bytes | bytearray) -> list[bytes]:
        """Add bytes; return the images that are whole now.

        Raises:
            SourceError: `source-too-large` when an image doesn't end within `MAX_JPEG_BYTES`.
        """
        self._data += piece
        images = []
        while (image := self._next()) is not None:
            images.append(image)
        if len(self._data) > MAX_JPEG_BYTES:
            raise SourceError(
                "source-too-large",
                f"a stream of JPEG images: one doesn't end within {MAX_JPEG_BYTES} bytes",
            )
        return images

    def _next(self) -> bytes | None:
        if self._at == 0 and not self._seek():
            return None
        while True:
            if self._in_scan:
                found = BEHIND_DATA.search(self._data, self._at)
                if found is None:
                    # the last byte may be the first of a marker
                    self._at = max(self._at, len(self._data) - 1)
                    return None
                self._at, self._in_scan = found.start(), False
            if self._at + 2 > len(self._data):
                return None
            if self._data[self._at] != 0xFF:
                self._drop(self._at)  # no JPEG after all: look for the next one
                return self._next() if self._data else None
            marker = self._data[self._at + 1]
            if marker == EOI:
                return self._cut(self._at + 2)
            if not self._pass_segment(marker):
                return None

    def _seek(self) -> bool:
        start = self._data.find(_START)
        if start < 0:
            # the last bytes may begin a marker that the next piece ends
            self._drop(max(0, len(self._data) - len(_START) + 1))
            return False
        self._drop(start)
        self._at = 2
        return True

    def _pass_segment(self, marker: int) -> bool:
        if marker in _WITHOUT_LENGTH:
            self._at += 1 if marker == _FILL else 2
            return True
        if self._at + 4 > len(self._data):
            return False
        length = int.from_bytes(self._data[self._at + 2 : self._at + 4], "big")
        if self._at + 2 + length > len(self._data):
            return False
        self._at += 2 + max(2, length)
        self._in_scan = marker == SOS
        return True

    def _cut(self, end: int) -> bytes:
        image = bytes(self._data[:end])
        del self._data[:end]
        self._at, self._in_scan = 0, False
        return image

    def _drop(self, count: int) -> None:
        self.skipped_bytes += count
        del self._data[:count]
        self._at, self._in_scan = 0, False
