"""A whole recipe: its sections, and the names by which they refer to each other."""

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, field

from export.recipe.settings.data import DataConfig, ErasingConfig, OutlierConfig
from export.recipe.settings.fields import DENSE, PLAIN, Name, RecipeName, Settings, Text
from export.recipe.settings.gaze import GazeConfig
from export.recipe.settings.packaging import NoveltyConfig, Quantisation, ThresholdConfig
from export.recipe.settings.training import (
    ObjectiveConfig,
    StudentTraining,
    TeacherConfig,
    TransferConfig,
)
from export.recipe.settings.views import AugmentConfig
from sdk.preprocess import Preprocessing

if TYPE_CHECKING:
    ReadBySdk = Preprocessing
else:
    # msgspec would build the dataclass itself and drop unknown entries; `Preprocessing.from_dict`
    # refuses them, so `read` hands over the finished object
    ReadBySdk = Any


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
    gaze: dict[Name, GazeConfig] = field(default_factory=dict)
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
        for dataset in self.transfer.unlabelled:
            if dataset in used:
                raise ValueError(
                    f"transfer.unlabelled names {dataset!r}, and so does a `datasets`; "
                    "allowed: data sets that neither teacher nor student learns labels from"
                )
        for dataset in self.outliers.datasets:
            _one_of("outliers.datasets", dataset, used)
        if self.erasing is not None and self.erasing.share < 1:
            _one_of("erasing.label", self.erasing.label, self.labels)
        self._check_open_set()
        if PLAIN in self.gaze:
            raise ValueError(f"gaze.{PLAIN} is the teacher without gaze; give it another name")
        for name, objective in self.objectives.items():
            where = f"objectives.{name}"
            _one_of(f"{where}.teacher", objective.teacher, (PLAIN, *self.gaze))
            if objective.gaze is not None:
                _one_of(f"{where}.gaze", objective.gaze, tuple(self.gaze))
            for rival in objective.against:
                _one_of(f"{where}.against", rival, tuple(self.objectives))

    def _check_open_set(self) -> None:
        config = None if self.novelty is None else self.novelty.open_set
        if config is None:
            return
        for dataset in config.outliers.datasets:
            _one_of("novelty.open_set.outliers.datasets", dataset, config.datasets)
        for label in config.denies:
            _one_of("novelty.open_set.denies", label, self.labels)
        if config.erasing is not None and config.erasing.share < 1:
            _one_of("novelty.open_set.erasing.label", config.erasing.label, self.labels)

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
