"""A user's own files: a student of this project, or any ONNX file that onnxruntime runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec

from benchmarks.errors import BenchError
from benchmarks.onnx_facts.types import Feed, ModelFacts, Probe, Shapes
from benchmarks.processes import WORKER, launch_raw
from benchmarks.record.jobs import Job, Recipe
from benchmarks.subjects.catalogue import DEFAULT_RECIPE, student_subjects
from benchmarks.subjects.runtimes import available
from benchmarks.subjects.spec import Runtime, Subject
from benchmarks.worker_input import WorkerInput

_PROBE_TIMEOUT_S = 300.0
_LONGEST_REASON = 200
_RUNTIMES: tuple[Runtime, ...] = ("onnxruntime", "openvino")


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
    probe = _probe(path, shapes)
    recipe = _recipe(probe.feed)
    # a frame of that size cannot be made, so the input is made up like any other
    feed = probe.feed if recipe else replace(probe.feed, frame=False)
    subjects = [
        Subject(
            model_name(path),
            "user",
            runtime,
            probe.precision,
            str(path),
            weights="unknown",
            preprocessing=recipe or dict(DEFAULT_RECIPE),
            feed=feed,
            scores=probe.scores,
            facts=_with_reasons(probe.facts, refusal),
        )
        for runtime in _RUNTIMES
    ]
    return [subject for subject in subjects if available(subject.runtime)]


def _with_reasons(facts: ModelFacts, refusal: str) -> ModelFacts:
    reasons = {"quality": "the file names no labels", "sdk": refusal[:_LONGEST_REASON]}
    return replace(facts, unknown={**facts.unknown, **reasons})


def _probe(path: Path, shapes: Shapes) -> Probe:
    """Look at the file in a process of its own: a graph that ends it ends no run."""
    given = WorkerInput(
        Job(task="probe", name=path.name),
        timeout_s=_PROBE_TIMEOUT_S,
        model=str(path),
        shapes={name: list(shape) for name, shape in shapes.items()},
    )
    answer = launch_raw(WORKER, given)
    if "probe" not in answer:
        text = answer.get("refused") or f"{path}: {answer.get('error')}"
        raise BenchError("model-unsupported", str(text))
    return msgspec.convert(answer["probe"], Probe)


def _recipe(feed: Feed) -> Recipe | None:
    """Return the preprocessing that makes a frame of the feed's size; None where none can."""
    from sdk import SdkError
    from sdk.preprocess import Preprocessing

    if not feed.frame:
        return None
    one = feed.inputs[0]
    height, width = one.shape[2:] if feed.layout == "NCHW" else one.shape[1:3]
    levels: Recipe = {"mean": 0.0, "std": 1.0} if one.type == "uint8" else {}
    recipe: Recipe = {**DEFAULT_RECIPE, "height": height, "width": width, **levels}
    try:
        Preprocessing.from_dict(recipe)
    except SdkError:
        return None
    return recipe
