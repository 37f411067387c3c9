"""What a stream says about one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._answer import beginning, plain, read_only
from ..frame import Frame, Region
from ..result import Decision, Result, Timing


@dataclass(frozen=True, slots=True, eq=False)
class StreamResult:
    """A stream's answer to one frame; immutable, compared by identity.

    It has what a `Result` has, smoothed, so code written for `classify` works with it.

    Attributes:
        decision: as of a `Result`, after smoothing and hysteresis. A frame that the quality gate
            rejects is rejected here too, whatever came before.
        label: the label shown, or None unless accepted. None on a frame that is itself withheld
            for more than low confidence, whatever came before.
        confidence: smoothed probability of the most probable label in [0, 1]; 0 when rejected.
        probabilities: smoothed, keyed by label, summing to 1; None when rejected.
        reasons: why there is no label; empty when accepted.
        events: what begins with this frame: of `cut`, `freeze`, `black`, `doppler`,
            `layout-changed` and `gap`.
        lasting: what holds at this frame: of `freeze`, `black` and `doppler`.
        frame_result: the frame's own `Result`, not smoothed.
        index: of the frame among those that the stream answered, from 0; `reset` keeps counting.
        timestamp_us: the frame's time.
        latency_us: from the frame's arrival to this answer.
        late: the answer came after the next frame was due.
    """

    decision: Decision
    label: str | None
    confidence: float
    probabilities: Mapping[str, float] | None
    reasons: tuple[str, ...]
    events: tuple[str, ...]
    lasting: tuple[str, ...]
    frame_result: Result
    index: int
    timestamp_us: int
    latency_us: float
    late: bool

    @property
    def attention(self) -> npt.NDArray[np.float32] | None:
        """Where the student looked in this frame; see `Result`."""
        return self.frame_result.attention

    @property
    def timing(self) -> Timing:
        """Microseconds a stage of this frame's classification; see `Result`."""
        return self.frame_result.timing

    @property
    def model_id(self) -> str:
        """The student's id, precision and digest."""
        return self.frame_result.model_id

    @property
    def region(self) -> Region | None:
        """The part of the frame that was looked at; None for the whole frame."""
        return self.frame_result.region

    @property
    def region_origin(self) -> str:
        """`whole`, `given`, `file` or `found`."""
        return self.frame_result.region_origin

    def attention_on(self, frame: Frame | npt.NDArray[Any]) -> npt.NDArray[np.float32] | None:
        """Return the attention in the frame's own pixels; see `Result.attention_on`."""
        return self.frame_result.attention_on(frame)

    def draw(self, frame: Frame, *, caption: str = "") -> npt.NDArray[np.uint8]:
        """Draw the smoothed answer beside its frame; see `Result.draw`."""
        from ..drawing import draw  # as there: only who draws loads it

        return draw(self, frame, caption=caption)

    def to_dict(self) -> dict[str, Any]:
        """Return a new JSON-ready object; it never holds NaN or Infinity."""
        return {
            "index": self.index,
            "timestamp_us": self.timestamp_us,
            "decision": self.decision.value,
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": plain(self.probabilities),
            "reasons": list(self.reasons),
            "events": list(self.events),
            "lasting": list(self.lasting),
            "latency_us": self.latency_us,
            "late": self.late,
            "frame": self.frame_result.to_dict(),
        }

    def __repr__(self) -> str:
        answer = (self.decision, self.label, self.confidence, self.probabilities, self.reasons)
        shown = beginning(*answer)
        shown.append(f"events={self.events}, lasting={self.lasting}")
        shown.append(f"index={self.index}, timestamp_us={self.timestamp_us}")
        shown.append(f"latency_us={self.latency_us:.0f}, model_id={self.model_id!r}")
        return f"StreamResult({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle by value: a read-only mapping itself cannot be pickled."""
        probabilities = plain(self.probabilities)
        head = (self.decision, self.label, self.confidence, probabilities, self.reasons)
        tail = (self.events, self.lasting, self.frame_result, self.index, self.timestamp_us)
        return _rebuild, (*head, *tail, self.latency_us, self.late)


def _rebuild(*values: Any) -> StreamResult:
    decision, label, confidence, probabilities, *rest = values
    return StreamResult(decision, label, confidence, read_only(probabilities), *rest)
