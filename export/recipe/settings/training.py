"""What is trained, how long and on what: `[teacher]`, `[transfer]`, `[student]`, `[objectives]`."""

from typing import Annotated, Literal

from msgspec import Meta

from export.recipe.constants import VIEW_DRAWING
from export.recipe.settings.fields import (
    DEPTHWISE,
    EFFICIENTNET_LITE0,
    PLAIN,
    BranchCount,
    Channels,
    Decay,
    Epochs,
    HalfWidth,
    Name,
    Partners,
    Patch,
    Rate,
    Seed,
    Settings,
    Share,
    Texts,
    Weight,
)
from export.recipe.settings.network import StageConfig, StudentConfig
from export.recipe.settings.views import AugmentConfig, BankConfig


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
        unlabelled: data sets whose labels nobody looks at: on views of their training frames
            students follow the teacher alone, and a loss of labels counts nothing. The teacher
            doesn't learn from them.
        augment: of students' views; None: the recipe's, which are the teacher's too. A student of
            few parameters learns more from milder ones.
        teacher_precision: of the teacher's answers. bf16 rounds logits near 4 to steps of 1/32.
    """

    datasets: Texts
    views_per_frame: Annotated[int, Meta(ge=1, le=4096)]
    mix_share: Share
    bank_seed: Seed
    mix_partners: Partners = VIEW_DRAWING.mix_partners
    bank_by_seed: bool = False
    unlabelled: Texts = ()
    augment: AugmentConfig | None = None
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
