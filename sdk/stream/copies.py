"""Copies of frames in memory that is used again: the caller's buffer is its own right after."""

from __future__ import annotations

from threading import Lock

from ..frame import Frame


class CopyPool:
    """Buffers for copies of frames; any thread may copy and give back.

    Buffers of one size are kept, at most `most` of them; another size replaces them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._bytes = 0
        self._free: list[bytearray] = []

    def copy(self, frame: Frame) -> tuple[Frame, bytearray | None]:
        """Return a frame of the same pixels without padding, and the buffer to give back.

        Raises:
            FrameError: `buffer-truncated` where the buffer shrank since it was described.
        """
        key = frame._key
        if key.format == "MJPEG":
            # compressed frames differ in size
            data = bytes(frame._data)
            size = key.pixel_size
            return Frame(data, format="MJPEG", region=key.region, pixel_size_mm=size), None
        buffer = self._take(frame._layout.packed_bytes)
        frame._layout.pack_into(frame._data, buffer)
        copied = Frame(
            buffer,
            width=key.width,
            height=key.height,
            format=key.format,
            color=key.color,
            region=key.region,
            pixel_size_mm=key.pixel_size,
            window=key.window if key.format == "GRAY16" else None,
        )
        return copied, buffer

    def give(self, buffer: bytearray | None) -> None:
        """Take a buffer back that no frame uses any more."""
        if buffer is None:
            return
        with self._lock:
            if len(buffer) == self._bytes and len(self._free) < self._most:
                self._free.append(buffer)

    def _take(self, size: int) -> bytearray:
        with self._lock:
            if size != self._bytes:
                self._bytes = size
                self._free.clear()
            if self._free:
                return self._free.pop()
        return bytearray(size)
