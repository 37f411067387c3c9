"""A sender's clock that steps to and fro under a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

import sdk
from export.data.phantom import phantom_frame

_HOUR_US = 3_600_000_000
_PERIOD_US = 33_333
_KINDS = ("on", "back", "again", "forward")
_SHARES = (0.9, 0.04, 0.02, 0.04)


def times(frames: int, gap_us: int, rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """Yield times of frames, and what each is after the one before; the first one is `on`."""
    now_us = 0
    for kind in ("on", *rng.choice(_KINDS, frames - 1, p=_SHARES)):
        if kind == "on":
            now_us += _PERIOD_US
        elif kind == "back":
            now_us -= int(rng.integers(1, _HOUR_US))
        elif kind == "forward":
            now_us += int(rng.integers(gap_us + 1, _HOUR_US))
        yield now_us, str(kind)


def stepping(classifier: sdk.Classifier, frames: int, seed: int) -> dict[str, Any]:
    """Put frames whose clock steps, as the pages say: after a refused one, reset and put it again.

    A queue that waits is used, so every frame that is taken is answered or dropped by a reset.
    """
    picture = phantom_frame("head", seed=1, height=120, width=160).pixels
    stream = classifier.stream(fps=30)
    gap_us = round(stream.settings.gap_s * 1e6)
    said: Counter[str] = Counter()
    refused, taken = 0, []
    with stream.background(capacity=16, when_full="wait") as live:
        for time_us, kind in times(frames, gap_us, np.random.default_rng(seed)):
            said[kind] += 1
            try:
                live.put(picture, time_us)
            except sdk.FrameError:
                refused += 1
                live.reset()
                live.put(picture, time_us)
            taken.append(time_us)
        live.close()
        stats = live.stats()
        answered = [answer.timestamp_us for answer in live]
    held = {
        "each step back, and each time told twice, was refused once": refused
        == stats.bad_timestamps
        == said["back"] + said["again"],
        "pushed = answered + dropped": frames == stats.frames + stats.dropped,
        "no frame failed for a clock that had been reset": stats.failed == 0,
        "answers are of the frames, in their order": answered == _last_of(taken, answered),
    }
    return {"frames": frames, "said": dict(said), "stats": stats.to_dict(), "held": held}


def _last_of(taken: list[int], answered: list[int]) -> list[int]:
    """Return what of `answered` is found in `taken`, in that order."""
    places, found = iter(taken), []
    for time_us in answered:
        if any(time_us == place for place in places):
            found.append(time_us)
    return found
