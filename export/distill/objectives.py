"""A recipe's objectives against what there is: registered losses, and what these need."""

from collections.abc import Iterable

from export.distill.losses import FEATURE_PARTS, GAZE_PARTS, PARTS, TEACHER_PARTS
from export.errors import ExportError
from export.recipe.refusal import near
from export.recipe.settings import ObjectiveConfig, Recipe


def objective_named(recipe: Recipe, name: str) -> ObjectiveConfig:
    """Return an objective of the recipe.

    Raises:
        ExportError: `recipe-objective` when it has none of that name.
    """
    if name not in recipe.objectives:
        known = sorted(recipe.objectives)
        raise ExportError(
            "recipe-objective",
            f"no [objectives.{name}] in the recipe{near(name, known)}; known: {known}",
        )
    return recipe.objectives[name]


def needs_of(losses: Iterable[str]) -> frozenset[str]:
    """Return what the losses of these names need beside labels.

    Of `teacher_logits`, `teacher_map` (the teacher's middle map) and `gaze`.
    """
    needs = set()
    for name in losses:
        needs |= {"teacher_map"} if name in FEATURE_PARTS else set()
        needs |= {"teacher_logits"} if name in TEACHER_PARTS else set()
        needs |= {"gaze"} if name in GAZE_PARTS else set()
    return frozenset(needs)


def needs_teacher(config: ObjectiveConfig) -> bool:
    """Return whether any loss of it compares with a teacher."""
    return not needs_of(config.weights).isdisjoint(("teacher_logits", "teacher_map"))


def needs_gaze(config: ObjectiveConfig) -> bool:
    """Return whether any loss of it reads gaze."""
    return "gaze" in needs_of(config.weights)


def check_objectives(recipe: Recipe) -> None:
    """Refuse objectives of unknown losses, or with a loss of gaze and nobody's gaze.

    The settings' types can't say this: losses are registered, and by packages of others too.

    Raises:
        ExportError: `recipe-field`.
    """
    for name, config in recipe.objectives.items():
        for loss in config.weights:
            if loss not in PARTS:
                raise ExportError(
                    "recipe-field",
                    f"objectives.{name}.{loss} is no loss{near(loss, PARTS)}; allowed: "
                    f"{sorted(PARTS)}, and the fields teacher, gaze, against",
                )
        if needs_gaze(config) and config.gaze_name is None:
            raise ExportError(
                "recipe-field",
                f"objectives.{name}.gaze is missing, and a loss of it needs gaze; allowed: "
                f"{sorted(recipe.gaze)}",
            )
