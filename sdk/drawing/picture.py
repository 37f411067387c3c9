"""A frame with a panel beside it: what was said, how surely, why not, and where it was looked.

Nothing is drawn over the frame. The panel holds a small copy, with the attention and the region.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameError
from ..frame import Frame
from .pixels import rgb_of
from .shapes import outline
from .small import OUTLINE, heated

PANEL_WIDTH = 280
"""Width of the panel, in pixels."""
_MIN_HEIGHT = 420
_MARGIN, _LINE = 12, 20
_BACKGROUND, _TEXT, _FAINT = (24, 24, 27), (244, 244, 245), (161, 161, 170)
_BAR, _TRACK = (125, 196, 255), (63, 63, 70)
_DECISIONS = {"accept": (134, 239, 172), "abstain": (253, 224, 71), "reject": (252, 165, 165)}
_LONGEST_TEXT = 40


def draw(result: Any, frame: Frame, *, caption: str = "") -> NDArray[np.uint8]:
    """Draw a result beside its frame.

    Args:
        result: of `classify`, or of a stream.
        frame: that was classified; its pixels are needed once more.
        caption: one line under the panel's text, such as a file's name and a time.

    Returns:
        RGB, uint8 (height, width, 3): the frame at the left, untouched, and a panel of
        `PANEL_WIDTH` pixels at its right. At least 420 high, black under a smaller frame.

    Raises:
        FrameError: `frame-size` when the frame isn't of the size that was classified, and
            `drawing-unavailable` without Pillow.
    """
    image, drawing, font = _pillow()
    pixels = rgb_of(frame)
    height, width = pixels.shape[:2]
    canvas = np.zeros((max(height, _MIN_HEIGHT), width + PANEL_WIDTH, 3), np.uint8)
    canvas[:height, :width] = pixels
    canvas[:, width:] = _BACKGROUND
    picture = image.fromarray(canvas)
    pen = drawing.Draw(picture)
    y = _headline(pen, font, result, width + _MARGIN)
    y = _bars(pen, font, result.probabilities or {}, (width + _MARGIN, y))
    pen.text((width + _MARGIN, y), _short(caption), _FAINT, font.load_default(12))
    y += _LINE + _MARGIN
    _small_copy(picture, result, frame, pixels, (width + _MARGIN, y))
    return np.asarray(picture).copy()


def _pillow() -> tuple[Any, Any, Any]:
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise FrameError(
            "drawing-unavailable", "drawing needs Pillow: pip install 'sonogaze[images]'"
        ) from error
    return Image, ImageDraw, ImageFont


def _headline(pen: Any, font: Any, result: Any, x: int) -> int:
    decision = str(result.decision)
    pen.text((x, _MARGIN), result.label or decision, _DECISIONS[decision], font.load_default(26))
    y = _MARGIN + 36
    if result.label is not None:
        lines = [f"{result.confidence:.1%} sure"]
    else:
        lines = [_short(reason) for reason in result.reasons]
    lines.append(f"{result.timing.total_us / 1000:.2f} ms, region {_origin(result)}")
    for line in lines[:6]:
        pen.text((x, y), line, _TEXT, font.load_default(14))
        y += _LINE
    return y + _MARGIN // 2


def _of_frame(result: Any) -> Any:
    """Return what was said of the frame by itself, of a stream's answer too."""
    return getattr(result, "frame_result", result)


def _origin(result: Any) -> str:
    return str(_of_frame(result).region_origin)


def _bars(pen: Any, font: Any, probabilities: Any, place: tuple[int, int]) -> int:
    x, y = place
    length = PANEL_WIDTH - 2 * _MARGIN
    for label, share in sorted(probabilities.items(), key=lambda item: -item[1])[:6]:
        pen.text((x, y), f"{_short(label)}  {share:.1%}", _TEXT, font.load_default(13))
        pen.rectangle((x, y + 17, x + length, y + 22), _TRACK)
        if round(length * share):
            pen.rectangle((x, y + 17, x + round(length * share), y + 22), _BAR)
        y += 28
    return y


def _small_copy(
    picture: Any, result: Any, frame: Frame, pixels: NDArray[np.uint8], place: tuple[int, int]
) -> None:
    """Paste a small copy with attention and region into the panel, where there is room."""
    room = (PANEL_WIDTH - 2 * _MARGIN, picture.height - place[1] - _MARGIN)
    scale = min(room[0] / frame.width, room[1] / frame.height)
    size = (round(frame.width * scale), round(frame.height * scale))
    if min(size) < 8:
        return
    image, drawing, _ = _pillow()
    small = np.asarray(image.fromarray(pixels).resize(size, image.Resampling.BOX))
    own = _of_frame(result)
    attention = own.attention_on(frame)
    if attention is not None and attention.max() > 0:
        small = heated(image, small, attention / attention.max())
    copy = image.fromarray(small)
    if own.region is not None:
        points = [(x * scale, y * scale) for x, y in outline(own.region)]
        drawing.Draw(copy).line([*points, points[0]], OUTLINE, 1)
    picture.paste(copy, place)


def _short(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= _LONGEST_TEXT else f"...{shown[3 - _LONGEST_TEXT :]}"
