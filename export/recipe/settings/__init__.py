"""All that a recipe can set: its shape, its types, its ranges, its defaults.

The one place that says them. `export.recipe.read` converts a TOML file into these types by msgspec,
which refuses what does not fit. Nothing of `export` but constants is imported here, so that every
module can take its settings from here.

A field's default is part of what a digest means (`export.recipe.digests`): another default is
another setting, and needs another `digests.VERSION`.
"""

from export.recipe.settings.data import DataConfig, ErasingConfig, OutlierConfig
from export.recipe.settings.fields import (
    DENSE,
    DEPTHWISE,
    EFFICIENTNET_LITE0,
    EFFICIENTNET_LITE2,
    PLAIN,
    Settings,
)
from export.recipe.settings.gaze import GazeConfig
from export.recipe.settings.network import StageConfig, StudentConfig
from export.recipe.settings.packaging import (
    NoveltyConfig,
    OpenSetConfig,
    Quantisation,
    ThresholdConfig,
)
from export.recipe.settings.recipe import Recipe
from export.recipe.settings.training import (
    LoopConfig,
    ObjectiveConfig,
    StudentTraining,
    TeacherConfig,
    TransferConfig,
)
from export.recipe.settings.views import AugmentConfig, BankConfig

__all__ = [
    "DENSE",
    "DEPTHWISE",
    "EFFICIENTNET_LITE0",
    "EFFICIENTNET_LITE2",
    "PLAIN",
    "AugmentConfig",
    "BankConfig",
    "DataConfig",
    "ErasingConfig",
    "GazeConfig",
    "LoopConfig",
    "NoveltyConfig",
    "ObjectiveConfig",
    "OpenSetConfig",
    "OutlierConfig",
    "Quantisation",
    "Recipe",
    "Settings",
    "StageConfig",
    "StudentConfig",
    "StudentTraining",
    "TeacherConfig",
    "ThresholdConfig",
    "TransferConfig",
]
