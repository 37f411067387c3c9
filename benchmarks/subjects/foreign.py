"""A user's own files: a student of this project, or any ONNX file that onnxruntime runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError
from benchmarks.processes import launch_module
from benchmarks.subjects.catalogue import DEFAULT_RECIPE, student_subjects
from benchmarks.subjects.runtimes import available
from benchmarks.subjects.spec import Subject

Shapes = Mapping[str, list[int]]
_PROBE_TIMEOUT_S = 300.0
_LONGEST_REASON = 200


def user_subjects(path: Path, shapes: Shapes | None = None) -> list[Subject]:
    """Return the subjects of a user's file.

    A file that the SDK takes is measured behind the SDK too. Any other is measured bare, and its
    facts say why the SDK does not take it.

    Args:
        path: of the .onnx file.
        shapes: dimensions of inputs that leave some free, by name.

    Raises:
        BenchError: `model-missing`, or `model-unsupported` where onnxruntime does not run it.
    """
    from sdk import ModelError
    from sdk.model_file import read_model_file

    if not path.is_file():
        raise BenchError("model-missing", f"--models: no such file: {path}")
    try:
        metadata = read_model_file(path).metadata
    except ModelError as error:
        return _bare_subjects(path, shapes or {}, f"{error.slug}: {error}")
    return student_subjects(model_name(path), {metadata.precision: path}, "user", twin=False)


def model_name(path: Path) -> str:
    """Return a file's name as figures are named by it: one line, no ``|`` and no ``/``."""
    return "".join(
        c if c.isprintable() and c not in "|/" else "".join(f"%{b:02X}" for b in os.fsencode(c))
        for c in path.stem
    )


def _bare_subjects(path: Path, shapes: Shapes, refusal: str) -> list[Subject]:
    found = _probe(path, shapes)
    facts, feed = found["facts"], found["feed"]
    recipe = _recipe(feed)
    if feed["frame"] and recipe is None:
        feed = {**feed, "frame": False}
    facts["unknown"] |= {
        "quality": "the file names no labels",
        "sdk": refusal[:_LONGEST_REASON],
    }
    subjects = [
        Subject(
            model_name(path),
            "user",
            runtime,
            found["precision"],
            str(path),
            weights="unknown",
            preprocessing=recipe or dict(DEFAULT_RECIPE),
            feed=feed,
            scores=found["scores"],
            facts=facts,
        )
        for runtime in ("onnxruntime", "openvino")
    ]
    return [subject for subject in subjects if available(subject.runtime)]


def _probe(path: Path, shapes: Shapes) -> dict[str, Any]:
    """Look at the file in a process of its own: a graph that ends it ends no run."""
    job = {
        "task": "probe",
        "path": str(path),
        "shapes": {name: list(shape) for name, shape in shapes.items()},
        "threads": 1,
        "timeout_s": _PROBE_TIMEOUT_S,
    }
    result = launch_module("benchmarks.worker", job)
    if "refused" in result or not result.get("ok"):
        text = result.get("refused") or f"{path}: {result.get('error')}"
        raise BenchError("model-unsupported", text)
    return dict(result["probe"])


def _recipe(feed: dict[str, Any]) -> dict[str, Any] | None:
    """Return the preprocessing that makes a frame of the feed's size; None where none can."""
    from sdk import SdkError
    from sdk.preprocess import Preprocessing

    if not feed["frame"]:
        return None
    one = feed["inputs"][0]
    height, width = one["shape"][2:] if feed["layout"] == "NCHW" else one["shape"][1:3]
    plain = {"mean": 0.0, "std": 1.0} if one["type"] == "uint8" else {}
    recipe = {**DEFAULT_RECIPE, "height": height, "width": width, **plain}
    try:
        Preprocessing.from_dict(recipe)
    except SdkError:
        return None
    return recipe
