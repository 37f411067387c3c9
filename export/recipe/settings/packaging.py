"""What is done to a trained student: `[quantise]`, `[novelty]`, `[thresholds]`."""

from typing import Annotated, Literal

from msgspec import Meta

from export.recipe.settings.data import ErasingConfig, OutlierConfig
from export.recipe.settings.fields import (
    Decay,
    Epochs,
    PositiveShare,
    Rate,
    Seed,
    Settings,
    Share,
    Text,
    Texts,
)
from export.recipe.settings.training import LoopConfig
from export.recipe.settings.views import AugmentConfig


class Quantisation(Settings, frozen=True):
    """How a recipe's students become int8; its `[quantise]`.

    Attributes:
        method: `static` (ranges from training frames) or `qat` (quantisation-aware training).
        epochs, learning_rate, average, seed: of `qat`'s fine-tuning.
        float_layers: what stays fp32, by paths in the student: `stem`, `blocks.0`, `classifier`.
    """

    method: Literal["static", "qat"] = "static"
    epochs: Epochs = 8
    learning_rate: Rate = 3e-4
    average: Decay = 0.99
    seed: Seed = 1
    float_layers: tuple[Text, ...] = ()


class OpenSetConfig(LoopConfig, frozen=True, kw_only=True):
    """A head that may deny every label, on a finished student's trunk; `[novelty.open_set]`.

    The student stays as it is: what it hasn't learned from, this head can.

    Attributes:
        datasets, outliers, erasing: what it learns from, as a student's recipe says it.
        augment: of its views; None: the recipe's.
        views_per_frame: of its bank, drawn by the `seed` of the schedule.
        maps: attention maps through which it looks at the trunk.
        hidden: units between these and the labels.
        denies: labels whose answers it may deny; none named: every label's. A label such as
            "background", which says itself that a frame shows no plane, is then no false answer.
        kept: share of the right and accepted validation answers, by labels that it may deny, that
            its limit lets pass.
    """

    datasets: Texts
    views_per_frame: Annotated[int, Meta(ge=1, le=4096)]
    outliers: OutlierConfig = OutlierConfig()
    erasing: ErasingConfig | None = None
    augment: AugmentConfig | None = None
    maps: Annotated[int, Meta(ge=1, le=64)] = 8
    hidden: Annotated[int, Meta(ge=1, le=1024)] = 16
    denies: Texts = ()
    kept: Annotated[float, Meta(gt=0.5, lt=1)] = 0.98


class NoveltyConfig(Settings, frozen=True):
    """How a student knows a frame that is unlike its training frames; a recipe's `[novelty]`.

    Attributes:
        prototypes: means of each label, see `export.packaging.prototypes`.
        shrinkage: of the features' covariance towards a sphere.
        directions: that the file keeps of it.
        kept: share of the right and accepted validation answers that the distance's limit lets
            pass.
        open_set: a second measure beside the distance; None: the distance alone.
    """

    prototypes: Annotated[int, Meta(ge=1, le=64)] = 1
    shrinkage: PositiveShare = 0.5
    directions: Annotated[int, Meta(ge=1, le=256)] = 16
    kept: Annotated[float, Meta(gt=0.5, lt=1)] = 0.98
    open_set: OpenSetConfig | None = None


class ThresholdConfig(Settings, frozen=True):
    """From which confidence on an answer is accepted; a recipe's `[thresholds]`.

    Attributes:
        accuracy: of the accepted answers.
        folds: students trained to predict what none of them saw: their answers choose temperature
            and thresholds. 0: the student's own on validation do.
        per_label: whether a label whose answers allow it gets a threshold of its own.
        strangers: kinds (`fine`, or `DATASET:KIND`), dealt to the folds in turn, whose teachers and
            students never meet them. Thresholds are then chosen by them too, each label its own
            (`export.release.strangers`); `per_label` counts for nothing.
        epochs: of the folds' students; None: as many as the student's own.
        strangers_accepted: share of each such kind that may be accepted by another label than its
            own.
        kept: share of right answers to frames of the labels that stay accepted all the same; it
            goes before `strangers_accepted`.
    """

    accuracy: Annotated[float, Meta(gt=0.5, lt=1)] = 0.99
    folds: Annotated[int, Meta(ge=0, le=20)] = 0
    per_label: bool = False
    strangers: Texts = ()
    epochs: Epochs | None = None
    strangers_accepted: Share = 0.05
    kept: Annotated[float, Meta(gt=0.5, lt=1)] = 0.95

    def __post_init__(self) -> None:
        """Refuse a single fold, and kinds without folds to leave them out."""
        super().__post_init__()
        if self.folds == 1:
            raise ValueError("folds is 1; allowed: 0, or 2 to 20")
        if self.strangers and not self.folds:
            raise ValueError("strangers names kinds; allowed: with folds, which leave them out")
