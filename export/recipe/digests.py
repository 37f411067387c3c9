"""What names a run: SHA-256 of the settings that it depends on, by one rule.

What is absent counts for nothing: a field that equals its default is left out, so that writing a
default into a recipe, or adding a field to `settings`, renames no run. Constants that change
results are held with their values. A default that changes is another setting under an old name:
give `VERSION` the next number then (tests/export/recipe/test_digests.py holds the defaults).
"""

import hashlib
import json
from typing import Any

from msgspec import NODEFAULT, Struct, structs

from export.recipe.constants import INT8_WEIGHTS, MAP_PROJECTION, PREDICTED_GAZE, VIEW_DRAWING
from export.recipe.settings import PLAIN, Quantisation, Recipe
from sdk.preprocess import Preprocessing

VERSION = 1


def recipe_digest(recipe: Recipe) -> str:
    """Return the digest of all of a recipe, whatever file and bases it was read from."""
    return _digest(_of_settings(recipe))


def teacher_digest(recipe: Recipe, name: str = PLAIN) -> str:
    """Return what the weights of the teacher `name` depend on."""
    return _digest(_teacher(recipe, name))


def outputs_digest(recipe: Recipe, name: str = PLAIN) -> str:
    """Return what the outputs of the teacher `name` for students' views depend on."""
    return _digest(_outputs(recipe, name))


def student_digest(recipe: Recipe, objective: str) -> str:
    """Return what the weights of a student depend on, but for its own seed."""
    config = recipe.objectives[objective]
    compared = structs.replace(config, against=())  # what it is compared with changes no run
    gaze = {} if config.gaze_name is None else {"gaze": _gaze(recipe, config.gaze_name)}
    return _digest(
        {
            "teacher outputs": _outputs(recipe, config.teacher),
            "student": _of_settings(recipe.student),
            "objective": _of_settings(compared),
            **gaze,
        }
    )


def quantisation_digest(settings: Quantisation) -> str:
    """Return what a fine-tuning's checkpoint depends on, beside the student's weights."""
    return _digest({**_of_settings(settings), "weights": INT8_WEIGHTS})


def _teacher(recipe: Recipe, name: str) -> dict[str, Any]:
    sections = {
        field: _of_settings(getattr(recipe, field))
        for field in ("labels", "preprocessing", "augment", "data", "teacher")
    }
    # younger than the digests of recorded runs: absent where nothing is said
    for field in ("outliers", "erasing"):
        said = getattr(recipe, field)
        if said is not None and (told := _of_settings(said)):
            sections[field] = told
    gaze = {} if name == PLAIN else {"gaze": _gaze(recipe, name)}
    return {**sections, **gaze, "view drawing": structs.asdict(VIEW_DRAWING)}


def _outputs(recipe: Recipe, name: str) -> dict[str, Any]:
    return {
        **_teacher(recipe, name),
        "transfer": _of_settings(recipe.transfer),
        "map projection": structs.asdict(MAP_PROJECTION),
    }


def _gaze(recipe: Recipe, name: str) -> dict[str, Any]:
    config = recipe.gaze[name]
    made = {} if config.source == "folder" else {"predicted": structs.asdict(PREDICTED_GAZE)}
    return {**_of_settings(config), **made}


def _of_settings(value: Any) -> Any:
    """Return settings as plain values, without what equals its default."""
    if isinstance(value, Preprocessing):
        return value.to_dict()  # a recipe says each of its fields
    if isinstance(value, Struct) and not value.__struct_config__.array_like:
        return {
            field.name: _of_settings(getattr(value, field.name))
            for field in structs.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, Struct):
        return list(structs.astuple(value))
    if isinstance(value, tuple):
        return [_of_settings(item) for item in value]
    if isinstance(value, dict):
        return {name: _of_settings(item) for name, item in value.items()}
    return value


def _default(field: structs.FieldInfo) -> Any:
    return field.default if field.default_factory is NODEFAULT else field.default_factory()


def _digest(story: dict[str, Any]) -> str:
    text = json.dumps({"version": VERSION, **story}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
