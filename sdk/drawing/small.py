"""A frame and its attention as two small pictures, to be shown side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameError
from ..frame import Frame
from .pixels import rgb_of
from .shapes import outline

_HEAT = np.array([255, 96, 0], np.float32)
_MOST_HEAT = 0.65
OUTLINE = (255, 214, 10)

_Box = tuple[int, int, int, int]


class SmallPictures(NamedTuple):
    """Two pictures of one frame.

    Attributes:
        plain: RGB, uint8 (height, width, 3); nothing is drawn over it.
        attention: of the same size, with attention and region drawn in; None without attention.
    """

    plain: NDArray[np.uint8]
    attention: NDArray[np.uint8] | None


def small_pictures(
    result: Any, frame: Frame, most: tuple[int, int], *, cut: bool = False
) -> SmallPictures:
    """Shrink a frame to fit a box, and lay its attention over a copy; it is never enlarged.

    Args:
        result: of `classify`, for this frame.
        frame: that was classified.
        most: (width, height) in pixels.
        cut: leave out what lies outside the region, where screens show names.

    Raises:
        FrameError: `frame-size`, and `drawing-unavailable` without Pillow.
    """
    image = _pillow()
    x, y, width, height = _box_of(result, frame) if cut else (0, 0, frame.width, frame.height)
    pixels = rgb_of(frame)[y : y + height, x : x + width]
    scale = min(1.0, most[0] / width, most[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    plain = np.asarray(image.fromarray(pixels).resize(size, image.Resampling.BOX))
    attention = result.attention_on(frame)
    if attention is None or not attention.max() > 0:
        return SmallPictures(plain, None)
    # by its own peak: the map sums to 1 over the frame, so that levels alone would show its size
    part = attention[y : y + height, x : x + width] / attention.max()
    mixed = image.fromarray(heated(image, plain, part))
    if result.region is not None:
        _draw_outline(mixed, [((px - x) * scale, (py - y) * scale)
                              for px, py in outline(result.region)])  # fmt: skip
    return SmallPictures(plain, np.asarray(mixed))


def heated(
    image: Any, plain: NDArray[np.uint8], attention: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Lay an attention map with a maximum of 1, of any size, over a copy of a picture."""
    height, width = plain.shape[:2]
    map_ = image.fromarray(np.ascontiguousarray(attention))
    heat = np.asarray(map_.resize((width, height), image.Resampling.BILINEAR))
    weight = np.clip(heat, 0, 1)[:, :, None] * _MOST_HEAT
    mixed: NDArray[np.uint8] = (plain * (1 - weight) + _HEAT * weight + 0.5).astype(np.uint8)
    return mixed


def _draw_outline(picture: Any, points: list[tuple[float, float]]) -> None:
    from PIL import ImageDraw

    ImageDraw.Draw(picture).line([*points, points[0]], OUTLINE, 1)


def _box_of(result: Any, frame: Frame) -> _Box:
    if result.region is None:
        return 0, 0, frame.width, frame.height
    xs, ys = zip(*outline(result.region), strict=True)
    left, top = max(0, int(min(xs))), max(0, int(min(ys)))
    right, bottom = min(frame.width, round(max(xs))), min(frame.height, round(max(ys)))
    return left, top, max(1, right - left), max(1, bottom - top)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise FrameError(
            "drawing-unavailable", "drawing needs Pillow: pip install 'sonogaze[images]'"
        ) from error
    return Image
