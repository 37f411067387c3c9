"""Size and work of an ONNX model: any that onnxruntime runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError
from benchmarks.onnx_facts.constants import FLOATS
from benchmarks.onnx_facts.feeds import feeds, made_up, runner
from benchmarks.onnx_facts.files import digest, model_files
from benchmarks.onnx_facts.sessions import open_session, quiet_options
from benchmarks.onnx_facts.types import Feed, ModelFacts, Probe, Shapes
from benchmarks.onnx_facts.walk import TooLargeError, Walk, walk_model
from benchmarks.onnx_facts.weights import parameters, precision
from benchmarks.onnx_facts.work import RunError, Work, count, profile


def model_facts(path: str | Path) -> ModelFacts:
    """Return the facts of an ONNX file.

    Raises:
        BenchError: `model-unsupported` when onnxruntime does not run it.
    """
    return probe(Path(path)).facts


def probe(path: Path, shapes: Shapes | None = None) -> Probe:
    """Run a model once and return what it is.

    Args:
        path: of the .onnx file.
        shapes: dimensions for inputs that leave some free, by name.

    Raises:
        BenchError: `model-unsupported`, with onnxruntime's own words.
    """
    import onnx

    session = _session(path)
    feed, outputs = _first_that_runs(path, session, shapes or {})
    model = onnx.load(path, load_external_data=False)
    walk, weights, unknown = _weights(model)
    work = _work(path, feed, walk)
    unknown |= dict.fromkeys(("macs", "activations"), work.reason) if work.reason else {}
    named = precision(walk, _float_type(model))
    if named == "unknown":
        unknown["precision"] = "no weight, input or output is a floating-point number"
    files = model_files(path, model)
    facts = ModelFacts(
        sum(file.stat().st_size for file in files),
        digest(files),
        weights,
        work.macs,
        work.activations,
        [str(file.relative_to(path.parent)) for file in files],
        dict(sorted(work.operators.items())),
        unknown,
    )
    return Probe(feed, _is_scores(outputs), named, facts)


def _weights(model: Any) -> tuple[Walk, int | None, dict[str, str]]:
    """Return the walk of a model and its parameters, or why they cannot be counted."""
    try:
        walk = walk_model(model)
    except TooLargeError as error:
        return Walk(), None, {"parameters": str(error)}
    weights, reason = parameters(walk)
    return walk, weights, {"parameters": reason} if reason else {}


def _session(path: Path) -> Any:
    try:
        return open_session(path, quiet_options())
    except Exception as error:
        raise _unsupported(path, f"does not load it: {error}") from error


def _first_that_runs(path: Path, session: Any, shapes: Shapes) -> tuple[Feed, list[Any]]:
    inputs = session.get_inputs()
    _check_shapes(path, inputs, shapes)
    last = "takes an input that is no tensor and no sequence of tensors"
    for feed in feeds(inputs, shapes):
        try:
            return feed, runner(session)(made_up(feed))
        except Exception as error:
            last = f"runs it with none of the shapes tried; the last error: {error}"
    declared = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
    raise _unsupported(path, f"{last}; inputs: {declared}; give sizes by --shape NAME=1,3,224,224")


def _check_shapes(path: Path, inputs: Any, shapes: Shapes) -> None:
    """Refuse a shape whose fixed dimensions are not those of the model."""
    for one in inputs:
        given, declared = shapes.get(one.name), one.shape
        if given and declared and not _fits(given, declared):
            raise BenchError(
                "model-unsupported",
                f"{path}: --shape {one.name}={list(given)}; it declares {declared}",
            )


def _fits(given: Sequence[int], declared: Sequence[Any]) -> bool:
    same = (not isinstance(b, int) or a == b for a, b in zip(given, declared, strict=False))
    return len(given) == len(declared) and all(same)


def _unsupported(path: Path, text: str) -> BenchError:
    printable = "".join(c if c.isprintable() else " " for c in text[:600])
    return BenchError("model-unsupported", f"{path}: onnxruntime {printable}")


def _work(path: Path, feed: Feed, walk: Walk) -> Work:
    try:
        return count(profile(path, feed), walk)
    except RunError as error:
        return Work(None, None, reason=f"not run without optimisation: {error}")


def _is_scores(outputs: list[Any]) -> bool:
    first = outputs[0] if outputs else None
    shape: tuple[int, ...] = getattr(first, "shape", ())
    kind = getattr(getattr(first, "dtype", None), "kind", "")
    return kind == "f" and len(shape) == 2 and shape[0] == 1 and shape[1] > 1


def _float_type(model: Any) -> str:
    """Return the floating-point type of the graph's own inputs and outputs."""
    values = [*model.graph.input, *model.graph.output]
    kinds = [FLOATS.get(value.type.tensor_type.elem_type) for value in values]
    return next((kind for kind in kinds if kind), "unknown")
