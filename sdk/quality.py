"""Is this frame worth classifying? The gate that turns away frames without an ultrasound image.

The gate looks at the student's own input, on every eighth cell of every eighth row together with
the cells to the right and below, so its cost doesn't depend on the frame's size. Its thresholds are
data of the student (grey levels and shares), stored in the model file. The compiled part counts, in
double precision and one order, so that every CPU judges alike. Reasons, all stable slugs:

- `no-signal`: every cell is black, those between the looked-at ones too.
- `nearly-black`: nearly every cell is black, but not all: a probe in air or water, a logo, a menu.
- `uniform`: one flat level, whatever its brightness.
- `saturated`: a large share of the cells is white.
- `noise`: neighbouring cells are unrelated both along rows and along columns, as in the snow of an
  open input, and at least a tenth of the cells is lit.
- `test-pattern`: nearly every row, or column, that isn't black repeats the one beside it (bars,
  ramps), in a picture whose contrast is large beside that difference.

Noise must be unrelated along both axes: the fibres of muscle are unrelated across them alone. The
price is that low-resolution snow, smeared along rows, can pass. A frame of mostly coloured pixels
is no reason: tinted maps are common.

A word says what was counted. Real ultrasound may be `nearly-black` (wires in a water bath) or
`saturated` (a white screen around it); the other words are kept from it, with room: see
`QualityThresholds`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _kernels
from .fields import numbers_by_name

if TYPE_CHECKING:
    from .preprocess import Preprocessing

SCREEN_WITHOUT_REGION = "screen-without-region"
"""Why no label is given where text and panels around the image are seen, and no region was named.

A student that was taught on images gives confident nonsense on screens, and it costs the frame
nothing to be named its region; so the frame is not rejected, but no label is accepted.
"""
_LEVELS = 255.0
REASONS: tuple[tuple[str, ...], ...] = (
    (),
    ("no-signal",),
    ("nearly-black",),
    ("uniform",),
    ("saturated",),
    ("noise",),
    ("test-pattern",),
)
"""What a `Result` says of each fault of the compiled gate, by its number; 0 is none."""
# rows or columns that repeat correlate by more than this
_PATTERN_CORRELATION = 0.98
_Image = npt.NDArray[np.float32]
_SHARES = ("min_lit_share", "max_saturated_share", "min_correlation", "max_repeated_share")


@dataclass(frozen=True, slots=True)
class QualityThresholds:
    """Thresholds of the gate: levels in grey levels [0, 255], shares in [0, 1].

    The defaults leave room around 4,598 real frames of 192 by 144 cells (fetal, muscle, lung), of
    which none is rejected: their lit share is at least 0.13, deviation 14, correlation along the
    better axis 0.69 (along the worse one 0.37, of muscle fibres); their repeated share is at most
    0.29, their saturated share at most 0.03, on screens with a white border 0.27. Of 120 phantoms,
    wires in water, 50 are `nearly-black` and the rest pass. White noise correlates by up to 0.5
    where a frame has fewer pixels than the input has cells, by up to 0.2 from 640 by 480 on.

    Attributes:
        black_level: a cell at or below it is black.
        min_lit_share: fewer cells above `black_level` than this is `nearly-black`, or `no-signal`
            where there is none.
        min_deviation: a standard deviation below this is `uniform`; `nearly-black` where most of
            the cells are black.
        saturated_level: a cell at or above it is saturated.
        max_saturated_share: more saturated cells than this is `saturated`.
        min_correlation: a correlation of neighbouring cells below this, along both axes, is
            `noise`.
        repeat_level: rows that differ by at most this in every cell repeat each other.
        max_repeated_share: more repeated rows, or columns, than this is `test-pattern`; those that
            are black and repeated don't count.
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
        highest = {f.name: 1.0 if f.name in _SHARES else _LEVELS for f in fields(cls)}
        ranges = {name: (0.0, high) for name, high in highest.items()}
        return cls(**numbers_by_name(value, "sonogaze.quality", ranges))


class QualityGate:
    """The gate of one student; any number of threads may share it.

    Args:
        thresholds: from the model file.
        preprocessing: the student's recipe, which says what a tensor value means in grey levels.

    Attributes:
        compiled: the gate that `_kernels.Request` judges by.
        per_level: tensor values of one grey level.
    """

    __slots__ = ("_everything", "_size", "compiled", "per_level")

    def __init__(self, thresholds: QualityThresholds, preprocessing: Preprocessing) -> None:
        mean, std = preprocessing.mean, preprocessing.std
        per_level = 1.0 / (_LEVELS * std)
        self.per_level = per_level
        self._size = (preprocessing.width, preprocessing.height)
        min_deviation = thresholds.min_deviation * per_level
        self._everything = (0, 0, preprocessing.width, preprocessing.height)
        self.compiled = _kernels.Gate(
            width=preprocessing.width,
            height=preprocessing.height,
            black=(thresholds.black_level / _LEVELS - mean) / std,
            saturated=(thresholds.saturated_level / _LEVELS - mean) / std,
            repeat=thresholds.repeat_level * per_level,
            min_lit_share=thresholds.min_lit_share,
            max_saturated_share=thresholds.max_saturated_share,
            max_repeated_share=thresholds.max_repeated_share,
            min_variance=min_deviation * min_deviation,
            min_correlation=thresholds.min_correlation,
            pattern_correlation=_PATTERN_CORRELATION,
        )

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
        return REASONS[self.compiled.judge(tensor, inner or self._everything)]

    def shows_screen(self, tensor: _Image, inner: tuple[int, int, int, int] | None = None) -> bool:
        """Whether a frame looks like a scanner's whole screen: see `SCREEN_WITHOUT_REGION`.

        Args:
            tensor: as for `reasons`.
            inner: as for `reasons`.
        """
        return _kernels.looks_like_screen(
            tensor, self._size, inner or self._everything, self.per_level
        )
