"""All that a recipe can set: its shape, its types, its ranges, its defaults.

The one place that says them. `export.recipe.read` converts a TOML file into these types by msgspec,
which refuses what does not fit. Nothing of `export` but constants is imported here, so that every
module can take its settings from here.

A field's default is part of what a digest means (`export.recipe.digests`): another default is
another setting, and needs another `digests.VERSION`.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, convert, structs

from export.recipe.constants import VIEW_DRAWING
from sdk.preprocess import Preprocessing

if TYPE_CHECKING:
    ReadBySdk = Preprocessing
else:
    # msgspec would build the dataclass itself and drop unknown entries; `Preprocessing.from_dict`
    # refuses them, so `read` hands over the finished object
    ReadBySdk = Any

PLAIN = "plain"
"""The teacher that sees frames alone; no `[gaze.NAME]` can be called so."""
EFFICIENTNET_LITE0 = "efficientnet_lite0"
DEPTHWISE, DENSE = "depthwise", "dense"

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=64)]
RecipeName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z", max_length=64)]
Text = Annotated[str, Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]
Seed = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Epochs = Annotated[int, Meta(ge=1, le=100_000)]
Channels = Annotated[int, Meta(ge=1, le=4096)]
Share = Annotated[float, Meta(ge=0, le=1)]
PositiveShare = Annotated[float, Meta(gt=0, le=1)]
Decay = Annotated[float, Meta(ge=0, lt=1)]
Rate = Annotated[float, Meta(gt=0, le=10)]
Scale = Annotated[float, Meta(gt=0, le=100)]
Patch = Annotated[int, Meta(ge=2, le=64)]
BranchCount = Annotated[int, Meta(ge=0, le=8)]
HalfWidth = Annotated[float, Meta(ge=0, le=10)]
Weight = Annotated[float, Meta(gt=0, le=1e6)]
Fill = Literal["inpaint", "blur", "speckle", "copy", "mirror"]
Partners = Annotated[int, Meta(ge=1, le=4096)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """A section of a recipe: frozen, with no field that nobody reads."""

    def __post_init__(self) -> None:
        """Refuse lists of names that hold one twice, which no type can say."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, tuple) and value and isinstance(value[0], str):
                twice = sorted({name for name in value if value.count(name) > 1})
                if twice:
                    raise ValueError(f"{field} has {twice[0]!r} twice; allowed: each once")


class AugmentConfig(Settings, frozen=True):
    """Ranges of the random view; a probability is named `p_...`, the rest are half-widths."""

    scale_min: Scale = 0.6
    scale_max: Scale = 2.0
    aspect: HalfWidth = 0.35
    rotation_deg: Annotated[float, Meta(ge=0, le=180)] = 15.0
    shift: Share = 0.12
    p_flip: Share = 0.5
    gamma: HalfWidth = 0.5
    gain: HalfWidth = 0.35
    depth_gain: HalfWidth = 0.5
    speckle: HalfWidth = 0.35
    blur_sigma_px: Annotated[float, Meta(ge=0, le=100)] = 1.6
    p_sector: Share = 0.3
    p_text: Share = 0.5
    p_mask: Share = 0.4
    p_shadow: Share = 0.25
    p_recode: Share = 0.3
    p_crop: Share = 0.0
    crop_aspect_min: Scale = 0.8
    crop_aspect_max: Scale = 1.6
    p_border: Share = 0.0

    def __post_init__(self) -> None:
        """Refuse a range whose ends are exchanged."""
        for what in ("scale", "crop_aspect"):
            low, high = getattr(self, f"{what}_min"), getattr(self, f"{what}_max")
            if low > high:
                raise ValueError(f"{what}_min is {low}; allowed: at most {what}_max, {high}")


class BankConfig(Settings, frozen=True):
    """How many views a frame gets, and how they are drawn.

    Attributes:
        views_per_frame: of each frame.
        seed: of all that is drawn.
        mix_share: share of views into which a second frame is mixed.
        oversample, chunk_frames, mix_partners: as in `constants.ViewDrawing`.
    """

    views_per_frame: Annotated[int, Meta(ge=1, le=4096)]
    seed: Seed
    mix_share: Share = 0.0
    oversample: int = VIEW_DRAWING.oversample
    chunk_frames: int = VIEW_DRAWING.chunk_frames
    mix_partners: int = VIEW_DRAWING.mix_partners


