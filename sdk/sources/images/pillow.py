"""Pillow as a decoder of one image whose header was walked: its pixels, or a typed error."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._shown import shown
from ...errors import SourceError
from ..base import optional_import
from .common import malformed, truncated


def open_image(data: bytes, kind: str, name: str) -> Any:
    """Open an image of a known kind in memory.

    Raises:
        SourceError: see `decoded`; `dependency-missing` or `dependency-broken`.
    """
    library = optional_import("PIL.Image", "Pillow", "images")
    try:
        # of that kind alone: Pillow would look for a decoder that takes the bytes as something else
        return library.open(io.BytesIO(data), formats=(kind,))
    except Exception as error:
        raise _error(name, error) from error


def decoded(image: Any, name: str, modes: tuple[str, ...], size: tuple[int, int]) -> Any:
    """Decode the image that `open_image` opened, or its frame at hand.

    Args:
        image: of Pillow.
        name: for messages.
        modes: that Pillow may give to it, by what the walk found.
        size: (width, height) that the walk found.

    Returns:
        The samples, (height, width) or (height, width, channels), as Pillow's mode holds them.

    Raises:
        SourceError: `source-truncated` or `source-malformed`.
    """
    try:
        image.load()
    except Exception as error:
        raise _error(name, error) from error
    if image.mode not in modes or image.size != size:
        raise malformed(
            name,
            f"decoded to {image.size[0]} x {image.size[1]} of mode {image.mode}, its header says "
            f"{size[0]} x {size[1]} of mode {' or '.join(modes)}",
        )
    return np.asarray(image)


def samples(data: bytes, kind: str, name: str, mode: str, size: tuple[int, int]) -> Any:
    """Open and decode an image in memory; see `open_image` and `decoded`."""
    image = open_image(data, kind, name)
    pixels: npt.NDArray[Any] = decoded(image, name, (mode,), size)
    return pixels


def _error(name: str, error: Exception) -> SourceError:
    if isinstance(error, MemoryError | SourceError):
        raise error
    text = str(error)
    # Pillow has no kinds of error: a file that ends early shows by these, or by its words
    ended = isinstance(error, struct.error | EOFError | IndexError) or "truncated" in text.lower()
    if ended:
        return truncated(name, f"ends early: {shown(text)}")
    return malformed(name, f"cannot be decoded: {shown(text)}")
