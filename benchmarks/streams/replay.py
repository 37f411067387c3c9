"""Streams replayed on what a student once said of each frame, to try settings at little cost.

The stream is the SDK's own; a stand-in for the classifier gives it recorded results and statistics.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple, cast

import numpy as np

import sdk
from sdk._watch import Watch
from sdk.model_file.stream_settings import StreamSettings
from sdk.preprocess import Statistics
from sdk.result import Decision
from sdk.stream import Stream

LOW_CONFIDENCE = ("low-confidence",)
_FRAME = sdk.Frame.from_array(np.zeros((2, 2), np.uint8))


class Seen(NamedTuple):
    """What a student and the kernel said of one frame of a stream."""

    result: sdk.Result
    statistics: Statistics


class _Recorded:
    def __init__(self, classifier: sdk.Classifier, seen: list[Seen], settings: StreamSettings):
        self.labels = classifier.labels
        calibration = classifier.metadata.calibration
        self.metadata = SimpleNamespace(stream=settings, calibration=calibration)
        self._seen = iter(seen)

    def _classify(self, frame: sdk.Frame, watch: Watch) -> sdk.Result:
        result, watch.statistics = next(self._seen)
        return result


def record(classifier: sdk.Classifier, frame: sdk.Frame, watch: Watch) -> Seen:
    """Classify a frame, and keep what a stream makes its answer of."""
    result = classifier._classify(frame, watch)
    assert watch.statistics is not None
    return Seen(replace(result, attention=None), watch.statistics)


def replay(
    classifier: sdk.Classifier, seen: list[Seen], settings: StreamSettings, fps: float
) -> list[str | None]:
    """Return the label that a stream shows at each frame."""
    recorded = cast(sdk.Classifier, _Recorded(classifier, seen, settings))
    stream = Stream(recorded, fps=fps)
    return [stream.push(_FRAME).label for _ in seen]


def tempered(classifier: sdk.Classifier, seen: list[Seen], temperature: float) -> list[Seen]:
    """Return what a student that is less sure (temperature above 1) or surer would have said."""
    least = classifier.metadata.calibration.abstain_below
    found = []
    for result, statistics in seen:
        if result.probabilities is not None and result.reasons in ((), LOW_CONFIDENCE):
            raw = np.array(list(result.probabilities.values())) ** (1 / temperature)
            shares = dict(zip(classifier.labels, (raw / raw.sum()).tolist(), strict=True))
            best = max(shares, key=lambda label: shares[label])
            sure = shares[best] >= least[best]
            result = replace(
                result,
                probabilities=MappingProxyType(shares),
                confidence=shares[best],
                decision=Decision.ACCEPT if sure else Decision.ABSTAIN,
                label=best if sure else None,
                reasons=() if sure else LOW_CONFIDENCE,
            )
        found.append(Seen(result, statistics))
    return found
