"""What a recipe names against what is registered: losses, what they need, architectures."""

from typing import Any

from export.distill.losses import LOSSES, needs_of
from export.errors import ExportError
from export.models.student import STUDENTS
from export.models.teacher import TEACHERS
from export.recipe.refusal import near
from export.recipe.settings import ObjectiveConfig, Recipe
from export.registry import Registry


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


def needs_teacher(config: ObjectiveConfig) -> bool:
    """Return whether any loss of it compares with a teacher."""
    return not needs_of(config.weights).isdisjoint(("teacher_logits", "teacher_map"))


def needs_gaze(config: ObjectiveConfig) -> bool:
    """Return whether any loss of it reads gaze."""
    return "gaze" in needs_of(config.weights)


def check_names(recipe: Recipe) -> None:
    """Refuse unregistered losses and architectures, and a loss of gaze with nobody's gaze.

    The settings' types can't say this: what is registered comes from modules of users, too.

    Raises:
        ExportError: `recipe-field`.
    """
    _registered("teacher.architecture", recipe.teacher.architecture, TEACHERS)
    _registered("student.architecture", recipe.student.architecture, STUDENTS)
    for name, config in recipe.objectives.items():
        for loss in config.weights:
            if loss not in LOSSES:
                raise ExportError(
                    "recipe-field",
                    f"objectives.{name}.{loss} is no loss{near(loss, LOSSES)}; allowed: "
                    f"{[*LOSSES]}, and the fields teacher, gaze, against",
                )
        if needs_gaze(config) and config.gaze_name is None:
            raise ExportError(
                "recipe-field",
                f"objectives.{name}.gaze is missing, and a loss of it needs gaze; allowed: "
                f"{sorted(recipe.gaze)}",
            )


def _registered(field: str, name: str, registry: Registry[Any]) -> None:
    if name not in registry:
        raise ExportError(
            "recipe-field",
            f"{field} is {name!r}{near(name, registry)}; allowed: {[*registry]}",
        )
