"""Reading a recipe: a TOML file into checked, frozen settings."""

import hashlib
import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from export.data.augment import AugmentConfig
from export.data.view_bank import BankConfig
from export.distill.loop import LoopConfig
from export.errors import ExportError
from export.models.student import StudentConfig
from sdk.preprocess import Preprocessing

RECIPES = Path(__file__).parent / "recipes"
_LOOP = {f.name for f in fields(LoopConfig)}


@dataclass(frozen=True)
class Recipe:
    """All settings of one teacher and its students."""

    name: str
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    augment: AugmentConfig
    teacher_bank: BankConfig
    teacher_loop: LoopConfig
    teacher_datasets: tuple[str, ...]
    transfer_bank: BankConfig
    transfer_datasets: tuple[str, ...]
    student: StudentConfig
    student_loop: LoopConfig
    temperature: float
    losses: dict[str, dict[str, float]]
    digest: str
    teacher_digest: str


def load_recipe(name_or_path: str) -> Recipe:
    """Read a recipe by its name in `export/recipes` or by a path to a `.toml` file.

    Raises:
        ExportError: `recipe-missing`, `recipe-syntax` or `recipe-field`.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = RECIPES / f"{name_or_path}.toml"
    if not path.is_file():
        known = sorted(p.stem for p in RECIPES.glob("*.toml"))
        raise ExportError(
            "recipe-missing", f"no recipe {name_or_path!r}; give a .toml path or one of {known}"
        )
    text = path.read_bytes()
    try:
        table = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExportError("recipe-syntax", f"{path}: {error}") from error
    try:
        return _recipe(table, hashlib.sha256(text).hexdigest())
    except (KeyError, TypeError) as error:
        raise ExportError("recipe-field", f"{path}: missing or unknown field: {error}") from error


def _recipe(table: dict[str, Any], digest: str) -> Recipe:
    teacher, transfer, student = table["teacher"], table["transfer"], table["student"]
    return Recipe(
        name=table["name"],
        labels=tuple(table["labels"]),
        preprocessing=Preprocessing.from_dict(table["preprocessing"]),
        augment=AugmentConfig(**table.get("augment", {})),
        teacher_bank=BankConfig(
            views_per_frame=teacher["views_per_frame"],
            seed=teacher["seed"],
            mix_share=teacher["mix_share"],
        ),
        teacher_loop=_loop(teacher),
        teacher_datasets=tuple(teacher["datasets"]),
        transfer_bank=BankConfig(
            views_per_frame=transfer["views_per_frame"],
            seed=transfer["bank_seed"],
            mix_share=transfer["mix_share"],
        ),
        transfer_datasets=tuple(transfer["datasets"]),
        student=StudentConfig.from_rows(student["stem"], student["stages"], student["head"]),
        student_loop=_loop(student),
        temperature=float(student["temperature"]),
        losses=table["losses"],
        digest=digest,
        teacher_digest=_digest_of(table, ("labels", "preprocessing", "augment", "teacher")),
    )


def _digest_of(table: dict[str, Any], sections: tuple[str, ...]) -> str:
    """Return the SHA-256 of what a teacher depends on; the students' settings may change."""
    chosen = {name: table.get(name) for name in sections}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def _loop(table: dict[str, Any]) -> LoopConfig:
    return LoopConfig(**{name: value for name, value in table.items() if name in _LOOP})
