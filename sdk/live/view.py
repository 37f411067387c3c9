"""What browsers see: the newest answer, drawn once for all of them, and only while one looks."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..drawing.small import small_pictures
from ..errors import SdkError
from ..frame import Frame
from ..sources.base import optional_import
from ..stream import StreamResult

MOST_PIXELS = (800, 600)
"""Width and height of a picture in a browser."""
_LOOKED_AT_S = 2.0  # after the last question, drawing goes on for as long
_QUALITY = 80

Numbers = Callable[[], dict[str, Any]]


class View:
    """Between one thread that answers frames and any number that show them.

    `show` costs the first one a few microseconds, whoever looks: it swaps one reference. A thread
    of this object draws the newest frame at its own pace and keeps one drawn page of data. It holds
    one frame, one answer and that page; nothing in it grows.

    Args:
        numbers: called for each page: counts and times to be shown, JSON-ready.
        fps: most pictures a second.
    """

    def __init__(self, numbers: Numbers, fps: float = 15.0) -> None:
        self._numbers, self._period_s = numbers, 1 / fps
        self._changed = Condition()
        self._newest: tuple[Frame, StreamResult] | None = None
        self._shown = self._drawn = 0
        self._page: tuple[int, bytes] = (0, b"")
        self._looked_at_s = -_LOOKED_AT_S
        self._ended: str | None = None
        self._closed = False
        self._waiting = 0
        self._thread = Thread(target=self._draw_newest, name="sonogaze-view", daemon=True)
        self._thread.start()

    def show(self, frame: Frame, answer: StreamResult) -> None:
        """Take the newest answer; the frame's pixels must not change afterwards."""
        with self._changed:
            self._newest = (frame, answer)
            self._shown += 1
            self._changed.notify_all()

    def page(self, after: int, timeout_s: float) -> bytes | None:
        """Return the newest page of data if it isn't the one that is known; else None.

        Args:
            after: number of the page that is known, 0 for none.
            timeout_s: how long to wait for one.
        """
        with self._changed:
            self._looked_at_s = time.monotonic()
            self._waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._page[0] > after or self._closed, timeout_s)
            finally:
                self._waiting -= 1
            number, page = self._page
            return page if number > after else None

    def end(self, why: str, timeout_s: float = 2.0) -> None:
        """Tell whoever looks that nothing more comes, and why; wait until it is drawn."""
        with self._changed:
            self._ended = why
            self._shown += 1
            self._changed.notify_all()
            if time.monotonic() - self._looked_at_s < _LOOKED_AT_S:
                self._changed.wait_for(lambda: self._drawn == self._shown, timeout_s)

    def close(self) -> None:
        """End the thread, and every wait for a page."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(5.0)

    def _due(self) -> bool:
        looked_at = time.monotonic() - self._looked_at_s < _LOOKED_AT_S or self._waiting
        return self._closed or (self._drawn != self._shown and bool(looked_at))

    def _draw_newest(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._due)
                if self._closed:
                    return
                number, newest, ended = self._shown, self._newest, self._ended
            began_s = time.monotonic()
            page = self._data(number, newest, ended)
            with self._changed:
                self._drawn, self._page = number, (number, page)
                self._changed.notify_all()
                rest_s = self._period_s - (time.monotonic() - began_s)
                self._changed.wait_for(lambda: self._closed, max(0.0, rest_s))

    def _data(
        self, number: int, newest: tuple[Frame, StreamResult] | None, ended: str | None
    ) -> bytes:
        data: dict[str, Any] = {"number": number, "ended": ended, "numbers": self._numbers()}
        if newest is not None:
            data["answer"] = _told(newest[1])
            try:
                data |= _pictures(*newest)
            except SdkError as error:  # the answer is shown without them
                data["undrawn"] = error.slug
        return json.dumps(data, allow_nan=False).encode("ascii")


def _told(answer: StreamResult) -> dict[str, Any]:
    told = answer.to_dict()
    own = told.pop("frame")
    return told | {"region": own["region"], "region_origin": own["region_origin"]}


def _pictures(frame: Frame, answer: StreamResult) -> dict[str, Any]:
    pictures = small_pictures(answer.frame_result, frame, MOST_PIXELS)
    height, width = pictures.plain.shape[:2]
    attention = None if pictures.attention is None else _jpeg(pictures.attention)
    return {"width": width, "height": height, "image": _jpeg(pictures.plain),
            "attention": attention}  # fmt: skip


def _jpeg(picture: NDArray[np.uint8]) -> str:
    simplejpeg = optional_import("simplejpeg", "simplejpeg", "images")
    jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), _QUALITY, "RGB", "420")
    return base64.b64encode(jpeg).decode("ascii")
