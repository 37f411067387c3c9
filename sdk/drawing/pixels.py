"""A frame's pixels as RGB, to be shown. Classification never sees these."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._frame_checks import COLORS
from .._layouts import planes_of
from .._mjpeg import rgb as mjpeg_rgb
from ..frame import Frame

# Kr and Kb of BT.601, BT.709 and BT.2020, by the kernels' numbers for them (ITU-T H.273 table 4)
_WEIGHTS = {1: (0.299, 0.114), 2: (0.2126, 0.0722), 3: (0.2627, 0.0593)}
_RED_GREEN_BLUE = {
    "RGB24": (0, 1, 2), "BGR24": (2, 1, 0), "RGBA32": (0, 1, 2), "BGRA32": (2, 1, 0),
    "ARGB32": (1, 2, 3), "ABGR32": (3, 2, 1),
}  # fmt: skip
_Y_U_Y_V = {"YUYV": (0, 1, 2, 3), "YVYU": (0, 3, 2, 1), "UYVY": (1, 0, 3, 2), "VYUY": (1, 2, 3, 0)}
_V_FIRST = ("NV21", "NV61", "YV12", "YV16")
_HIGH_BITS = ("P010", "P210")


def rgb_of(frame: Frame) -> NDArray[np.uint8]:
    """Return a frame's pixels as RGB, uint8 (height, width, 3), a copy.

    Raises:
        FrameError: `jpeg-invalid` for MJPEG that is damaged, `buffer-truncated` when the buffer has
            shrunk since the frame was described.
    """
    if frame.format == "MJPEG":
        return mjpeg_rgb(frame._data)
    packed = np.frombuffer(frame._layout.packed(frame._data), np.uint8)
    name, height, width = str(frame.format), frame.height, frame.width
    if name == "GRAY16":
        low, high = frame._key.window
        values = packed.view("<u2").astype(np.float32)
        packed = np.clip((values - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
    if name in ("GRAY8", "GRAY16"):
        return np.repeat(packed.reshape(height, width, 1), 3, axis=2)
    if name in _RED_GREEN_BLUE:
        return packed.reshape(height, width, -1)[:, :, list(_RED_GREEN_BLUE[name])]
    luma, first, second = _y_u_v(packed, name, width, height)
    if name in _V_FIRST:
        first, second = second, first
    assert frame._key.color is not None
    return _converted(luma, first, second, *COLORS[frame._key.color])


def _y_u_v(packed: NDArray[Any], name: str, width: int, height: int) -> tuple[NDArray[Any], ...]:
    """Return three planes of full size, 0 to 255."""
    places = planes_of(name, width, height)
    if name in _Y_U_Y_V:
        pairs = packed.reshape(height, -1, 4)
        one, u, two, v = (pairs[:, :, at] for at in _Y_U_Y_V[name])
        luma = np.stack((one, two), axis=2).reshape(height, -1)
        return tuple(_to_size(plane, width, height) for plane in (luma, u, v))
    samples, at = [], 0
    for place in places:
        size = place.rows * place.row_bytes
        samples.append(packed[at : at + size].reshape(place.rows, place.cells, place.cell_bytes))
        at += size
    if name in ("P010", "P210", "I010"):
        shift = 8 if name in _HIGH_BITS else 2
        samples = [(sample.view("<u2") >> shift).astype(np.uint8) for sample in samples]
    if len(samples) == 2:
        samples = [samples[0], samples[1][:, :, :1], samples[1][:, :, 1:]]
    return tuple(_to_size(sample[:, :, 0], width, height) for sample in samples)


def _to_size(plane: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    rows, columns = -(-height // plane.shape[0]), -(-width // plane.shape[1])
    return plane.repeat(rows, axis=0).repeat(columns, axis=1)[:height, :width]


def _converted(
    y: NDArray[Any], u: NDArray[Any], v: NDArray[Any], matrix: int, limited: bool
) -> NDArray[np.uint8]:
    red, blue = _WEIGHTS[matrix]
    luma = (y.astype(np.float32) - 16) * (255 / 219) if limited else y.astype(np.float32)
    scale = 255 / 224 if limited else 1.0
    difference_blue, difference_red = ((p.astype(np.float32) - 128) * scale for p in (u, v))
    r = luma + 2 * (1 - red) * difference_red
    b = luma + 2 * (1 - blue) * difference_blue
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.stack((r, g, b), axis=2) + 0.5, 0, 255).astype(np.uint8)
