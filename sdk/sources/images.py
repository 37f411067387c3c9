"""Still and animated images, read with Pillow.

What the file says is kept, nothing is guessed: 16-bit grey is shown over its whole range, alpha is
laid over black, EXIF orientation is applied, CMYK and palettes become RGB.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from sdk.errors import SourceError
from sdk.frame import Frame, Region
from sdk.sources.base import (
    MAX_GREY_16,
    FrameInfo,
    check_pixels,
    frame_of_array,
    missing_dependency,
)

if TYPE_CHECKING:
    from PIL import Image

_T = TypeVar("_T")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"P2", "PPM"),
    (b"P3", "PPM"),
    (b"P5", "PPM"),
    (b"P6", "PPM"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
)
_MAX_FRAMES = 100_000
_GREY_16 = frozenset({"I;16", "I;16B", "I;16L", "I"})
_TO_RGB = frozenset({"RGB", "P", "CMYK", "YCbCr", "LAB", "HSV", "RGBX"})
_WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def image_kind(header: bytes) -> str | None:
    """Name the image format that the first bytes of a file announce, or None."""
    if header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        return "WEBP"
    for signature, kind in _SIGNATURES:
        if header.startswith(signature):
            return kind
    return None


def read_images(
    file: BinaryIO, path: str, kind: str, region: Region | None
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Yield the frames of an image file, one decoded at a time; closes the file.

    Args:
        file: at its start.
        path: for messages and `FrameInfo`.
        kind: from `image_kind`.
        region: for every frame, or None for the whole image.

    Raises:
        SourceError: `dependency-missing`, `source-too-large`, `source-truncated`,
            `source-malformed` or `source-unsupported`.
    """
    with file:
        image = _open_image(file, path, kind)
        count = _guard(path, lambda: int(getattr(image, "n_frames", 1)))
        if count > _MAX_FRAMES:
            raise SourceError(
                "source-too-large", f"{path!r}: {count} frames, allowed are {_MAX_FRAMES}"
            )
        for index in range(count):
            array = _guard(path, partial(_decode, image, index, path))
            origin = "whole" if region is None else "given"
            frame = frame_of_array(array, region=region)
            yield frame, FrameInfo(path, index, count, "image", None, origin)


def _open_image(file: BinaryIO, path: str, kind: str) -> Image.Image:
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise missing_dependency("Pillow", "images") from error
    image: Image.Image = _guard(path, partial(Image.open, file, formats=(kind,)))
    return image


def _decode(image: Image.Image, index: int, path: str) -> npt.NDArray[Any]:
    """Decode one frame to uint8 or uint16 grey (height, width), or uint8 RGB (height, width, 3)."""
    from PIL import Image, ImageOps

    image.seek(index)
    check_pixels(path, image.width, image.height)
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode in _GREY_16:
        return _grey_of_16_bits(np.asarray(upright), path)
    if upright.mode in _WITH_ALPHA or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        return np.asarray(Image.alpha_composite(black, rgba).convert("RGB"))
    if upright.mode in ("1", "L"):
        return np.asarray(upright.convert("L"))
    if upright.mode in _TO_RGB:
        return np.asarray(upright.convert("RGB"))
    raise SourceError(
        "source-unsupported",
        f"{path!r}: pixels of mode {upright.mode!r}, allowed are grey of 1, 8 or 16 bits and "
        "colour of 8 bits; convert the file",
    )


def _grey_of_16_bits(values: npt.NDArray[Any], path: str) -> npt.NDArray[np.uint16]:
    if values.min() < 0 or values.max() > MAX_GREY_16:
        raise SourceError(
            "source-unsupported",
            f"{path!r}: grey levels {values.min()} to {values.max()}, allowed are 0 to 65535",
        )
    return values.astype(np.uint16)


def _guard(path: str, step: Callable[[], _T]) -> _T:
    """Run a decoding step; whatever Pillow raises becomes a `SourceError`."""
    from PIL import Image

    try:
        return step()
    except SourceError:
        raise
    except Image.DecompressionBombError as error:
        raise SourceError("source-too-large", f"{path!r}: {error}") from error
    except EOFError as error:
        raise SourceError("source-truncated", f"{path!r}: ends early; copy it again") from error
    except Exception as error:
        text = str(error)
        ended = isinstance(error, struct.error) or "truncated" in text or "Truncated" in text
        slug = "source-truncated" if ended else "source-malformed"
        raise SourceError(slug, f"{path!r}: cannot be decoded: {text}; copy it again") from error
