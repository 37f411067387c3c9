"""The subjects of a run with every file that they need on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchError
from benchmarks.onnx_facts.types import Shapes
from benchmarks.record.jobs import Recipe
from benchmarks.subjects import litert_files, ncnn_files
from benchmarks.subjects.catalogue import (
    default_recipe,
    default_students,
    is_quick,
    select,
    student_subjects,
    teacher_subjects,
)
from benchmarks.subjects.conversion import ConversionError
from benchmarks.subjects.prepare import export_teacher, quantize_teacher, tensors_of
from benchmarks.subjects.spec import Subject
from benchmarks.subjects.user_models import user_subjects

_CALIBRATION_FRAMES = 16
#: Runtimes that read a file of their own, and what writes it.
_CONVERTERS = {"ncnn": ncnn_files.convert, "litert": litert_files.convert}


def assemble(
    models: Sequence[str],
    mode: str,
    samples: list[np.ndarray],
    folder: Path,
    shapes: Shapes | None = None,
) -> list[Subject]:
    """Return the subjects of a run; no two have the same name.

    Args:
        models: glob patterns of names or model names, which choose among the default subjects (none
            chooses all that the mode measures), and paths of .onnx files to measure beside them.
        mode: ``quick`` or ``full``.
        samples: grey frames for the teacher's int8 calibration.
        folder: where the teacher's exports go.
        shapes: dimensions for the inputs of users' files that leave some free, by name.

    Raises:
        BenchError: `model-missing`, `model-unsupported`, `model-ambiguous`.
    """
    paths = list(dict.fromkeys(Path(name) for name in models if _is_path(name)))
    patterns = [name for name in models if not _is_path(name)]
    users = [subject for path in paths for subject in user_subjects(path, shapes)]
    recipe = users[0].recipe if users and users[0].runtime == "sdk" else default_recipe()
    built = _default_subjects(patterns, mode, recipe, folder, alone=not users) + users
    _check_names(built)
    _make_teacher_files(built, tensors_of(samples[:_CALIBRATION_FRAMES], recipe))
    return [_converted(s, samples, folder) if s.runtime in _CONVERTERS else s for s in built]


def _converted(subject: Subject, samples: list[np.ndarray], folder: Path) -> Subject:
    """Return the subject with a file of its runtime, or with why there is none."""
    tensor = tensors_of(samples[:1], subject.recipe)
    try:
        converted = _CONVERTERS[subject.runtime](Path(subject.path), folder, tensor)
    except ConversionError as error:
        return replace(subject, unavailable=str(error))
    return replace(subject, converted=str(converted))


def _is_path(name: str) -> bool:
    return name.lower().endswith(".onnx") or Path(name).is_file()


def _check_names(subjects: Sequence[Subject]) -> None:
    """Refuse two models of one name: their figures would be thrown together."""
    paths: dict[str, str] = {}
    for subject in subjects:
        other = paths.setdefault(subject.name, subject.path)
        if other != subject.path:
            raise BenchError(
                "model-ambiguous",
                f"{other} and {subject.path} are both {subject.name} here; rename one file",
            )


def _default_subjects(
    patterns: list[str], mode: str, recipe: Recipe, folder: Path, alone: bool
) -> list[Subject]:
    files = default_students()
    exports = {name: folder / f"teacher-{name}.onnx" for name in ("fp32", "int8")}
    subjects = student_subjects("student", files, "student") if files else []
    subjects += teacher_subjects(exports, recipe)
    if patterns:
        return select(subjects, patterns)
    if not files and alone:
        raise BenchError("model-missing", "no default student is installed; name a file: --models")
    return [s for s in subjects if mode != "quick" or is_quick(s)]


def _make_teacher_files(subjects: Sequence[Subject], tensors: np.ndarray) -> None:
    """Export and quantise what the chosen subjects need, and no more."""
    paths = [Path(s.path) for s in subjects if s.family == "teacher" and s.path]
    if not paths:
        return
    fp32 = export_teacher(paths[0].with_name("teacher-fp32.onnx"), tensors[:1])
    int8 = fp32.with_name("teacher-int8.onnx")
    if int8 in paths:
        quantize_teacher(fp32, int8, tensors)
