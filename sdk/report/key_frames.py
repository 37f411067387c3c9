"""The frames that a report shows: the surest one of each of the longest spans."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..drawing.small import small_pictures
from ..frame import Frame
from ..sources.base import optional_import
from ..stream import StreamResult
from .timeline import Span

MOST_KEY_FRAMES = 12
MOST_PIXELS = (480, 400)
"""Width and height of a picture in a report, so that a page with all of them stays small."""
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame, drawn.

    Attributes:
        span: that it stands for.
        answer: to the frame.
        size: (width, height) of its pictures.
        plain: JPEG.
        attention: JPEG, or None where there is no attention.
    """

    span: Span
    answer: StreamResult
    size: tuple[int, int]
    plain: bytes
    attention: bytes | None


class KeyFrames:
    """Chooses while frames pass: holds one frame, and draws at the end of a span."""

    def __init__(self, most: int = MOST_KEY_FRAMES) -> None:
        self._most = most
        self._held: tuple[Span, StreamResult, Frame] | None = None
        self._kept: list[KeyFrame] = []

    def add(self, span: Span, answer: StreamResult, frame: Frame) -> None:
        """Take a frame; its pixels must not change until it is drawn or another is chosen."""
        if self._held is not None:
            if self._held[0] is span:
                # one frame is held at a time, however long the span: drawing waits for its end
                if answer.confidence > self._held[1].confidence:
                    self._held = (span, answer, frame)
                return
            self._draw_held()
        if self._most:
            self._held = (span, answer, frame)

    def finish(self) -> list[KeyFrame]:
        """Return what was chosen, in order of time."""
        self._draw_held()
        return sorted(self._kept, key=lambda key: key.answer.index)

    def _draw_held(self) -> None:
        if self._held is None:
            return
        span, answer, frame = self._held
        self._held = None
        if len(self._kept) == self._most:
            shortest = min(self._kept, key=lambda key: key.span.frames)
            if shortest.span.frames >= span.frames:
                return
            self._kept.remove(shortest)
        self._kept.append(_drawn(span, answer, frame))


def _drawn(span: Span, answer: StreamResult, frame: Frame) -> KeyFrame:
    pictures = small_pictures(answer.frame_result, frame, MOST_PIXELS, cut=True)
    height, width = pictures.plain.shape[:2]
    attention = None if pictures.attention is None else _jpeg(pictures.attention)
    return KeyFrame(span, answer, (width, height), _jpeg(pictures.plain), attention)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    image = optional_import("PIL.Image", "Pillow", "images")
    buffer = io.BytesIO()
    image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
