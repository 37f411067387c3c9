"""The plan: all that is run and compared, read from `plan.toml`."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from export.recipe.settings.fields import Fill, PositiveShare, Settings
from sdk.preprocess import Preprocessing

PLAN = Path(__file__).with_name("plan.toml")
LABELS = ("head", "abdomen", "femur", "background")
WAYS = ("kd", "overlays", "attention", "erase", "auxiliary", "modulate", "start_rotation",
        "start_gaze")  # fmt: skip
GAZES = ("true", "within_class", "among_all", "centre", "random")
Count = Annotated[int, Meta(ge=1, le=100_000)]
Measure = Literal[
    "worst_label_reversed", "erased_accepted", "bone_over_centre", "balanced_accuracy"
]


class Arm(Settings, frozen=True):
    """What a student learns by: a way, and whose gaze it uses (empty: nobody's)."""

    way: str
    gaze: str = ""

    @classmethod
    def named(cls, name: str) -> "Arm":
        """Return the arm of a name, `WAY` or `WAY:GAZE`.

        Raises:
            ValueError: there is none.
        """
        way, _, gaze = name.partition(":")
        without = way in ("kd", "overlays", "start_rotation")
        if way not in WAYS or gaze not in (("",) if without else GAZES):
            raise ValueError(f"no arm {name!r}; ways are {WAYS}, gazes {GAZES}")
        return cls(way, gaze)


class Setting(Settings, frozen=True):
    """What is trained on: frames with a planted cue, as they are, or with few labels."""

    name: str
    arms: tuple[str, ...]
    cue: Literal["outside", "inside"] | None = None
    strength: PositiveShare = 1.0

    def __post_init__(self) -> None:
        """Refuse an arm that there isn't."""
        super().__post_init__()
        for name in self.arms:
            Arm.named(name)


class Comparisons(Settings, frozen=True):
    """Pairs of arms whose difference is tested, in each of some settings."""

    settings: tuple[str, ...]
    measure: Measure
    better: Literal["higher", "lower"]
    pairs: tuple[tuple[str, str], ...]


class Plan(Settings, frozen=True):
    """The fields of `plan.toml`, which explains them."""

    name: str
    rounds: Count
    folds: Annotated[int, Meta(ge=2, le=20)]
    rows_per_label: Count
    width: Count
    height: Count
    views: Count
    batch: Count
    teacher_epochs: Count
    student_epochs: Count
    start_epochs: Count
    learning_rate: Annotated[float, Meta(gt=0)]
    attention_weight: Annotated[float, Meta(gt=0)]
    temperature: Annotated[float, Meta(gt=0)]
    gaze_dropout: Annotated[float, Meta(ge=0, lt=1)]
    labelled_share: PositiveShare
    train_fills: tuple[Fill, ...]
    test_fills: tuple[Fill, ...]
    kept: PositiveShare
    alpha: PositiveShare
    power: PositiveShare
    draws: Count
    settings: tuple[Setting, ...]
    comparisons: tuple[Comparisons, ...]

    def __post_init__(self) -> None:
        """Refuse comparisons of what isn't run."""
        super().__post_init__()
        arms = {s.name: s.arms for s in self.settings}
        for comparison in self.comparisons:
            for setting in comparison.settings:
                for arm in (a for pair in comparison.pairs for a in pair):
                    if arm not in arms.get(setting, ()):
                        raise ValueError(f"{arm!r} is compared in {setting!r}, and not run there")

    @property
    def preprocessing(self) -> Preprocessing:
        """How frames become inputs."""
        return Preprocessing(self.width, self.height, aspect="letterbox", mean=0.2, std=0.2)

    @property
    def planned(self) -> int:
        """How many comparisons are tested, which p-values are corrected for."""
        return sum(len(c.settings) * len(c.pairs) for c in self.comparisons)


def read_plan(path: Path = PLAN) -> Plan:
    """Read a plan.

    Raises:
        msgspec.ValidationError: something in it is not allowed.
    """
    return msgspec.toml.decode(path.read_bytes(), type=Plan)
