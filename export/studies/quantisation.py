"""Which int8: each choice of quantisation on the same frames, against fp32.

    python -m export.studies.quantisation --recipe default -o runs/default --losses kd

Looks at validation frames and at augmented views of them; never at the test part or outside.
"""

import platform
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import onnx
import onnxruntime
import torch
import typer
from msgspec import structs, to_builtins
from rich.console import Console

from export.data.view_bank import build_bank
from export.display import Show, bars
from export.distill import pipeline
from export.distill.inputs import normaliser, training_records
from export.evaluation import truth_of
from export.files import write_json
from export.models.student import Student, build_student
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.qat import fine_tune, task_of
from export.packaging.quantize import Scheme, quantize
from export.recipe.read import load_recipe
from export.recipe.settings import BankConfig, Recipe

VIEWS_PER_FRAME, VIEWS_SEED = 8, 77
VARIANTS = {
    "static": Scheme(),
    "weights per tensor": Scheme(per_channel=False),
    "weights int8": Scheme(weights="int8"),
    "weights and activations int8": Scheme(weights="int8", activations="int8"),
    "activations symmetric": Scheme(symmetric=True),
    "all int8, activations symmetric": Scheme("int8", activations="int8", symmetric=True),
    "entropy": Scheme(calibration="entropy"),
    "percentile": Scheme(calibration="percentile"),
}
# As the shipped file runs here, and as its graph is written (no fused integer kernels).
LEVELS = {
    "fused": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "as_written": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}


def compare(
    model: onnx.ModelProto, expected: np.ndarray, inputs: np.ndarray, truth: np.ndarray
) -> dict[str, float]:
    """Return how far `model` is from fp32's logits `expected` (N, classes) on `inputs`.

    The first frames of `inputs` are the validation frames, as many as `truth` has labels.
    """
    found = {name: _run(model, inputs, level) for name, level in LEVELS.items()}
    logits, count = found["fused"], len(truth)
    return {
        "val_accuracy": float((logits[:count].argmax(1) == truth).mean()),
        "val_agreement": float((logits.argmax(1) == expected.argmax(1))[:count].mean()),
        "agreement": float((logits.argmax(1) == expected.argmax(1)).mean()),
        "mean_logit_difference": float(np.abs(logits - expected).mean()),
        "mean_logit_difference_as_written": float(np.abs(found["as_written"] - expected).mean()),
        "bytes": len(model.SerializeToString()),
    }


def _run(model: onnx.ModelProto, inputs: np.ndarray, level: Any) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.concatenate([session.run(["logits"], {"frame": frame[None]})[0] for frame in inputs])


def study(
    recipe: Recipe, student: Student, lessons: Any, losses: str, out: Path, show: Show
) -> dict[str, Any]:
    """Return the table: fp32, each static variant, and quantisation-aware training."""
    records = pipeline.open_records(recipe, out, show)
    learned = training_records(records, recipe.transfer.datasets, recipe.data)
    calibration = pipeline.calibration_tensors(learned, recipe.preprocessing)
    inputs, truth = _sample(recipe, pipeline.scored_parts(records)["val"], out)
    fp32 = to_onnx(student, recipe.preprocessing.height, recipe.preprocessing.width)
    expected, _ = run_onnx(fp32.SerializeToString(), inputs)
    table = {"fp32": compare(fp32, expected, inputs, truth)}
    for done, (name, scheme) in enumerate(VARIANTS.items(), 1):
        table[name] = compare(quantize(fp32, calibration, scheme), expected, inputs, truth)
        show("static", done, len(VARIANTS), name)
    settings = structs.replace(recipe.quantise, method="qat")
    task = task_of(recipe, losses, lessons())
    tuned = fine_tune(
        student,
        settings,
        calibration,
        task,
        out / "study-qat.pt",
        lambda epoch, parts: show("qat", epoch, settings.epochs, f"{parts['total']:.4f}"),
    )
    model = tuned.to_onnx(recipe.preprocessing.height, recipe.preprocessing.width)
    with torch.no_grad():
        rounded = tuned.eval()(torch.from_numpy(inputs[: len(truth)]))[0].numpy()
    in_runtime = _run(model, inputs[: len(truth)], LEVELS["as_written"])
    table["qat"] = compare(model, expected, inputs, truth) | {
        "mean_difference_from_pytorch": float(np.abs(in_runtime - rounded).mean()),
        "largest_difference_from_pytorch": float(np.abs(in_runtime - rounded).max()),
    }
    return {
        "frames": len(truth),
        "views": len(inputs),
        "qat": to_builtins(settings),
        "table": table,
    }


def _sample(recipe: Recipe, records: Any, out: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return validation frames and views of them (N, 1, height, width); labels of the frames."""
    config = BankConfig(VIEWS_PER_FRAME, VIEWS_SEED)
    bank = build_bank(
        records, recipe.preprocessing, recipe.augment, config, out, labels=recipe.labels
    )
    views = normaliser(recipe)(bank.views).numpy()
    inputs = np.concatenate([pipeline.tensors(records, recipe.preprocessing), views])
    return inputs, truth_of(records, recipe.labels)


def main(
    recipe: Annotated[str, typer.Option("--recipe")] = "default",
    out: Annotated[Path, typer.Option("--out", "-o")] = Path("runs/default"),
    losses: Annotated[str, typer.Option("--losses")] = "kd",
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="of a student of the recipe's shape, instead of the run's")
    ] = None,
    destination: Annotated[Path, typer.Option()] = Path("docs/results/quantisation.json"),
) -> None:
    """Compare the ways to int8 on validation frames; write the table as JSON."""
    settings = load_recipe(recipe)
    with bars(Console(stderr=True)) as show:
        if weights is None:
            student = pipeline.distill(recipe, out, losses, seed, show)
        else:
            student = build_student(len(settings.labels), settings.student).eval()
            student.load_state_dict(torch.load(weights, weights_only=True))
        report = study(
            settings,
            student,
            lambda: pipeline.lessons(recipe, out, losses, show),
            losses,
            out,
            show,
        )
    report = {
        "command": f"python -m export.studies.quantisation --recipe {recipe} -o {out}"
        f" --losses {losses}" + (f" --weights {weights}" if weights else ""),
        "machine": platform.processor() or platform.machine(),
        "onnxruntime": onnxruntime.__version__,
        "vnni": "vnni" in Path("/proc/cpuinfo").read_text(),
        **report,
    }
    write_json(destination, report)


if __name__ == "__main__":
    typer.run(main)
