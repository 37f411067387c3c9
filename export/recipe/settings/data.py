"""Which frames a recipe trains on, and as what: `[data]`, `[outliers]`, `[erasing]`."""

from typing import Annotated, Literal

from msgspec import Meta

from export.recipe.settings.fields import Fill, PositiveShare, Seed, Settings, Share, Text, Texts


class DataConfig(Settings, frozen=True):
    """Which of the data sets' frames count; a recipe's `[data]`, all of them without.

    Attributes:
        machines: names of machines, as the data set's column says; what other known machines saw
            is scored apart. None: all, unknown ones included.
        patients_share: share of the patients; smaller shares lie within larger ones.
        seed: which patients.
        without_source_quality: rows whose `source_quality` is one of these are as if they weren't
            in the table, whatever their part. So a recipe keeps its frames when a data set grows.
        without_kinds: values of `fine`, or `DATASET:KIND`, that neither training nor validation
            see: what it is like to meet them for the first time is measured afterwards.
        fold, folds: instead of the usual validation set, patients of training and validation are
            dealt into `folds` parts, and part `fold` (from 0) is validated on. None: the usual.
    """

    machines: Texts | None = None
    patients_share: PositiveShare = 1.0
    seed: Seed = 1
    without_source_quality: Texts = ()
    without_kinds: Texts = ()
    fold: Annotated[int, Meta(ge=0, le=19)] | None = None
    folds: Annotated[int, Meta(ge=2, le=20)] = 5

    def __post_init__(self) -> None:
        """Refuse a fold beyond the last."""
        super().__post_init__()
        if self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold is {self.fold}; allowed: below folds, {self.folds}")


class OutlierConfig(Settings, frozen=True):
    """Frames that are none of the labels, whatever the table calls them; a recipe's `[outliers]`.

    How an outlier's share counts is the loss's to say: `labels` wants it uniform over the labels,
    `labels_against_rest` wants it denied by each.

    Attributes:
        datasets: every frame of these data sets, which `[teacher]` or `[transfer]` name too.
        kinds: values of `fine`, or `DATASET:KIND`.
        share: of such a frame's target that is `outlier`; the rest is its label. At 0 it is an
            ordinary frame of its label.
        most: how many rows may be outliers, as a share of the rows that aren't; whole groups are
            left out above. None: all.
        shuffled, drawn: rows that are added, as shares of the others: frames cut into tiles that
            change places, and drawings that show no tissue (`export.data.alteration`). Each is
            all outlier.
    """

    datasets: Texts = ()
    kinds: Texts = ()
    share: Share = 1.0
    most: PositiveShare | None = None
    shuffled: Share = 0.0
    drawn: Share = 0.0


class ErasingConfig(Settings, frozen=True):
    """Frames without their deciding structure; a recipe's `[erasing]`.

    Only frames that are trained on anyway, and whose structure is marked
    (`export.data.structures`), give such rows: one with the structure painted over, and, against
    paint as a cue, as many rows with paint elsewhere that keep their label.

    Attributes:
        structures: of `head`, `abdomen`, `femur`.
        fills: how it is painted over, one drawn for each view; see `export.data.fills`. `mirror`
            is kept for measuring unless a recipe names it.
        label: of what is left.
        share: of its target that is `outlier`; the rest is `label`.
        most: rows of each structure, at most; None: all.
        beside: also one crop beside the structure a frame, where there is room.
        seed: of what is chosen.
    """

    structures: Annotated[tuple[Literal["head", "abdomen", "femur"], ...], Meta(min_length=1)]
    fills: Annotated[tuple[Fill, ...], Meta(min_length=1)] = ("inpaint", "blur", "speckle", "copy")
    label: Text = "background"
    share: Share = 1.0
    most: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    beside: bool = False
    seed: Seed = 1
