"""Which layers win by int8: the student's time with each of them, in turn, left in fp32.

    python -m export.studies.layers --recipe dense

Weights are random, which no time depends on. A layer that is slower in int8 belongs into the
recipe's `[quantise] float_layers`.
"""

import shlex
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from export.files import write_json
from export.models.student import build_student
from export.packaging.convert import to_onnx
from export.packaging.quantize import Scheme, quantize
from export.recipe.read import load_recipe
from export.recipe.settings import Recipe
from export.studies.machine import machine_facts
from export.studies.search.latency import medians_ms

ALL = "none in fp32"


def study(recipe: Recipe, runs: int) -> dict[str, float]:
    """Return the median milliseconds of fp32, of int8, and of int8 with each layer in fp32."""
    size = (recipe.preprocessing.height, recipe.preprocessing.width)
    student = build_student(len(recipe.labels), recipe.student.network).eval()
    fp32 = to_onnx(student, *size)
    frames = np.random.default_rng(0).normal(size=(1, 1, *size)).astype(np.float32)
    layers = [
        node.input[1].removesuffix(".weight")
        for node in fp32.graph.node
        if node.op_type in ("Conv", "Gemm")
    ]
    kept: dict[str, tuple[str, ...]] = {ALL: (), **{layer: (layer,) for layer in layers}}
    models = {
        "fp32": fp32,
        **{name: quantize(fp32, frames, Scheme(float_layers=own)) for name, own in kept.items()},
    }
    return medians_ms({n: m.SerializeToString() for n, m in models.items()}, frames, runs)


def main(
    recipe: Annotated[str, typer.Option("--recipe")] = "dense",
    runs: Annotated[int, typer.Option(min=3)] = 400,
    destination: Annotated[Path, typer.Option()] = Path("docs/results/layers.json"),
) -> None:
    """Time a recipe's student with each layer in fp32; write the table as JSON."""
    story: dict[str, Any] = {
        "command": f"python -m export.studies.layers {shlex.join(['--recipe', recipe])}",
        "machine": machine_facts(),
        "runs": runs,
        "median_ms": study(load_recipe(recipe), runs),
    }
    write_json(destination, story)


if __name__ == "__main__":
    typer.run(main)
