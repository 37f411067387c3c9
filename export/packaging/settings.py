"""The `[quantise]` of a recipe."""

import hashlib
import json
from dataclasses import asdict, dataclass

METHODS = ("static", "qat")


@dataclass(frozen=True)
class Quantisation:
    """How a recipe's students become int8; its `[quantise]`.

    Attributes:
        method: `static` (ranges from training frames) or `qat` (quantisation-aware training).
        epochs, learning_rate, average, seed: of `qat`'s fine-tuning.
    """

    method: str = "static"
    epochs: int = 8
    learning_rate: float = 3e-4
    average: float = 0.99
    seed: int = 1

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"[quantise] method is {self.method!r}; allowed: {list(METHODS)}")
        if self.epochs < 1:
            raise ValueError(f"[quantise] epochs is {self.epochs}; it must be 1 or more")

    @property
    def digest(self) -> str:
        """What names a fine-tuning's checkpoint: runs of other settings have others."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:8]