class LoopConfig(Settings, frozen=True):
    """Schedule of one run; an epoch shows one view of each frame, in random order.

    Batches are full: what is left of an epoch's order, less than a batch, is not shown.

    Attributes:
        epochs, batch, seed: as they say.
        learning_rate: the highest, after `warmup_epochs`; from there it falls along a cosine to 0.
        weight_decay: of matrices and kernels; biases and norms have none.
        average: decay of the moving average of weights, which is what a run returns.
        decay_gaze_gates: whether it acts on gaze gates too, which start at 0 and are drawn back
            to it. True, as recorded runs have it.
        max_gradient_norm: longer gradients are cut to it.
    """

    epochs: Epochs
    batch: Annotated[int, Meta(ge=1, le=65_536)]
    learning_rate: Rate
    weight_decay: HalfWidth
    seed: Seed
    average: Decay = 0.999
    warmup_epochs: Annotated[float, Meta(ge=0, le=1000)] = 1.0
    decay_gaze_gates: bool = True
    max_gradient_norm: Weight = 5.0


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
        fold, folds: instead of the usual validation part, patients of training and validation are
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


class GazeConfig(Settings, frozen=True):
    """How a teacher gets gaze; a recipe's `[gaze.NAME]`.

    Attributes:
        source: `folder` (recordings beside your own frames), `annotations` (simulated at marked
            structures, see `export.gaze.annotated`) or `landmarks` (simulated at places predicted
            from research-only landmarks, see `export.gaze.predicted`).
        way: `modulate` or `foveate`, see `export.models.gaze_gate`.
        dropout: share of views whose gaze the teacher does not see in training.
        control: what is done to the maps first, see `export.gaze.controls`.
        seed: of the simulation and of the control.
        least_coverage: share of its frames that each recording must have gaze on, and all of them
            of all frames to train on; less is refused.
        pass_coverage: recordings that may cover less, as the column `gaze` names them.
    """

    source: Literal["folder", "annotations", "landmarks"]
    way: Literal["modulate", "foveate"] = "modulate"
    dropout: Share = 0.5
    control: Literal["none", "within_class", "among_all", "centre", "random"] = "none"
    seed: Seed = 1
    least_coverage: Share = 0.5
    pass_coverage: Texts = ()


class StageConfig(Settings, frozen=True, array_like=True):
    """One block of a student; a recipe writes it as `[expansion, channels, kernel, stride]`.

    Depthwise-separable for `expansion` 0, an inverted residual from 1.
    """

    expansion: Annotated[int, Meta(ge=0, le=64)]
    channels: Channels
    kernel: Literal[1, 3, 5, 7, 9, 11]
    stride: Annotated[int, Meta(ge=1, le=4)]


class StudentConfig(Settings, frozen=True):
    """The architecture as data: stem channels, then blocks, then the pooled head's channels.

    Attributes:
        stem, stages, head: as said.
        architecture: a name in `export.models.student.STUDENTS`, which reads the rest as it needs.
        patch: side of the patches that a `dense` stem reads, pixels.
        branches: of a `dense` block in training with its whole kernel, beside a 1x1 one and its
            input; they fold into one kernel at export. 0: that kernel alone.
    """

    stem: Channels
    stages: Annotated[tuple[StageConfig, ...], Meta(min_length=1, max_length=64)]
    head: Annotated[int, Meta(ge=1, le=65_536)]
    architecture: Name = DEPTHWISE
    patch: Patch = 4
    branches: BranchCount = 0

    def __post_init__(self) -> None:
        """Refuse what the built-in architectures would not read."""
        super().__post_init__()
        if self.architecture == DENSE:
            expanded = [n for n, stage in enumerate(self.stages) if stage.expansion]
            if expanded:
                raise ValueError(
                    f"stages[{expanded[0]}].expansion is {self.stages[expanded[0]].expansion}; "
                    f"allowed: 0 in a {DENSE!r} student"
                )
        if self.architecture == DEPTHWISE:
            for field, unread in (("patch", 4), ("branches", 0)):
                if getattr(self, field) != unread:
                    raise ValueError(
                        f"{field} is {getattr(self, field)}, which a {DEPTHWISE!r} student doesn't "
                        f"read; leave it out, or choose architecture = {DENSE!r}"
                    )

    @classmethod
    def from_rows(cls, stem: int, stages: list[list[int]], head: int) -> "StudentConfig":
        """Build from rows `[expansion, channels, kernel, stride]`.

        Raises:
            msgspec.ValidationError: a number is out of its range.
        """
        return convert({"stem": stem, "stages": stages, "head": head}, cls)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a model file's provenance tells it: stages by the names of their fields."""
        stages = [structs.asdict(stage) for stage in self.stages]
        return {**structs.asdict(self), "stages": stages}


