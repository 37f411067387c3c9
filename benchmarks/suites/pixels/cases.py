"""What is timed: formats, sizes, and frames that rotate through far more memory than any cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdk import Frame, Region
from sdk._formats import FACTS

POOL_BYTES = 512 << 20
ALIGNMENT = 64
# Those that the baselines read too.
RAW_FORMATS = (
    *("GRAY8", "GRAY16", "RGB24", "BGR24", "RGBA32", "BGRA32", "ARGB32"),
    *("YUYV", "UYVY", "NV12", "NV21", "I420", "YV12"),
)
BYTES_PER_PIXEL = {name: FACTS[name]["bytes_per_pixel"] for name in RAW_FORMATS}
YUV = tuple(name for name in RAW_FORMATS if FACTS[name]["yuv"])
FORMATS = (*RAW_FORMATS, "MJPEG")
WINDOW = (0, 4095)


@dataclass(frozen=True)
class Case:
    """One format at one size. The region is ``(x, y, width, height)`` in pixels."""

    format: str
    width: int
    height: int
    region: tuple[int, int, int, int]

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame without padding."""
        return int(self.width * self.height * BYTES_PER_PIXEL[self.format])

    def frame(self, data: object) -> Frame:
        """Return the SDK's frame over data."""
        return Frame(
            data,
            width=self.width,
            height=self.height,
            format=self.format,
            color="bt709-limited" if self.format in YUV else None,
            region=Region.rectangle(*self.region),
            window=WINDOW if self.format == "GRAY16" else None,
        )


# Each region is the share of the frame that 1400 x 900 is of 1920 x 1080.
SIZES = {
    (640, 480): (86, 40, 468, 400),
    (1920, 1080): (260, 90, 1400, 900),
    (3840, 2160): (520, 180, 2800, 1800),
}


def all_cases(
    formats: Sequence[str] = FORMATS, sizes: Sequence[tuple[int, int]] = tuple(SIZES)
) -> Iterator[Case]:
    """Every format at every size."""
    for width, height in sizes:
        for name in formats:
            yield Case(name, width, height, SIZES[width, height])


def pool(seed: int = 0, size: int = POOL_BYTES) -> NDArray[np.uint8]:
    """Random bytes, every page of them touched."""
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def buffers(case: Case, memory: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return frame buffers side by side over the whole pool."""
    step = -(-case.frame_bytes // ALIGNMENT) * ALIGNMENT
    count = memory.size // step
    return [memory[i * step : i * step + case.frame_bytes] for i in range(count)]


def jpegs(case: Case, count: int = 24) -> list[bytes]:
    """Encode speckle as grabbers do: quality 90, 4:2:0."""
    import simplejpeg

    rng = np.random.default_rng(0)
    y, x = np.mgrid[0 : case.height, 0 : case.width]
    smooth = 90 + 60 * np.sin(x / 37) * np.cos(y / 23)
    images = []
    for _ in range(count):
        noise = np.repeat(np.repeat(rng.gamma(8, 1 / 8, smooth.shape)[::3, ::3], 3, 0), 3, 1)
        grey = np.clip(smooth * noise[: case.height, : case.width], 0, 255).astype(np.uint8)
        images.append(simplejpeg.encode_jpeg(np.dstack([grey] * 3), 90, "RGB", "420"))
    return images
