"""A student that takes its time, to give a stream more than it can answer at little cost."""

from __future__ import annotations

import time
from typing import Any, cast

import numpy as np

import sdk
from sdk._watch import Watch
from sdk.stream import Stream

_KEPT = 4096


class Slowed:
    """A classifier that takes at least so many seconds a frame, asleep.

    Args:
        classifier: that answers.
        seconds: a frame.
    """

    def __init__(self, classifier: sdk.Classifier, seconds: float) -> None:
        self._classifier, self._seconds = classifier, seconds
        self._took_s = np.zeros(_KEPT)
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._classifier, name)

    def _classify(self, frame: sdk.Frame, watch: Watch | None = None) -> sdk.Result:
        begun_s = time.monotonic()
        time.sleep(self._seconds)
        result = self._classifier._classify(frame, watch)
        self._took_s[self._calls % _KEPT] = time.monotonic() - begun_s
        self._calls += 1
        return result

    def took_p99_s(self) -> float:
        """Return how long frames took: longer than asked for on a busy machine."""
        return float(np.percentile(self._took_s[: min(self._calls, _KEPT)], 99))

    def stream(self, fps: float) -> Stream:
        """Return a stream that this classifier answers."""
        return Stream(cast(sdk.Classifier, self), fps=fps)
