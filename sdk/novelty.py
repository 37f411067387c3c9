"""How unlike a frame is to all that the student learned from.

A student file may hold a further output, `novelty`: the squared distance of the pooled features
from the nearest of a few prototypes of the training frames, in a space where those vary alike in
every direction (Lee et al., NeurIPS 2018, arXiv:1807.03888, section 2.1, with several means a
class). The distance is part of the graph, so it costs a few microseconds of the inference and no
second pass. What lies beyond the file's threshold gets no label, for the reason `unlike-training`.
A file without it answers as ever.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .errors import ModelError
from .fields import integer, json_object, number
from .result import Decision

UNLIKE_TRAINING = "unlike-training"
OUTPUT_NAME = "novelty"
_MAX_PROTOTYPES = 1024


@dataclass(frozen=True, slots=True)
class Novelty:
    """What a student file says of its output `novelty`.

    Attributes:
        above: the distance beyond which a label is withheld, > 0.
        prototypes: how many the distance is the least of.
    """

    above: float
    prototypes: int

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {"above": self.above, "prototypes": self.prototypes}

    @classmethod
    def from_dict(cls, value: Any) -> Novelty:
        """Read the section of a model file.

        Raises:
            ModelError: `model-metadata-invalid`.
        """
        field = "sonogaze.novelty"
        entries = json_object(value, field, frozenset({"above", "prototypes"}))
        return cls(
            number(entries["above"], f"{field}.above", low=1e-9, high=1e9),
            integer(entries["prototypes"], f"{field}.prototypes", low=1, high=_MAX_PROTOTYPES),
        )


def withhold(answer: tuple[Any, ...], distance: float, novelty: Novelty) -> tuple[Any, ...]:
    """Return an answer without its label where the frame is unlike the training frames.

    Args:
        answer: the first values of a `Result`: decision, label, confidence, probabilities,
            reasons, then any others.
        distance: what the student's output `novelty` says of the frame.
        novelty: of the student file.

    Raises:
        ModelError: `model-output-invalid` when the distance isn't finite.
    """
    if not math.isfinite(distance):
        raise ModelError(
            "model-output-invalid",
            f"output {OUTPUT_NAME!r} is {distance}, allowed are finite numbers; "
            "the student or the runtime is damaged",
        )
    if distance <= novelty.above:
        return answer
    # as for any abstention, probabilities are shown: they may be right, and the reason stands by
    _, _, confidence, probabilities, reasons, *others = answer
    reasons = (*reasons, UNLIKE_TRAINING)
    return (Decision.ABSTAIN, None, confidence, probabilities, reasons, *others)
