"""Reading a recipe: a TOML file into checked, frozen settings."""

import hashlib
import json
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from export.data.augment import AugmentConfig
from export.data.view_bank import BankConfig
from export.distill.loop import LoopConfig
from export.distill.losses import LOSSES, needs_of
from export.errors import ExportError
from export.files import is_file
from export.gaze.privileged import GazeConfig
from export.models.student import DEPTHWISE, STUDENTS, StudentConfig
from export.models.teacher import EFFICIENTNET_LITE0, TEACHERS
from export.packaging.settings import Quantisation
from export.recipe.check import check_recipe
from export.registry import Registry
from sdk import SdkError
from sdk.preprocess import Preprocessing

RECIPES = Path(__file__).parents[1] / "recipes"
PLAIN = "plain"  # the teacher that sees frames alone
_LOOP = {f.name for f in fields(LoopConfig)}


@dataclass(frozen=True)
class DataConfig:
    """Which of the data sets' frames count; a recipe's `[data]`, all of them without.

    Attributes:
        without_source_quality: rows whose `source_quality` is one of these are as if they weren't
            in the table, whatever their part. So a recipe keeps its frames when a data set grows.
        machines: names of machines, as the data set's column says; what other known machines saw
            is scored apart. None: all, unknown ones included.
        patients_share: share of the patients, 0 to 1; smaller shares lie within larger ones.
        seed: which patients.
    """

    machines: tuple[str, ...] | None = None
    patients_share: float = 1.0
    seed: int = 1
    without_source_quality: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.patients_share <= 1:
            raise ValueError(f"patients_share is {self.patients_share}; allowed: above 0, up to 1")


ALL_DATA = DataConfig()


@dataclass(frozen=True)
class LossConfig:
    """What a student's loss is made of; a recipe's `[losses.NAME]`.

    Attributes:
        weights: of each loss, by its name in `export.distill.losses.LOSSES`.
        teacher: whose word counts: `plain`, or a name under `[gaze]`.
        gaze: whose gaze the student's own parts use; the teacher's unless named.
        against: other losses that `ablate` holds it against, beside the first.
    """

    weights: dict[str, float]
    teacher: str = PLAIN
    gaze: str | None = None
    against: tuple[str, ...] = ()

    @property
    def needs_teacher(self) -> bool:
        """Whether any part asks for a teacher."""
        return not needs_of(self.weights).isdisjoint(("teacher_logits", "teacher_map"))

    @property
    def needs_gaze(self) -> bool:
        """Whether any part asks for gaze."""
        return "gaze" in needs_of(self.weights)


@dataclass(frozen=True)
class Recipe:
    """All settings of one teacher and its students."""

    name: str
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    augment: AugmentConfig
    teacher_bank: BankConfig
    teacher_loop: LoopConfig
    data: DataConfig
    teacher_datasets: tuple[str, ...]
    teacher_start: str
    teacher_members: int
    teacher_architecture: str
    transfer_bank: BankConfig
    transfer_datasets: tuple[str, ...]
    student: StudentConfig
    student_loop: LoopConfig
    temperature: float
    losses: dict[str, LossConfig]
    gaze: dict[str, GazeConfig]
    quantise: Quantisation
    digest: str
    teacher_digests: dict[str, str]
    taught_digests: dict[str, str]
    student_digests: dict[str, str]

    def losses_named(self, name: str) -> LossConfig:
        """Return the losses `name`.

        Raises:
            ExportError: `recipe-losses` when the recipe has none of that name.
        """
        if name not in self.losses:
            raise ExportError(
                "recipe-losses",
                f"no losses {name!r} in the recipe; known: {sorted(self.losses)}",
            )
        return self.losses[name]


def load_recipe(name_or_path: str) -> Recipe:
    """Read a recipe by its name in `export/recipes` or by a path to a `.toml` file.

    A recipe with `base = "NAME"` (or a path, relative to its own) says only what differs from that
    one: a section's own fields replace the base's, each loss and each gaze as a whole.

    Raises:
        ExportError: `recipe-missing`, `recipe-syntax` or `recipe-field`.
    """
    table, digest = _read(_path_of(name_or_path, Path()))
    try:
        check_recipe(table)
        return _recipe(table, digest)
    except (ValueError, SdkError) as error:
        raise ExportError("recipe-field", f"{name_or_path}: {error}") from error


def _path_of(name_or_path: str, beside: Path) -> Path:
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


def _read(path: Path, heirs: tuple[Path, ...] = ()) -> tuple[dict[str, Any], str]:
    """Return a recipe's table laid over that of its `base`, and the digest of what was read."""
    if path.resolve() in heirs:
        raise ExportError("recipe-field", f"{path}: `base` leads back to the same recipe")
    text = path.read_bytes()
    try:
        table = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError("recipe-syntax", f"{path}: {error}") from error
    base = table.pop("base", None)
    if base is None:
        return table, hashlib.sha256(text).hexdigest()
    if not isinstance(base, str):
        raise ExportError("recipe-field", f"{path}: `base` is {base!r}; it must name a recipe")
    under, digest = _read(_path_of(base, path.parent), (*heirs, path.resolve()))
    return _laid_over(table, under), hashlib.sha256(digest.encode() + text).hexdigest()


