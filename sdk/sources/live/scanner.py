"""Frames that a scanner's own library hands to a callback, as Clarius Cast does.

The library's thread only copies: whatever is wrong with an image is raised where frames are taken,
never into the library.
"""

from __future__ import annotations

from typing import Any

from ..._shown import shown
from ...errors import FrameError
from ...frame import Frame
from ..choices import Wanted
from .source import LiveSource, Receiver, Waiting

_FORMATS = {8: "GRAY8", 24: "RGB24", 32: "BGRA32"}
_MAX_NS = 1 << 63


class CallbackSource(LiveSource):
    """A live source whose frames somebody else puts in."""

    def __init__(self, asked: Wanted, wait: Waiting) -> None:
        """Wait for frames."""
        self._shared = Receiver("<callback>", "callback", asked, wait.queue)
        super().__init__(self._shared, None, wait.timeout_s)

    def put(
        self,
        image: Any,
        width: int,
        height: int,
        *,
        bits_per_pixel: int | None = None,
        microns_per_pixel: float | None = None,
        timestamp_ns: int | None = None,
        overlay: bool = False,
        format: str | None = None,
    ) -> None:
        """Hand over one image; its bytes are copied. Never raises; safe from any thread.

        Args:
            image: bytes, or any object that exposes them; rows without padding.
            width: pixels.
            height: pixels.
            bits_per_pixel: 8 for grey, 24 for RGB, 32 for ARGB words (B, G, R, A in memory); worked
                out from the size of `image` when left out.
            microns_per_pixel: side of a pixel; None or 0 when unknown.
            timestamp_ns: of the scanner's clock; the time of arrival counts without it.
            overlay: whether this is a picture to lay over another, such as colour Doppler alone.
                Such are left out and counted as `ignored`.
            format: of the pixels, where `bits_per_pixel` doesn't tell it.
        """
        if overlay:
            self._shared.box.ignored += 1
            return

        def make() -> Frame:
            data = _copied(image)
            return Frame(
                data,
                width=width,
                height=height,
                format=format or _format_of(bits_per_pixel, len(data), width, height),
                color=self._shared.color if format else None,
                region=self._shared.region,
                pixel_size_mm=microns_per_pixel / 1000 if microns_per_pixel else None,
            )

        known = type(timestamp_ns) is int and 0 < timestamp_ns < _MAX_NS
        self._shared.frame(make, timestamp_ns if known else None)

    def new_processed_image(
        self,
        image: Any,
        width: int,
        height: int,
        size: int,
        microns_per_pixel: float,
        timestamp_ns: int,
        angle: float = 0.0,
        imu: Any = None,
    ) -> None:
        """Take what `pyclariuscast` hands to its callback for processed images, in its order."""
        self.put(
            image,
            width,
            height,
            microns_per_pixel=microns_per_pixel,
            timestamp_ns=timestamp_ns,
        )

    def end(self) -> None:
        """Say that nothing more comes: the iterator ends when the held frames are taken."""
        self._shared.box.end()


def _copied(image: Any) -> bytes:
    try:
        return bytes(memoryview(image).cast("B"))
    except (TypeError, ValueError) as error:
        raise FrameError(
            "data-type", f"image is a {type(image).__name__}, it must expose its bytes"
        ) from error


def _format_of(bits: int | None, size: int, width: int, height: int) -> str:
    if bits is None and type(width) is int and type(height) is int and width > 0 and height > 0:
        bits = 8 * size // (width * height)
    if bits not in _FORMATS:
        raise FrameError(
            "format-missing",
            f"bits_per_pixel is {shown(bits)}, allowed are 8 (grey), 24 (RGB) and 32 (ARGB); name "
            "other pixels with format=",
        )
    return _FORMATS[bits]