class TeacherConfig(LoopConfig, frozen=True, kw_only=True):
    """A recipe's `[teacher]`: its data, its views, its schedule.

    Attributes:
        datasets: names of the data sets that it learns from.
        views_per_frame, mix_share: of its bank of views, drawn by the `seed` of the schedule.
        start: `imagenet` weights or random ones (`scratch`).
        members: teachers of one committee, each by the next seed.
        architecture: a name in `export.models.teacher.TEACHERS`.
        loss: `labels` or `labels_against_rest`, see `export.distill.losses`.
        mix_partners: frames that a chunk of 64 is mixed with.
    """

    datasets: Texts
    views_per_frame: Annotated[int, Meta(ge=1, le=4096)]
    mix_share: Share
    start: Literal["imagenet", "scratch"] = "imagenet"
    members: Annotated[int, Meta(ge=1, le=16)] = 1
    architecture: Name = EFFICIENTNET_LITE0
    loss: Literal["labels", "labels_against_rest"] = "labels"
    mix_partners: Partners = VIEW_DRAWING.mix_partners

    @property
    def bank(self) -> BankConfig:
        """The views that it learns from."""
        return BankConfig(
            self.views_per_frame, self.seed, self.mix_share, mix_partners=self.mix_partners
        )


class TransferConfig(Settings, frozen=True, kw_only=True):
    """A recipe's `[transfer]`: the views that students learn from.

    Attributes:
        datasets, views_per_frame, mix_share, bank_seed: of the bank of views.
        mix_partners: frames that a chunk of 64 is mixed with.
        bank_by_seed: whether each student's seed has a bank of its own, so that the spread over
            seeds holds the chance in drawing views. Without, all share one, and it is drawn once.
        teacher_precision: of the teacher's answers. bf16 rounds logits near 4 to steps of 1/32.
    """

    datasets: Texts
    views_per_frame: Annotated[int, Meta(ge=1, le=4096)]
    mix_share: Share
    bank_seed: Seed
    mix_partners: Partners = VIEW_DRAWING.mix_partners
    bank_by_seed: bool = False
    teacher_precision: Literal["bf16", "fp32"] = "bf16"

    def bank(self, seed: int) -> BankConfig:
        """Return the views of a student's seed."""
        return BankConfig(
            self.views_per_frame,
            # far apart: a neighbour's bank would be that of the next recipe's `bank_seed`
            self.bank_seed + (100_003 * seed if self.bank_by_seed else 0),
            self.mix_share,
            mix_partners=self.mix_partners,
        )


class StudentTraining(LoopConfig, frozen=True, kw_only=True):
    """A recipe's `[student]`: its architecture, its schedule, the temperature of distillation."""

    stem: Channels
    stages: Annotated[tuple[StageConfig, ...], Meta(min_length=1, max_length=64)]
    head: Annotated[int, Meta(ge=1, le=65_536)]
    temperature: Annotated[float, Meta(gt=0, le=1000)]
    architecture: Name = DEPTHWISE
    patch: Patch = 4
    branches: BranchCount = 0

    def __post_init__(self) -> None:
        """Refuse an architecture as `StudentConfig` does."""
        super().__post_init__()
        _ = self.network

    @property
    def network(self) -> StudentConfig:
        """The architecture."""
        names = StudentConfig.__struct_fields__
        return StudentConfig(**{name: getattr(self, name) for name in names})


