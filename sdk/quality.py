"""Is this frame worth classifying? The gate that turns away frames without an ultrasound image.

The gate looks at the student's own input, on every eighth cell of every eighth row together with
the cells to the right and below, so its cost doesn't depend on the frame's size. Its thresholds are
data of the student (grey levels and shares), stored in the model file. Reasons, all stable slugs:

- `no-signal`: nearly every cell is black.
- `uniform`: one flat level, whatever its brightness.
- `saturated`: a large share of the cells is white.
- `noise`: neighbouring cells are unrelated, as in the snow of an open input.
- `test-pattern`: nearly every row, or column, repeats the one beside it (bars, ramps), in a picture
  whose contrast is large beside that difference.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sdk.fields import json_object, number

if TYPE_CHECKING:
    from sdk.preprocess import Preprocessing

_LARGEST_STEP = 8
_FEWEST_CELLS = 16
_SAMPLES_KEPT = 16
_LEVELS = 255.0
# rows or columns that repeat correlate by more than this
_PATTERN_CORRELATION = 0.98
_Image = npt.NDArray[np.float32]
_SHARES = ("min_lit_share", "max_saturated_share", "min_correlation", "max_repeated_share")


@dataclass(frozen=True, slots=True)
class QualityThresholds:
    """Thresholds of the gate: levels in grey levels [0, 255], shares in [0, 1].

    The defaults leave room around 3,386 real fetal frames, of which none is rejected: their lit
    share is at least 0.12, deviation 18, correlation 0.80; their saturated share at most 0.02 and
    repeated share at most 0.40.

    Attributes:
        black_level: a cell at or below it is black.
        min_lit_share: fewer cells above `black_level` than this is `no-signal`.
        min_deviation: a standard deviation below this is `uniform`.
        saturated_level: a cell at or above it is saturated.
        max_saturated_share: more saturated cells than this is `saturated`.
        min_correlation: a correlation of neighbouring cells below this is `noise`.
        repeat_level: rows that differ by at most this in every cell repeat each other.
        max_repeated_share: more repeated rows, or columns, than this is `test-pattern`.
    """

    black_level: float = 12.0
    min_lit_share: float = 0.02
    min_deviation: float = 4.0
    saturated_level: float = 250.0
    max_saturated_share: float = 0.3
    min_correlation: float = 0.5
    repeat_level: float = 1.5
    max_repeated_share: float = 0.8

    def to_dict(self) -> dict[str, float]:
        """Return the thresholds as JSON-ready numbers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Any) -> QualityThresholds:
        """Read the thresholds of a model file.

        Raises:
            ModelError: `model-metadata-invalid` for a key or number out of place.
        """
        names = [field.name for field in fields(cls)]
        entries = json_object(value, "sonogaze.quality", frozenset(names))
        read = {
            name: number(
                entries[name],
                f"sonogaze.quality.{name}",
                low=0.0,
                high=1.0 if name in _SHARES else _LEVELS,
            )
            for name in names
        }
        return cls(**read)


class _Samples(NamedTuple):
    """Where the gate looks: flat indices of cells, of those to their right, and of those below."""

    indices: npt.NDArray[np.intp]
    ones: _Image
    rows: int


