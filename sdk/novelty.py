"""How unlike a frame is to all that the student learned from.

A student file may hold a further output, `novelty`: how far a frame lies from what the student
learned, or how much of the answer a second head denies, each as a share of its limit
(docs/model-file.md). It is part of the graph, so it costs microseconds of the inference and no
second pass. What lies beyond the file's threshold gets no label, for the reason `unlike-training`.
A file without it answers as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .fields import integer, json_object, number

UNLIKE_TRAINING = "unlike-training"
OUTPUT_NAME = "novelty"
_MAX_PROTOTYPES = 1024


@dataclass(frozen=True, slots=True)
class Novelty:
    """What a student file says of its output `novelty`.

    Attributes:
        above: the novelty beyond which a label is withheld, > 0.
        prototypes: of training frames, from the nearest of which a distance is measured.
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
