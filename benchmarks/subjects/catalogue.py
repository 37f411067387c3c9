"""Which subjects a run has: the default student and teacher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Literal

from benchmarks.errors import BenchError
from benchmarks.record.jobs import Recipe
from benchmarks.subjects.runtimes import available
from benchmarks.subjects.spec import Runtime, Subject
from export.files import file_sha256
from export.recipe.refusal import near

TEACHER = "export.models.teacher:build_teacher"
TWIN = "benchmarks.subjects.student_twin:twin_of"

#: The part of the subjects that a quick run measures.
QUICK = (
    "student-*/sdk",
    "student-*/onnxruntime",
    "teacher-fp32/onnxruntime",
    "teacher-fp32/pytorch",
)
DEFAULT_RECIPE: Recipe = {
    "width": 192,
    "height": 144,
    "aspect": "stretch",
    "mean": 0.2,
    "std": 0.2,
    "pad_level": 0,
}


def default_students() -> dict[str, Path]:
    """Return the shipped students by precision; empty before one is released."""
    import sdk

    folder = Path(sdk.__file__).parent / "models"
    files = {name: folder / f"default-{name}.onnx" for name in ("fp32", "int8")}
    return {name: path for name, path in files.items() if path.is_file()}


@cache
def released_parameters() -> dict[str, int]:
    """Return how many parameters the shipped students' networks have, by the file's SHA-256."""
    from sdk.model_file import read_model_file

    return {
        file_sha256(path): read_model_file(path).metadata.provenance["parameters"]
        for path in default_students().values()
    }


def automatic_precision() -> str | None:
    """Return the precision that `precision="auto"` chooses here; None without a default student."""
    from sdk import Classifier

    return Classifier().precision if default_students() else None


def student_subjects(
    model: str,
    files: Mapping[str, Path],
    family: Literal["student", "user"],
    twin: bool = True,
) -> list[Subject]:
    """Return the subjects of one student, given its files by precision."""
    weights: Literal["trained", "unknown"] = "unknown" if family == "user" else "trained"
    runtimes: tuple[Runtime, ...] = ("sdk", "onnxruntime", "openvino")
    subjects = [
        Subject(model, family, runtime, precision, str(path), "", weights, recipe_of(path))
        for precision, path in files.items()
        for runtime in runtimes
    ]
    if twin and "fp32" in files:
        path = files["fp32"]
        converted: tuple[Runtime, ...] = ("ncnn", "litert")
        subjects += [
            Subject(model, family, runtime, "fp32", str(path), "", weights, recipe_of(path))
            for runtime in converted
        ]
        subjects.append(
            Subject(model, family, "pytorch", "fp32", str(path), TWIN, "trained", recipe_of(path))
        )
    return [subject for subject in subjects if available(subject.runtime)]


def teacher_subjects(files: Mapping[str, Path], recipe: Recipe) -> list[Subject]:
    """Return the untrained teacher in each runtime; ``files`` are its exports by precision."""
    bare: tuple[Runtime, ...] = ("onnxruntime", "openvino")
    places: list[tuple[Runtime, str, str]] = [("pytorch", "fp32", "")]
    places += [(runtime, name, str(path)) for name, path in files.items() for runtime in bare]
    subjects = [
        Subject("teacher", "teacher", *place, TEACHER, "untrained", recipe) for place in places
    ]
    return [subject for subject in subjects if available(subject.runtime)]


def recipe_of(path: Path) -> Recipe:
    """Return the preprocessing that a student file declares.

    Raises:
        ModelError: the file is no student.
    """
    from sdk.model_file import read_model_file

    return read_model_file(path).metadata.preprocessing.to_dict()


def default_recipe() -> Recipe:
    """Return the default student's preprocessing, or its usual size before one is released."""
    files = default_students()
    return recipe_of(files["fp32"]) if "fp32" in files else dict(DEFAULT_RECIPE)


def select(subjects: Sequence[Subject], patterns: Sequence[str]) -> list[Subject]:
    """Return the subjects whose name fits one of the glob patterns, in the given order.

    Raises:
        BenchError: `model-missing` for a pattern that fits none.
    """
    for pattern in patterns:
        if not any(_fits(subject, pattern) for subject in subjects):
            names = ", ".join(subject.name for subject in subjects)
            hint = near(pattern, [subject.name for subject in subjects])
            raise BenchError("model-missing", f"--models {pattern!r}: none of {names}{hint}")
    return [s for s in subjects if any(_fits(s, pattern) for pattern in patterns)]


def is_quick(subject: Subject) -> bool:
    """Return whether a quick run measures the subject."""
    return any(_fits(subject, pattern) for pattern in QUICK)


def _fits(subject: Subject, pattern: str) -> bool:
    return fnmatch(subject.name, pattern) or subject.model == pattern
