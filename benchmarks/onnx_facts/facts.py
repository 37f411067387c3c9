"""Size and work of an ONNX model: any that onnxruntime runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError
from benchmarks.onnx_facts.constants import FLOATS
from benchmarks.onnx_facts.feeds import Feed, Shapes, feeds, made_up, runner
from benchmarks.onnx_facts.files import digest, model_files
from benchmarks.onnx_facts.walk import TooLargeError, Walk, walk_model
from benchmarks.onnx_facts.weights import parameters, precision
from benchmarks.onnx_facts.work import RunError, Work, count, profile
from sdk import runtime


@dataclass(frozen=True)
class ModelFacts:
    """What a model file comes to; None is explained in ``unknown``.

    Attributes:
        file_bytes: length of the file and of its external data.
        sha256: of the same bytes, hexadecimal.
        parameters: elements of the constants that are weights; see `weights.parameters`.
        macs: multiply-accumulates of one run, see `macs`.
        activations: elements that the operators with multiply-accumulates put out in one run.
        files: names of the file and of its external data.
        operators: how often each operator ran, unoptimised.
        unknown: reason by field.
    """

    file_bytes: int
    sha256: str
    parameters: int | None
    macs: int | None
    activations: int | None
    files: list[str] = field(default_factory=list)
    operators: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready data."""
        return asdict(self)


@dataclass(frozen=True)
class Probe:
    """How a model is fed and named; JSON-ready by `dataclasses.asdict`.

    ``scores`` says whether its first output is one row of numbers, as a classifier's logits.
    """

    feed: Feed
    scores: bool
    precision: str
    facts: ModelFacts


def model_facts(path: str | Path) -> ModelFacts:
    """Return the facts of an ONNX file.

    Raises:
        BenchError: `model-unsupported` when onnxruntime does not run it.
    """
    return probe(Path(path)).facts


def probe(path: Path, shapes: Mapping[str, list[int]] | None = None) -> Probe:
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
    files = model_files(path, model)
    unknown: dict[str, str] = {}
    try:
        walk = walk_model(model)
    except TooLargeError as error:
        walk, unknown["parameters"] = Walk(), str(error)
    weights, reason = (None, "") if unknown else parameters(walk)
    work = _work(path, feed, walk)
    named = precision(walk, _float_type(model))
    if named == "unknown":
        unknown["precision"] = "no weight, input or output is a floating-point number"
    unknown |= {"parameters": reason} if reason else {}
    unknown |= dict.fromkeys(("macs", "activations"), work.reason) if work.reason else {}
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


def _session(path: Path) -> Any:
    onnxruntime = runtime.load()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
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
        given = shapes.get(one.name)
        fixed = [size if isinstance(size, int) else None for size in one.shape or []]
        if (
            given
            and one.shape
            and not (
                len(given) == len(fixed)
                and all(b is None or a == b for a, b in zip(given, fixed, strict=True))
            )
        ):
            raise BenchError(
                "model-unsupported", f"{path}: --shape {one.name}={given}; it declares {one.shape}"
            )


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
    shape, kind = getattr(first, "shape", ()), getattr(getattr(first, "dtype", None), "kind", "")
    return bool(kind == "f" and len(shape) == 2 and shape[0] == 1 and shape[1] > 1)


def _float_type(model: Any) -> str:
    """Return the floating-point type of the graph's own inputs and outputs."""
    values = [*model.graph.input, *model.graph.output]
    kinds = [FLOATS.get(value.type.tensor_type.elem_type) for value in values]
    return next((kind for kind in kinds if kind), "unknown")
