"""A student that takes its time, to give a stream more than it can answer at little cost."""

from __future__ import annotations

import time
from typing import Any, cast

import sdk
from sdk._watch import Watch
from sdk.stream import Stream


class _Slowed:
    def __init__(self, classifier: sdk.Classifier, seconds: float) -> None:
        self._classifier, self._seconds = classifier, seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._classifier, name)

    def _classify(self, frame: sdk.Frame, watch: Watch | None = None) -> sdk.Result:
        time.sleep(self._seconds)
        return self._classifier._classify(frame, watch)


def slowed_stream(classifier: sdk.Classifier, seconds: float, fps: float) -> Stream:
    """Return a stream whose every answer takes at least so many seconds, asleep."""
    return Stream(cast(sdk.Classifier, _Slowed(classifier, seconds)), fps=fps)