def _laid_over(table: dict[str, Any], under: dict[str, Any]) -> dict[str, Any]:
    """Return `under` with `table`'s fields: a section's own replace, the others stay.

    One level deep, so that a loss of the same name is another loss, not a mixture.
    """
    both = {
        name: {**under[name], **section}
        for name, section in table.items()
        if isinstance(section, dict) and isinstance(under.get(name), dict)
    }
    return {**under, **table, **both}


def _recipe(table: dict[str, Any], digest: str) -> Recipe:
    teacher, transfer, student = table["teacher"], table["transfer"], table["student"]
    gaze = {name: GazeConfig(**fields) for name, fields in table.get("gaze", {}).items()}
    losses = {name: _loss(fields, gaze) for name, fields in table["losses"].items()}
    for config in losses.values():
        for rival in config.against:
            _one_of("against", rival, tuple(losses))
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
        data=_data(table.get("data", {})),
        teacher_start=teacher.get("start", "imagenet"),
        teacher_members=teacher.get("members", 1),
        teacher_architecture=_known(
            "teacher.architecture", teacher.get("architecture", EFFICIENTNET_LITE0), TEACHERS
        ),
        transfer_bank=BankConfig(
            views_per_frame=transfer["views_per_frame"],
            seed=transfer["bank_seed"],
            mix_share=transfer["mix_share"],
        ),
        transfer_datasets=tuple(transfer["datasets"]),
        student=replace(
            StudentConfig.from_rows(student["stem"], student["stages"], student["head"]),
            architecture=_known(
                "student.architecture", student.get("architecture", DEPTHWISE), STUDENTS
            ),
        ),
        student_loop=_loop(student),
        temperature=float(student["temperature"]),
        losses=losses,
        gaze=gaze,
        quantise=Quantisation(**table.get("quantise", {})),
        digest=digest,
        teacher_digests=_digests_of_teachers(table, _TEACHER_SECTIONS),
        taught_digests=_digests_of_teachers(table, (*_TEACHER_SECTIONS, "transfer")),
        student_digests={
            name: _digest(
                table,
                (*_TEACHER_SECTIONS, "transfer", "student", "gaze"),
                {field: value for field, value in losses.items() if field != "against"},
            )
            for name, losses in table["losses"].items()
        },
    )


# Fields that older recipes lack: one that states the default is the same recipe.
_SAID_OR_NOT = {
    "teacher": {"members": 1, "architecture": EFFICIENTNET_LITE0},
    "student": {"architecture": DEPTHWISE},
}
_TEACHER_SECTIONS = ("labels", "preprocessing", "augment", "teacher", "data")


def _digests_of_teachers(table: dict[str, Any], sections: tuple[str, ...]) -> dict[str, str]:
    """Return a digest for each teacher, of the sections and of the gaze that it takes."""
    gaze = table.get("gaze", {})
    return {name: _digest(table, sections, gaze.get(name)) for name in (PLAIN, *gaze)}


def _digest(table: dict[str, Any], sections: tuple[str, ...], more: Any) -> str:
    """Return the SHA-256 of what a run depends on; the rest of the recipe may change."""
    chosen = {name: table.get(name) for name in sections if name != "data" or name in table}
    for section, defaults in _SAID_OR_NOT.items():
        if section in chosen:
            chosen[section] = {
                k: v for k, v in chosen[section].items() if k not in defaults or v != defaults[k]
            }
    if more is not None:
        chosen["more"] = more
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def _data(table: dict[str, Any]) -> DataConfig:
    lists = ("machines", "without_source_quality")
    return DataConfig(**{k: tuple(v) if k in lists else v for k, v in table.items()})


def _loss(table: dict[str, Any], gaze: dict[str, GazeConfig]) -> LossConfig:
    named = ("teacher", "gaze", "against")
    weights = {name: value for name, value in table.items() if name not in named}
    if not weights:
        raise ValueError(f"losses without a part; name some of {[*LOSSES]}")
    for part in weights:
        if part not in LOSSES:
            raise ValueError(f"losses name {part!r}; allowed: {[*LOSSES]}")
    teacher = _one_of("teacher", table.get("teacher", PLAIN), (PLAIN, *gaze))
    looked = table.get("gaze", teacher if teacher != PLAIN else None)
    config = LossConfig(weights, teacher, looked, tuple(table.get("against", ())))
    if looked is not None or config.needs_gaze:
        _one_of("gaze of the losses", looked, tuple(gaze))
    return config


def _one_of(field: str, value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise ValueError(f"{field} is {value!r}; allowed: {list(allowed)}")
    return value


def _known(field: str, name: str, registry: Registry[Any]) -> str:
    if name not in registry:
        raise ValueError(f"{field} is {name!r}; allowed: {[*registry]}")
    return name


def _loop(table: dict[str, Any]) -> LoopConfig:
    return LoopConfig(**{name: value for name, value in table.items() if name in _LOOP})
