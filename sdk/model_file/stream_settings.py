"""How a stream smooths a student's answers and reads events off its frames: data of the student."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..fields import numbers_by_name

_FIELD = "sonogaze.stream"
_SECONDS = (1e-3, 3600.0)
_LEVELS = (0.0, 255.0)
_SHARE = (0.0, 1.0)
_RANGES = {
    "smoothing_s": _SECONDS,
    "evidence_floor": (1e-6, 0.1),
    # from a half on, the label that is shown is also the most probable one
    "leave_below": (0.5, 1.0),
    "freeze_level": _LEVELS,
    "freeze_after_s": _SECONDS,
    "cut_level": _LEVELS,
    "cut_ratio": (1.0, 1e3),
    "black_share": _SHARE,
    "doppler_share": _SHARE,
    "tint_share": _SHARE,
    "gap_s": _SECONDS,
}


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Settings of a stream; ``docs/stream.md`` has the formulas and how the defaults were found.

    Attributes:
        smoothing_s: time constant of the smoothing, in seconds; 0.001 to 3600, as the other times.
        evidence_floor: a probability below it counts as it, so that no frame proves anything;
            0.000001 to 0.1.
        leave_below: a label that is shown is withheld when its smoothed probability falls below
            this, 0.5 to 1. It is shown from the student's ``abstain_below`` on.
        freeze_level: a frame that differs from the one before by at most this repeats it; grey
            levels.
        freeze_after_s: for how long frames repeat until the image counts as frozen.
        cut_level: a frame that differs by more is a cut, changes of gain taken out; grey levels.
        cut_ratio: and by more than so many times what frames differed by lately.
        black_share: a frame with at least this share of black pixels is black.
        doppler_share: from this share of coloured samples on a frame shows Doppler,
        tint_share: unless more than this share of what isn't black is coloured: a tinted map.
        gap_s: a longer time between two frames starts the smoothing anew.
    """

    smoothing_s: float = 0.02
    evidence_floor: float = 0.003
    leave_below: float = 0.8
    freeze_level: float = 0.02
    freeze_after_s: float = 0.4
    cut_level: float = 6.0
    cut_ratio: float = 3.0
    black_share: float = 0.98
    doppler_share: float = 0.005
    tint_share: float = 0.5
    gap_s: float = 1.0

    def to_dict(self) -> dict[str, float]:
        """Return the settings as JSON-ready numbers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Any) -> StreamSettings:
        """Read the settings of a model file.

        Raises:
            ModelError: `model-metadata-invalid` for a key or number out of place.
        """
        return cls(**numbers_by_name(value, _FIELD, _RANGES))