class QualityGate:
    """The gate of one student; any number of threads may share it.

    Args:
        thresholds: from the model file.
        preprocessing: the student's recipe, which says what a tensor value means in grey levels.
    """

    __slots__ = (
        "_black",
        "_bright_mean",
        "_dark_mean",
        "_limits",
        "_min_variance",
        "_repeat",
        "_samples",
        "_saturated",
        "_size",
    )

    def __init__(self, thresholds: QualityThresholds, preprocessing: Preprocessing) -> None:
        self._limits = thresholds
        mean, std = preprocessing.mean, preprocessing.std
        per_level = 1.0 / (_LEVELS * std)
        self._black = np.float32((thresholds.black_level / _LEVELS - mean) / std)
        self._saturated = np.float32((thresholds.saturated_level / _LEVELS - mean) / std)
        self._min_variance = (thresholds.min_deviation * per_level) ** 2
        self._repeat = np.float32(thresholds.repeat_level * per_level)
        # no brighter frame can be without signal, no darker one saturated: these need no counting
        dark = thresholds.black_level + thresholds.min_lit_share * _LEVELS
        bright = thresholds.saturated_level * thresholds.max_saturated_share
        self._dark_mean = (dark / _LEVELS - mean) / std
        self._bright_mean = (bright / _LEVELS - mean) / std
        self._size = (preprocessing.height, preprocessing.width)
        self._samples: dict[tuple[int, int, int, int], _Samples] = {}

    def reasons(
        self, tensor: _Image, inner: tuple[int, int, int, int] | None = None
    ) -> tuple[str, ...]:
        """Name what is wrong with a frame.

        Args:
            tensor: float32 (1, 1, height, width), C-contiguous, as the student sees it; not
                changed.
            inner: the cells (x, y, width, height) that aren't padding; None for all.

        Returns:
            Reason slugs, empty for a frame worth classifying, and for one whose cells are fewer
            than 2 by 2.
        """
        if inner is None:
            inner = (0, 0, self._size[1], self._size[0])
        samples = self._samples.get(inner) or self._place_samples(inner)
        count = samples.ones.size
        if count == 0:
            return ()
        limits = self._limits
        taken = tensor.ravel().take(samples.indices)
        cells, sides = taken[0], taken[1:]
        mean = float(cells.dot(samples.ones)) / count
        if mean <= self._dark_mean:
            lit = np.count_nonzero(cells > self._black)
            if lit < limits.min_lit_share * count:
                return ("no-signal",)
        variance = float(cells.dot(cells)) / count - mean * mean
        if variance < self._min_variance:
            return ("uniform",)
        if mean >= self._bright_mean:
            white = np.count_nonzero(cells >= self._saturated)
            if white > limits.max_saturated_share * count:
                return ("saturated",)
        sides -= cells
        return self._texture_reasons(sides[0], sides[1], variance, samples.rows)

    def _texture_reasons(
        self, right: _Image, below: _Image, variance: float, rows: int
    ) -> tuple[str, ...]:
        # the mean square of a difference is 2 * variance * (1 - correlation)
        loosest = 2.0 * variance * right.size
        unlike_right = float(right.dot(right)) / loosest
        unlike_below = float(below.dot(below)) / loosest
        if 1.0 - max(unlike_right, unlike_below) < self._limits.min_correlation:
            return ("noise",)
        if 1.0 - min(unlike_right, unlike_below) < _PATTERN_CORRELATION:
            return ()
        most = self._limits.max_repeated_share
        row_steps = np.abs(below).reshape(rows, -1).max(axis=1)
        column_steps = np.abs(right).reshape(rows, -1).max(axis=0)
        repeats = max((row_steps <= self._repeat).mean(), (column_steps <= self._repeat).mean())
        return ("test-pattern",) if repeats > most else ()

    def _place_samples(self, inner: tuple[int, int, int, int]) -> _Samples:
        """Make the sample places of an inner rectangle; the last few are kept."""
        x, y, width, height = inner
        step = max(1, min(_LARGEST_STEP, min(height, width) // _FEWEST_CELLS))
        rows = np.arange(y, y + height - 1, step)
        columns = np.arange(x, x + width - 1, step)
        cells = (rows[:, None] * self._size[1] + columns).ravel().astype(np.intp)
        indices = np.stack([cells, cells + 1, cells + self._size[1]])
        # the dot product with ones is the fastest sum of a short array
        samples = _Samples(indices, np.ones(cells.size, np.float32), rows.size)
        while len(self._samples) >= _SAMPLES_KEPT:
            self._samples.pop(next(iter(self._samples), inner), None)
        self._samples[inner] = samples
        return samples
