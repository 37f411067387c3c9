"""Tencent's ncnn as a runtime beside onnxruntime: a student converted by its own converter, pnnx.

pnnx 20261020 loses the axes of ONNX's ReduceSum where they are an input, as they are from opset 13
on: what it writes reads past the end of an array. So the axes are put back from the ONNX file, and
what comes out is refused unless it computes what onnxruntime computes.
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

#: Of a logit: far above rounding in another order, far below any wrong layer.
_LARGEST_DEVIATION = 1e-3
_TIMEOUT_S = 120.0
#: An operator ``Reduction`` whose list of axes (parameter 3, an array) is empty.
_NO_AXES = re.compile(r"(?m)^(Reduction .*) -23303=0 ")


class ConversionError(Exception):
    """No sound conversion; says why."""


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
        shutil.copy(source, copy)
        _run_pnnx(copy, tensor.shape)
        text = (copy.parent / "model.ncnn.param").read_text(encoding="ascii")
        param.write_text(with_axes(text, reduced_axes(source)), encoding="ascii")
        shutil.move(copy.parent / "model.ncnn.bin", param.with_suffix(".bin"))
    _check(source, param, tensor)
    return param


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

    graph = onnx.load(source).graph
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
    """
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    # the defaults compute in 16 bits where the CPU can: other numbers
    for name in dir(net.opt):
        if name.startswith(("use_fp16", "use_bf16")):
            setattr(net.opt, name, False)
    net.load_param(str(param))
    net.load_model(str(param.with_suffix(".bin")))

    def infer(tensor: np.ndarray) -> np.ndarray:
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(tensor[0]))
        return np.array(extractor.extract("out0")[1])[None]

    return infer


def _check(source: Path, param: Path, tensor: np.ndarray) -> None:
    from benchmarks.subjects.runtimes import onnxruntime_session

    session = onnxruntime_session(str(source), 1)
    outputs, given = [session.get_outputs()[0].name], session.get_inputs()[0].name
    expected = session.run(outputs, {given: tensor})[0]
    found = load(param, 1)(tensor)
    if found.shape != expected.shape:
        raise ConversionError(f"pnnx's file gives the shape {found.shape}, not {expected.shape}")
    deviation = float(np.abs(found - expected).max())
    if not deviation < _LARGEST_DEVIATION:  # written so that NaN is refused
        raise ConversionError(
            f"pnnx's file gives logits that differ from onnxruntime's by {deviation:.3g}, "
            f"allowed is less than {_LARGEST_DEVIATION:g}"
        )
