"""Tencent's ncnn as a runtime beside onnxruntime: a student converted by its own converter, pnnx.

pnnx 20261020 loses the axes of ONNX's ReduceSum where they are an input, as they are from opset 13
on: what it writes reads past the end of an array. So the axes are put back from the ONNX file, and
what comes out is refused unless it computes what onnxruntime computes. Operators that it doesn't
know end the process that loads them; it is only given what leads to the first output, which is all
that ncnn would compute.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.subjects.conversion import ConversionError, check

_TIMEOUT_S = 120.0
#: An operator ``Reduction`` whose list of axes (parameter 3, an array) is empty.
_NO_AXES = re.compile(r"(?m)^(Reduction .*) -23303=0 ")


def convert(source: Path, folder: Path, tensor: np.ndarray) -> Path:
    """Write an ONNX student as ncnn's two files.

    Args:
        source: fp32 student.
        folder: where ``NAME.ncnn.param`` and ``NAME.ncnn.bin`` go.
        tensor: float32 `(1,1,H,W)`, on which both runtimes must agree.

    Returns:
        The path of the ``.param`` file; that of the weights differs in its suffix alone.

    Raises:
        ConversionError: pnnx is missing or fails, or what it writes computes something else.
    """
    param = folder / f"{source.stem}.ncnn.param"
    # pnnx writes beside the file that it reads, and more than is asked for
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        copy = Path(scratch) / "model.onnx"
        _write_first_output(source, copy)
        _run_pnnx(copy, tensor.shape)
        text = (copy.parent / "model.ncnn.param").read_text(encoding="ascii")
        param.write_text(with_axes(text, reduced_axes(copy)), encoding="ascii")
        shutil.move(copy.parent / "model.ncnn.bin", param.with_suffix(".bin"))
    check(source, tensor, load(param, 1), "pnnx")
    return param


def _write_first_output(source: Path, target: Path) -> None:
    """Write the part of a model that leads from its input to its first output."""
    from onnx import load
    from onnx.utils import extract_model

    graph = load(source, load_external_data=False).graph
    extract_model(source, target, [graph.input[0].name], [graph.output[0].name])


def _run_pnnx(source: Path, shape: tuple[int, ...]) -> None:
    try:
        from pnnx import EXEC_PATH
    except ImportError as error:
        raise ConversionError("pnnx is missing: pip install 'sonogaze-tools[ncnn]'") from error
    command = [EXEC_PATH, source.name, f"inputshape=[{','.join(map(str, shape))}]", "fp16=0"]
    try:
        done = subprocess.run(
            command, cwd=source.parent, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConversionError(f"pnnx: {error}") from error
    if done.returncode != 0 or not source.with_name("model.ncnn.param").is_file():
        raise ConversionError(f"pnnx ended with {done.returncode}: {done.stderr[-300:]}")


def reduced_axes(source: Path) -> list[list[int]]:
    """Return the axes of each ReduceSum of an ONNX file, without the batch's, in graph order."""
    import onnx
    from onnx import numpy_helper

    from export.packaging.graph_places import without_novelty

    graph = without_novelty(onnx.load(source)).graph
    values = {tensor.name: tensor for tensor in graph.initializer}
    return [
        [int(axis) - 1 for axis in numpy_helper.to_array(values[node.input[1]])]
        for node in graph.node
        if node.op_type == "ReduceSum" and len(node.input) > 1 and node.input[1] in values
    ]


def with_axes(param: str, axes: list[list[int]]) -> str:
    """Return ncnn's text with the axes of each reduction that has none.

    Raises:
        ConversionError: there are some, but not as many as ``axes``.
    """
    lost = len(_NO_AXES.findall(param))
    if lost not in (0, len(axes)):
        raise ConversionError("pnnx wrote other reductions than the ONNX file has")
    remaining = iter(axes)

    def mended(match: re.Match[str]) -> str:
        numbers = next(remaining)
        return f"{match[1]} -23303={','.join(map(str, (len(numbers), *numbers)))} "

    return _NO_AXES.sub(mended, param)


def load(param: Path, threads: int) -> Callable[[Any], Any]:
    """Return what maps a tensor `(1,1,H,W)` to logits `(1,labels)`, all of it in fp32.

    pnnx names the inputs and outputs by their order in the ONNX file, which ncnn doesn't keep.

    Raises:
        ConversionError: ncnn doesn't load it.
    """
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    # the defaults compute in 16 bits where the CPU can: other numbers
    for name in dir(net.opt):
        if name.startswith(("use_fp16", "use_bf16")):
            setattr(net.opt, name, False)
    if net.load_param(str(param)) or net.load_model(str(param.with_suffix(".bin"))):
        raise ConversionError(f"ncnn doesn't load {param.name}, which pnnx wrote")

    def infer(tensor: np.ndarray) -> np.ndarray:
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(tensor[0]))
        return np.array(extractor.extract("out0")[1])[None]

    return infer
