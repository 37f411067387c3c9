"""What the SDK says about one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._answer import beginning, plain, read_only
from ._placement import Placement
from ._region import Region
from ._shown import shown
from .errors import FrameError
from .frame import Frame


class Decision(StrEnum):
    """What became of a frame; each member equals its lower-case string."""

    ACCEPT = "accept"
    ABSTAIN = "abstain"
    REJECT = "reject"


class Timing(NamedTuple):
    """Time spent on one frame, in microseconds of a monotonic clock.

    Attributes:
        preprocess_us: pixels to tensor.
        quality_us: the gate.
        inference_us: tensor to logits; 0 when the frame was rejected.
        decision_us: logits to probabilities and label; 0 when the frame was rejected.
        total_us: from the call to the finished decision, all of the above included.
    """

    preprocess_us: float
    quality_us: float
    inference_us: float
    decision_us: float
    total_us: float

    def to_dict(self) -> dict[str, float]:
        """Return the times, keyed by attribute name."""
        return self._asdict()


# a generated __eq__ would raise on two attention maps, whose comparison is an array
@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The classification of one frame; immutable, compared by identity.

    Attributes:
        decision: `accept`; `abstain` when no label is sure enough; `reject` when the frame isn't
            worth classifying.
        label: the label, or None unless accepted.
        confidence: calibrated probability of the most probable label in [0, 1]; 0 when rejected.
        probabilities: calibrated, keyed by label, summing to 1; None when rejected.
        reasons: stable slugs that say why a frame was rejected or no label given; empty when
            accepted. `docs/integrating.md` lists them: `low-confidence`, `screen-without-region`
            and `unlike-training` withhold the label, the gate's reject the frame.
        attention: float32 (rows, columns), read-only: where the student looked, over the region
            it saw; non-negative, summing to 1. None when rejected or when the student has none.
        timing: microseconds a stage.
        model_id: the student's id, precision and digest.
        region: the part of the frame that was looked at, in its pixels; None for the whole frame.
        region_origin: `whole`, or the region's origin: `given` by the caller, `file` or `found`.
    """

    decision: Decision
    label: str | None
    confidence: float
    probabilities: Mapping[str, float] | None
    reasons: tuple[str, ...]
    attention: npt.NDArray[np.float32] | None
    timing: Timing
    model_id: str
    region: Region | None = None
    region_origin: str = "whole"
    _placement: Placement | None = None

    def attention_on(self, frame: Frame | npt.NDArray[Any]) -> npt.NDArray[np.float32] | None:
        """Return the attention in the frame's own pixels, to lay over the picture.

        The letterbox is taken off, and between the map's cells it is interpolated linearly. It
        costs about 1.5 ms for a 1920x1080 frame, so call it for the frames that are shown.

        Args:
            frame: the frame that was classified, or another of its size, as a `Frame` or an array
                (height, width) or (height, width, channels). Its own region has no say.

        Returns:
            A new float32 array (height, width), 0 outside the region, summing to 1 (to 0 where all
            attention lay in the letterbox); None where `attention` is None.

        Raises:
            FrameError: `frame-size` when the frame has another size than the one classified;
                `frame-type` when it is neither a `Frame` nor an array.
        """
        if self.attention is None:
            return None
        if self._placement is None:
            raise FrameError("frame-size", "this result doesn't say which frame it is of")
        size = _size_of(frame)
        if size != self._placement.frame:
            expected = self._placement.frame
            raise FrameError(
                "frame-size",
                f"the frame has {size[0]} x {size[1]} pixels, classified was one of "
                f"{expected[0]} x {expected[1]}; pass that one",
            )
        return self._placement.spread(self.attention, self.region)

    def draw(self, frame: Frame, *, caption: str = "") -> npt.NDArray[np.uint8]:
        """Draw the result beside its frame; nothing is drawn over the frame itself.

        Needs Pillow (`pip install 'sonogaze[images]'`). It is for people, and takes tens of
        milliseconds for a 1920x1080 frame.

        Args:
            frame: the frame that was classified.
            caption: one line for the panel, such as a file's name and a time.

        Returns:
            RGB, uint8 (height, width, 3): the frame, and at its right a panel with label,
            confidence, reasons, probabilities, and a small copy that shows region and attention.

        Raises:
            FrameError: `frame-size` when the frame isn't of the size that was classified,
                `drawing-unavailable` without Pillow.
        """
        # imported late: a cart that draws nothing doesn't load the drawing
        from .drawing import draw

        return draw(self, frame, caption=caption)

    def to_dict(self) -> dict[str, Any]:
        """Return a new JSON-ready object; it never holds NaN or Infinity."""
        return {
            "decision": self.decision.value,
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": plain(self.probabilities),
            "reasons": list(self.reasons),
            "attention": None if self.attention is None else self.attention.tolist(),
            "timing": self.timing.to_dict(),
            "model_id": self.model_id,
            "region": None if self.region is None else self.region.to_dict(),
            "region_origin": self.region_origin,
        }

    def __repr__(self) -> str:
        answer = (self.decision, self.label, self.confidence, self.probabilities, self.reasons)
        shown = beginning(*answer)
        if self.attention is not None:
            shown.append(f"attention=<{' x '.join(map(str, self.attention.shape))}>")
        shown.append(f"total_us={self.timing.total_us:.0f}, model_id={self.model_id!r}")
        return f"Result({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle by value: a read-only mapping itself cannot be pickled."""
        probabilities = plain(self.probabilities)
        values = (self.decision, self.label, self.confidence, probabilities, self.reasons)
        of_frame = (self.region, self.region_origin, self._placement)
        return _rebuild, (*values, self.attention, self.timing, self.model_id, *of_frame)


def _size_of(frame: Any) -> tuple[int, int]:
    if isinstance(frame, Frame):
        return frame.width, frame.height
    if isinstance(frame, np.ndarray) and frame.ndim in (2, 3):
        return frame.shape[1], frame.shape[0]
    raise FrameError(
        "frame-type",
        f"the frame is {shown(frame)}, it must be a Frame or an array (height, width)",
    )


def _rebuild(*values: Any) -> Result:
    decision, label, confidence, probabilities, reasons, attention, *rest = values
    if attention is not None:
        attention.flags.writeable = False  # which an array doesn't carry through a pickle
    return Result(decision, label, confidence, read_only(probabilities), reasons, attention, *rest)
