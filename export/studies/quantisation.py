"""Which int8: each choice of quantisation on the same frames, against fp32.

    python -m export.studies.quantisation --recipe default -o runs/default --objective kd

Scored on validation frames and on augmented views of them; never on the test set or outside.
"""

import platform
import shlex
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import onnx
import torch
import typer
from msgspec import structs, to_builtins
from rich.console import Console

from export.data.view_bank import build_bank
from export.display import bars, epochs_of
from export.distill.inputs import calibration_tensors, normaliser, tensors
from export.distill.pipeline import distill, training_data
from export.evaluation import truth_of
from export.files import write_json
from export.models.student import Student, build_student
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.fake_quant import QuantisedStudent
from export.packaging.qat import fine_tune, task_of
from export.packaging.quantize import Scheme, quantize
from export.packaging.sessions import open_session
from export.recipe.settings import BankConfig
from export.workspace import StudentRun, Workspace
from sdk import runtime
from sdk._cpu import cpu_features

VIEWS_PER_FRAME, VIEWS_SEED = 8, 77
VARIANTS = {
    "static": Scheme(),
    "weights per tensor": Scheme(per_channel=False),
    "weights uint8": Scheme(weights="uint8"),
    "weights and activations int8": Scheme(activations="int8"),
    "activations symmetric": Scheme(symmetric=True),
    "all int8, activations symmetric": Scheme(activations="int8", symmetric=True),
    "entropy": Scheme(calibration="entropy"),
    "percentile": Scheme(calibration="percentile"),
}


def compare(
    model: onnx.ModelProto, expected: np.ndarray, inputs: np.ndarray, truth: np.ndarray
) -> dict[str, float]:
    """Return how far `model` is from fp32's logits `expected` (N, classes) on `inputs`.

    The first frames of `inputs` are the validation frames, as many as `truth` has labels.
    """
    logits, as_written = _run(model, inputs), _run(model, inputs, optimised=False)
    count = len(truth)
    return {
        "val_accuracy": float((logits[:count].argmax(1) == truth).mean()),
        "val_agreement": float((logits.argmax(1) == expected.argmax(1))[:count].mean()),
        "agreement": float((logits.argmax(1) == expected.argmax(1)).mean()),
        "mean_logit_difference": float(np.abs(logits - expected).mean()),
        "mean_logit_difference_as_written": float(np.abs(as_written - expected).mean()),
        "bytes": len(model.SerializeToString()),
    }


def _run(model: onnx.ModelProto, inputs: np.ndarray, optimised: bool = True) -> np.ndarray:
    """Return logits as the shipped file gives them here, or as its graph is written."""
    session = open_session(model.SerializeToString(), optimised=optimised)
    return np.concatenate([session.run(["logits"], {"frame": frame[None]})[0] for frame in inputs])


def study(run: StudentRun, student: Student) -> dict[str, Any]:
    """Return the table: fp32, each static variant, and quantisation-aware training."""
    recipe = run.recipe
    calibration = calibration_tensors(run.workspace.transfer_records, recipe.preprocessing)
    inputs, truth = _sample(run.workspace)
    fp32 = to_onnx(student, recipe.preprocessing.height, recipe.preprocessing.width)
    expected, _ = run_onnx(fp32.SerializeToString(), inputs)
    table = {"fp32": compare(fp32, expected, inputs, truth)}
    for done, (name, scheme) in enumerate(VARIANTS.items(), 1):
        table[name] = compare(quantize(fp32, calibration, scheme), expected, inputs, truth)
        run.workspace.show("static", done, len(VARIANTS), name)
    settings = structs.replace(recipe.quantise, method="qat")
    tuned = fine_tune(
        student,
        settings,
        calibration,
        task_of(run, training_data(run.workspace, run.objective)),
        run.workspace.folder / "study-qat.pt",
        epochs_of(run.workspace.show, "qat", settings.epochs),
    )
    model = tuned.to_onnx(recipe.preprocessing.height, recipe.preprocessing.width)
    table["qat"] = compare(model, expected, inputs, truth)
    table["qat"] |= _from_pytorch(tuned, model, inputs[: len(truth)])
    sizes = {"frames": len(truth), "views": len(inputs)}
    return {**sizes, "qat": to_builtins(settings), "table": table}


@torch.no_grad()
def _from_pytorch(
    tuned: QuantisedStudent, model: onnx.ModelProto, inputs: np.ndarray
) -> dict[str, float]:
    """Return how far the file, as written, is from what was trained."""
    rounded = tuned.eval()(torch.from_numpy(inputs))[0].numpy()
    difference = np.abs(_run(model, inputs, optimised=False) - rounded)
    return {
        "mean_difference_from_pytorch": float(difference.mean()),
        "largest_difference_from_pytorch": float(difference.max()),
    }


def _sample(workspace: Workspace) -> tuple[np.ndarray, np.ndarray]:
    """Return validation frames and views of them (N, 1, height, width); labels of the frames."""
    recipe, records = workspace.recipe, workspace.parts["val"]
    bank = build_bank(
        records,
        recipe.preprocessing,
        recipe.augment,
        BankConfig(VIEWS_PER_FRAME, VIEWS_SEED),
        workspace.folder,
        labels=recipe.labels,
    )
    views = normaliser(recipe)(bank.views).numpy()
    inputs = np.concatenate([tensors(records, recipe.preprocessing), views])
    return inputs, truth_of(records, recipe.labels)


def main(
    recipe: Annotated[str, typer.Option("--recipe")] = "default",
    out: Annotated[Path, typer.Option("--out", "-o")] = Path("runs/default"),
    objective: Annotated[str, typer.Option("--objective")] = "kd",
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="of a student of the recipe's shape, instead of the run's")
    ] = None,
    destination: Annotated[Path, typer.Option()] = Path("docs/results/quantisation.json"),
) -> None:
    """Compare the ways to int8 on validation frames; write the table as JSON."""
    with bars(Console(stderr=True)) as show:
        run = Workspace.open(recipe, out, show).student(objective, seed)
        report = study(run, distill(run) if weights is None else _student(run, weights))
    words = ["--recipe", recipe, "-o", str(out), "--objective", objective]
    words += ["--weights", str(weights)] if weights else []
    story = {
        "command": f"python -m export.studies.quantisation {shlex.join(words)}",
        "machine": platform.processor() or platform.machine(),
        "onnxruntime": runtime.version(),
        "vnni": any("vnni" in feature for feature in cpu_features()),
        **report,
    }
    write_json(destination, story)


def _student(run: StudentRun, weights: Path) -> Student:
    student = build_student(len(run.recipe.labels), run.recipe.student.network).eval()
    student.load_state_dict(torch.load(weights, weights_only=True))
    return student


if __name__ == "__main__":
    typer.run(main)
