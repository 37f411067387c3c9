"""Reading a recipe: a TOML file, laid over its `base`, into checked, frozen settings."""

import re
import tomllib
from pathlib import Path
from typing import Any

from msgspec import ValidationError, convert, structs

from export.errors import ExportError
from export.files import is_file
from export.recipe.refusal import refusal
from export.recipe.settings import ObjectiveConfig, Recipe
from sdk import SdkError
from sdk.preprocess import Preprocessing

RECIPES = Path(__file__).parents[1] / "recipes"
RENAMED = {"losses": "objectives"}
"""Sections that had another name; an older recipe is refused with the new one."""
_AS_WRITTEN = re.compile(r"^(objectives\.[^.]*)\.weights")  # weights have no table of their own
_OBJECTIVE_FIELDS = {f.name for f in structs.fields(ObjectiveConfig)} - {"weights"}


def load_recipe(name_or_path: str) -> Recipe:
    """Read a recipe by its name in `export/recipes` or by a path to a `.toml` file.

    A recipe with `base = "NAME"` (or a path, relative to its own) says only what differs from that
    one: a section's own fields replace the base's, each objective and each gaze as a whole.

    Raises:
        ExportError: `recipe-missing`, `recipe-syntax` or `recipe-field`; the latter names the
            field with its section, the value and what is allowed.
    """
    table = _with_bases(path_of(name_or_path))
    try:
        return _recipe(table)
    except (ValueError, SdkError) as error:
        raise ExportError("recipe-field", f"{name_or_path}: {error}") from error


def path_of(name_or_path: str, beside: Path = Path()) -> Path:
    """Return a recipe's path: beside another for a relative `.toml`, or by name in `RECIPES`."""
    path = beside / name_or_path
    if path.suffix != ".toml":
        path = RECIPES / f"{name_or_path}.toml"
    if not is_file(path):
        known = sorted(p.stem for p in RECIPES.glob("*.toml"))
        raise ExportError(
            "recipe-missing", f"no recipe {name_or_path!r}; give a .toml path or one of {known}"
        )
    return path


def _with_bases(path: Path, heirs: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return a recipe's table laid over that of its `base`."""
    if path.resolve() in heirs:
        raise ExportError("recipe-field", f"{path}: `base` leads back to the same recipe")
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError("recipe-syntax", f"{path}: {error}") from error
    for before, now in RENAMED.items():
        if before in table:
            raise ExportError(
                "recipe-field", f"{path}: [{before}.NAME] is now called [{now}.NAME]; rename it"
            )
    base = table.pop("base", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise ExportError("recipe-field", f"{path}: `base` is {base!r}; it must name a recipe")
    return _laid_over(table, _with_bases(path_of(base, path.parent), (*heirs, path.resolve())))


def _laid_over(table: dict[str, Any], under: dict[str, Any]) -> dict[str, Any]:
    """Return `under` with `table`'s fields: a section's own replace, the others stay.

    One level deep, so that an objective of the same name is another one, not a mixture.
    """
    both = {
        name: {**under[name], **section}
        for name, section in table.items()
        if isinstance(section, dict) and isinstance(under.get(name), dict)
    }
    return {**under, **table, **both}


def _recipe(table: dict[str, Any]) -> Recipe:
    """Convert a table; ValueError says why it can't be."""
    shaped = dict(table)
    if isinstance(table.get("objectives"), dict):
        shaped["objectives"] = {n: _objective(f) for n, f in table["objectives"].items()}
    if "preprocessing" in table:
        shaped["preprocessing"] = Preprocessing.from_dict(table["preprocessing"])
    try:
        return convert(shaped, Recipe)
    except ValidationError:
        why = refusal(shaped, Recipe)
    raise ValueError(_AS_WRITTEN.sub(r"\1", why))


def _objective(fields: Any) -> Any:
    """Gather the losses' weights, which a recipe writes beside the objective's other fields."""
    if not isinstance(fields, dict):
        return fields
    weights = {name: value for name, value in fields.items() if name not in _OBJECTIVE_FIELDS}
    return {**{n: v for n, v in fields.items() if n in _OBJECTIVE_FIELDS}, "weights": weights}