class ObjectiveConfig(Settings, frozen=True):
    """What a student minimises; a recipe's `[objectives.NAME]`.

    Attributes:
        weights: of each loss, by its registered name. In a recipe they stand beside the other
            fields: `[objectives.kd]`, `labels = 1.0`, `logits = 1.0`.
        teacher: whose outputs count: `plain`, or a name under `[gaze]`.
        gaze: whose gaze the student's own losses use; the teacher's unless named.
        against: other objectives that `ablate` compares it with, beside the first. No run depends
            on it.
    """

    weights: Annotated[dict[Name, Weight], Meta(min_length=1)]
    teacher: Name = PLAIN
    gaze: Name | None = None
    against: Texts = ()

    @property
    def gaze_name(self) -> str | None:
        """Whose gaze the student's own losses would use; None for nobody's."""
        return self.gaze or (None if self.teacher == PLAIN else self.teacher)


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


class NoveltyConfig(Settings, frozen=True):
    """How a student knows a frame that is unlike its training frames; a recipe's `[novelty]`.

    Attributes:
        prototypes: means of each label, see `export.packaging.novelty`.
        shrinkage: of the features' covariance towards a sphere.
        directions: that the file keeps of it.
        kept: share of the right and accepted validation answers that the threshold lets pass.
    """

    prototypes: Annotated[int, Meta(ge=1, le=64)] = 1
    shrinkage: PositiveShare = 0.5
    directions: Annotated[int, Meta(ge=1, le=256)] = 16
    kept: Annotated[float, Meta(gt=0.5, lt=1)] = 0.98


class ThresholdConfig(Settings, frozen=True):
    """From which confidence on an answer is accepted; a recipe's `[thresholds]`.

    Attributes:
        accuracy: of the accepted answers.
        folds: students trained to predict what none of them saw: their answers choose temperature
            and thresholds. 0: the student's own on validation do.
        per_label: whether a label whose answers allow it gets a threshold of its own.
    """

    accuracy: Annotated[float, Meta(gt=0.5, lt=1)] = 0.99
    folds: Annotated[int, Meta(ge=0, le=20)] = 0
    per_label: bool = False

    def __post_init__(self) -> None:
        """Refuse a single fold."""
        super().__post_init__()
        if self.folds == 1:
            raise ValueError("folds is 1; allowed: 0, or 2 to 20")


class Recipe(Settings, frozen=True, kw_only=True):
    """All settings of one teacher and its students, as a TOML file with its bases laid under it."""

    name: RecipeName
    labels: Annotated[tuple[Text, ...], Meta(min_length=2)]
    preprocessing: ReadBySdk
    augment: AugmentConfig = AugmentConfig()
    data: DataConfig = DataConfig()
    outliers: OutlierConfig = OutlierConfig()
    erasing: ErasingConfig | None = None
    teacher: TeacherConfig
    transfer: TransferConfig
    student: StudentTraining
    gaze: dict[Name, GazeConfig] = {}
    objectives: Annotated[dict[Name, ObjectiveConfig], Meta(min_length=1)]
    quantise: Quantisation = Quantisation()
    novelty: NoveltyConfig | None = None
    thresholds: ThresholdConfig = ThresholdConfig()

    def __post_init__(self) -> None:
        """Refuse names that stand for nothing in this recipe."""
        super().__post_init__()
        if self.student.architecture == DENSE:
            self._check_patches(self.student.patch)
        used = (*self.teacher.datasets, *self.transfer.datasets)
        for dataset in self.outliers.datasets:
            _one_of("outliers.datasets", dataset, used)
        if self.erasing is not None and self.erasing.share < 1:
            _one_of("erasing.label", self.erasing.label, self.labels)
        if PLAIN in self.gaze:
            raise ValueError(f"gaze.{PLAIN} is the teacher without gaze; give it another name")
        for name, objective in self.objectives.items():
            where = f"objectives.{name}"
            _one_of(f"{where}.teacher", objective.teacher, (PLAIN, *self.gaze))
            if objective.gaze is not None:
                _one_of(f"{where}.gaze", objective.gaze, tuple(self.gaze))
            for rival in objective.against:
                _one_of(f"{where}.against", rival, tuple(self.objectives))

    def _check_patches(self, patch: int) -> None:
        size = (self.preprocessing.width, self.preprocessing.height)
        if any(side % patch for side in size):
            raise ValueError(
                f"student.patch is {patch}; allowed: a divisor of the input's width and height, "
                f"{size[0]} and {size[1]}"
            )


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{field} is {value!r}; allowed: {list(allowed)}")
