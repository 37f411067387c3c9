"""What the samples of a TIFF page show, by its photometric interpretation (TIFF 6.0, tag 262)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .common import Picture, grey, malformed, over_black, to_8_bits

_WHITE_IS_ZERO, _PALETTE, _CMYK = 0, 3, 5


def show(
    colours: npt.NDArray[Any],
    alpha: npt.NDArray[Any] | None,
    photometric: int,
    bits: int,
    color_map: tuple[int, ...],
    name: str,
    *,
    associated: bool,
) -> Picture:
    """Return grey or RGB; alpha is laid over black.

    Args:
        colours: (height, width, colours), in [0, 2**bits).
        alpha: (height, width), or None.
        photometric: 0, 1, 2, 3 or 5.
        bits: of a sample; the stored range is black to white.
        color_map: of a palette: 2**bits reds, greens and blues.
        name: for messages.
        associated: whether the colours are multiplied by alpha already, and so lie over black.
    """
    top = (1 << bits) - 1
    if photometric == _PALETTE:
        shown = _looked_up(colours[..., 0], color_map, bits, name)
    elif photometric == _CMYK:
        ink = to_8_bits(colours, top)
        light = (255 - ink[..., :3]) * (255 - ink[..., 3:]).astype(np.uint16) + np.uint16(127)
        shown = (light // np.uint16(255)).astype(np.uint8)
    elif colours.shape[2] == 3:
        shown = to_8_bits(colours, top)
    else:
        values = colours[..., 0]
        values = top - values if photometric == _WHITE_IS_ZERO else values
        if alpha is None or associated:
            return grey(np.ascontiguousarray(values), top)
        shown = to_8_bits(values, top)
    if alpha is not None and not associated:
        shown = over_black(shown, to_8_bits(alpha, top))
    return Picture(shown)


def _looked_up(
    indices: npt.NDArray[Any], color_map: tuple[int, ...], bits: int, name: str
) -> npt.NDArray[np.uint8]:
    if len(color_map) != 3 << bits:
        raise malformed(
            name, f"(320) ColorMap has {len(color_map)} entries, {bits} bits make {3 << bits}"
        )
    table = np.array(color_map, np.int64).reshape(3, -1).T
    if table.max() > 65_535:
        raise malformed(name, f"(320) ColorMap holds {table.max()}, allowed are 0 to 65535")
    # entries have 16 bits; a table without one above 255 was written with 8, as libtiff sees it
    table = table if table.max() < 256 else table >> 8
    looked_up: npt.NDArray[np.uint8] = table.astype(np.uint8)[indices]
    return looked_up
