"""Known answers: procedural frames whose tensor and logits a student file carries.

At load, the kernel must give the stored tensors bit by bit, and the runtime the stored logits
within the stored tolerance. A machine, a build or a runtime that computes something else is found
before the first frame. The patterns are made with integer arithmetic alone, so they are the same
everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._sha256 import sha256_hex
from ..errors import ModelError
from ..fields import integer, invalid, json_list, json_object, number, string

_MAX_SIDE = 1024
# of the largest known logit, at least of 1: what lies beyond would say nothing
MAX_TOLERANCE_SHARE = 0.05
_HEXADECIMAL = frozenset("0123456789abcdef")


def _plane(width: int, height: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return x as one row and y as one column, which broadcast to a whole plane."""
    return np.arange(width, dtype=np.int64)[None, :], np.arange(height, dtype=np.int64)[:, None]


def _speckle(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Draw multiplicative integer noise in a fan that darkens with depth."""
    x, y = _plane(width, height)
    # a hash of the place (Teschner et al., 2003): no generator's version can change it
    noise = (x * 73_856_093) ^ (y * 19_349_663)
    noise = ((noise ^ (noise >> 13)) * 1_274_126_177) & 0xFFFF
    across = np.abs(2 * x - width) * height
    inside = (across < width * (height // 3 + y)) & (y > height // 16)
    level = (noise >> 8) * (3 * height - 2 * y) // (3 * height)
    return np.where(inside, level, 0).astype(np.uint8)


def _ring(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Draw a bright elliptic outline with a midline, like a skull, over a dim texture."""
    x, y = _plane(width, height)
    u = (2 * x - width) * 1000 // width
    v = (2 * y - height) * 1300 // height
    radius = u * u + v * v
    outline = (radius > 490_000) & (radius < 640_000)
    midline = (np.abs(v) < 40) & (radius < 490_000)
    texture = 24 + (x * 7 + y * 13 + x * y) % 41
    return np.where(outline, 230, np.where(midline, 150, texture)).astype(np.uint8)


def _bands(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Draw slanting bands of every level with hard edges."""
    x, y = _plane(width, height)
    return ((x * 5 + y * 3 + (x * y >> 5)) & 0xFF).astype(np.uint8)


PATTERNS: dict[str, Callable[[int, int], npt.NDArray[np.uint8]]] = {
    "speckle": _speckle,
    "ring": _ring,
    "bands": _bands,
}


def pattern_frame(pattern: str, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Draw a pattern.

    Args:
        pattern: a key of `PATTERNS`.
        width: in pixels.
        height: in pixels.

    Returns:
        uint8 (height, width), grey levels.
    """
    return PATTERNS[pattern](width, height)


def tensor_sha256(tensor: npt.NDArray[np.float32]) -> str:
    """Hash a tensor's values as little-endian float32 in row-major order."""
    return sha256_hex(np.ascontiguousarray(tensor, dtype="<f4").tobytes())


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """One frame and what it must give.

    Attributes:
        pattern: a key of `PATTERNS`.
        width: of the frame, in pixels.
        height: of the frame, in pixels.
        tensor_sha256: of the tensor the kernel makes of it (`tensor_sha256`).
        logits: of the student, one a label.
    """

    pattern: str
    width: int
    height: int
    tensor_sha256: str
    logits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """All known answers of a student, with the largest difference a logit may show."""

    tolerance: float
    answers: tuple[KnownAnswer, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {
            "tolerance": self.tolerance,
            "answers": [
                {
                    "pattern": answer.pattern,
                    "width": answer.width,
                    "height": answer.height,
                    "tensor_sha256": answer.tensor_sha256,
                    "logits": list(answer.logits),
                }
                for answer in self.answers
            ],
        }

    @classmethod
    def from_dict(cls, value: Any, label_count: int) -> KnownAnswers:
        """Read the known answers of a model file.

        Raises:
            ModelError: `model-metadata-invalid`.
        """
        field = "sonogaze.known_answers"
        entries = json_object(value, field, frozenset({"tolerance", "answers"}))
        least, most_answers = len(PATTERNS), 2 * len(PATTERNS)  # each is computed at load
        items = json_list(entries["answers"], f"{field}.answers", low=least, high=most_answers)
        answers = tuple(
            _read_answer(item, f"{field}.answers[{index}]", label_count)
            for index, item in enumerate(items)
        )
        missing = set(PATTERNS) - {answer.pattern for answer in answers}
        if missing:
            raise invalid(f"{field}.answers", f"without {sorted(missing)}", "every pattern")
        peak = max(abs(logit) for answer in answers for logit in answer.logits)
        most = MAX_TOLERANCE_SHARE * max(1.0, peak)
        return cls(number(entries["tolerance"], f"{field}.tolerance", low=0.0, high=most), answers)


def _read_answer(value: object, field: str, label_count: int) -> KnownAnswer:
    keys = frozenset({"pattern", "width", "height", "tensor_sha256", "logits"})
    item = json_object(value, field, keys)
    pattern = string(item["pattern"], f"{field}.pattern", longest=64)
    if pattern not in PATTERNS:
        raise invalid(f"{field}.pattern", pattern, f"one of {sorted(PATTERNS)}")
    digest = string(item["tensor_sha256"], f"{field}.tensor_sha256", longest=64)
    if len(digest) != 64 or not set(digest) <= _HEXADECIMAL:
        raise invalid(f"{field}.tensor_sha256", digest, "64 lower-case hexadecimal characters")
    logits = json_list(item["logits"], f"{field}.logits", low=label_count, high=label_count)
    return KnownAnswer(
        pattern,
        integer(item["width"], f"{field}.width", low=1, high=_MAX_SIDE),
        integer(item["height"], f"{field}.height", low=1, high=_MAX_SIDE),
        digest,
        tuple(number(logit, f"{field}.logits", low=-1e6, high=1e6) for logit in logits),
    )


def check_tensor(answer: KnownAnswer, tensor: npt.NDArray[np.float32]) -> None:
    """Compare the kernel's tensor with a known answer, bit by bit.

    Raises:
        ModelError: `known-answer-mismatch`.
    """
    computed = tensor_sha256(tensor)
    if computed != answer.tensor_sha256:
        raise ModelError(
            "known-answer-mismatch",
            f"known answer {answer.pattern!r}: the preprocessed tensor hashes to "
            f"{computed[:16]}..., the student was made with {answer.tensor_sha256[:16]}...; "
            "this build of the kernel prepares frames differently: reinstall the package",
        )


def check_logits(answer: KnownAnswer, logits: Iterable[float], tolerance: float) -> None:
    """Compare the runtime's logits with a known answer.

    Raises:
        ModelError: `known-answer-mismatch` when any logit is off by more than `tolerance`.
    """
    computed = tuple(logits)
    difference = max(abs(a - b) for a, b in zip(computed, answer.logits, strict=True))
    if not difference <= tolerance:
        raise ModelError(
            "known-answer-mismatch",
            f"known answer {answer.pattern!r}: logits differ by {difference:.3g}, allowed is "
            f"{tolerance:.3g}; this runtime or CPU computes the student wrongly: "
            "try the other precision, or another version of onnxruntime",
        )
