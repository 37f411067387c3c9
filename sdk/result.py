"""What the SDK says about one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


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
            accepted.
        attention: float32 (rows, columns), read-only: where the student looked, over the region
            it saw; non-negative, summing to 1. None when rejected or when the student has none.
        timing: microseconds a stage.
        model_id: the student's id, precision and digest.
    """

    decision: Decision
    label: str | None
    confidence: float
    probabilities: Mapping[str, float] | None
    reasons: tuple[str, ...]
    attention: npt.NDArray[np.float32] | None
    timing: Timing
    model_id: str

    def to_dict(self) -> dict[str, Any]:
        """Return a new JSON-ready object; it never holds NaN or Infinity."""
        return {
            "decision": self.decision.value,
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": None if self.probabilities is None else dict(self.probabilities),
            "reasons": list(self.reasons),
            "attention": None if self.attention is None else self.attention.tolist(),
            "timing": self.timing.to_dict(),
            "model_id": self.model_id,
        }

    def __repr__(self) -> str:
        shown = [f"decision={self.decision.value!r}", f"label={self.label!r}"]
        shown.append(f"confidence={self.confidence:.3f}")
        if self.probabilities is not None:
            rounded = {label: round(value, 3) for label, value in self.probabilities.items()}
            shown.append(f"probabilities={rounded}")
        shown.append(f"reasons={self.reasons}")
        if self.attention is not None:
            shown.append(f"attention=<{' x '.join(map(str, self.attention.shape))}>")
        shown.append(f"total_us={self.timing.total_us:.0f}, model_id={self.model_id!r}")
        return f"Result({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle by value: a read-only mapping itself cannot be pickled."""
        probabilities = None if self.probabilities is None else dict(self.probabilities)
        values = (self.decision, self.label, self.confidence, probabilities, self.reasons)
        return _rebuild, (*values, self.attention, self.timing, self.model_id)


def _rebuild(*values: Any) -> Result:
    decision, label, confidence, probabilities, reasons, attention, timing, model_id = values
    if probabilities is not None:
        probabilities = MappingProxyType(probabilities)
    if attention is not None:
        attention.flags.writeable = False
    return Result(decision, label, confidence, probabilities, reasons, attention, timing, model_id)
