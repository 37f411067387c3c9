"""PyTorch student -> ONNX fp32: batch norms folded, static shapes, no trace of the maker's machine.

Checked in the order of optimum's exporter: names, types, shapes, then values.
"""

import copy
import io
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from export import compiler_cache
from export.errors import ExportError
from export.models.reparameterised import Branches
from export.models.student import Student
from export.packaging.known_warnings import silenced
from export.packaging.packaging import strip
from export.packaging.sessions import open_session
from sdk.novelty import OUTPUT_NAME

INPUT, OUTPUTS = "frame", ("logits", "attention")
OPSET = 18


def folded(student: Student) -> Student:
    """Return a copy of `student` with one convolution where it trained several or a batch norm."""
    copied = copy.deepcopy(student).eval()
    for module in list(copied.modules()):
        for name, child in module.named_children():
            if isinstance(child, Branches):
                # in the shape of a convolution that trained alone: weights have the same names
                setattr(module, name, nn.Sequential(child.merged(), nn.Identity()))
    for module in copied.modules():
        if isinstance(module, nn.Sequential) and len(module) == 2:
            first, second = module[0], module[1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                module[0] = fuse_conv_bn_eval(first, second)
                module[1] = nn.Identity()
    return copied


def to_onnx(student: Student, height: int, width: int) -> onnx.ModelProto:
    """Return the student as an ONNX model: `frame` (1, 1, height, width) -> logits, attention."""
    model = strip(onnx.load_from_string(_exported(student, height, width)))
    model.producer_name, model.producer_version, model.graph.name = "sonogaze", "", "student"
    onnx.checker.check_model(model, full_check=True)
    _check_signature(model, student, height, width)
    return model


def _exported(student: Student, height: int, width: int) -> bytes:
    """Return what torch makes of it, in one file."""
    compiler_cache.begin()
    network: nn.Module = folded(student)
    # training leaves weights channels last; a file has them in the plain order
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    buffer: Any = io.BytesIO()
    with silenced():
        program = torch.onnx.export(
            network,
            (torch.zeros(1, 1, height, width),),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,  # a student is one file: the SDK refuses weights beside it
            verbose=False,
        )
        if program is None:
            raise ExportError("export-mismatch", "torch.onnx.export made no program")
        program.save(buffer, external_data=False)
    return bytes(buffer.getvalue())


def _check_signature(model: onnx.ModelProto, student: Student, height: int, width: int) -> None:
    signature = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    classes = student.classifier.out_features
    attention = signature.get("attention", [])
    expected = {INPUT: [1, 1, height, width], "logits": [1, classes], "attention": attention}
    if signature != expected or len(attention) != 3:
        raise ExportError("export-mismatch", f"signature {signature}, expected {expected}")


def largest_difference(
    model: onnx.ModelProto, student: Student, frames: np.ndarray
) -> tuple[float, float]:
    """Return the largest absolute difference of logits and of attention, ONNX against PyTorch.

    `frames` are input tensors, float32 (N, 1, height, width).
    """
    logits, attention = run_onnx(model.SerializeToString(), frames)
    with torch.no_grad():
        expected_logits, expected_attention = student(torch.from_numpy(frames))
    return (
        float(np.abs(logits - expected_logits.numpy()).max()),
        float(np.abs(attention - expected_attention.numpy()).max()),
    )


def run_onnx(model: bytes, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Run a student's ONNX bytes on frames (N, 1, h, w), one by one as the cart does."""
    session = open_session(model)
    results = [session.run(list(OUTPUTS), {INPUT: frame[None]}) for frame in frames]
    return (
        np.concatenate([np.asarray(r[0]) for r in results]),
        np.concatenate([np.asarray(r[1]) for r in results]),
    )


def logits_and_distances(model: bytes, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a student's logits, and its output `novelty` (N,) where it has one."""
    session = open_session(model)
    names = [output.name for output in session.get_outputs()]
    wanted = [name for name in (OUTPUTS[0], OUTPUT_NAME) if name in names]
    results = [session.run(wanted, {INPUT: frame[None]}) for frame in frames]
    columns = [np.concatenate([np.asarray(r[i]) for r in results]) for i in range(len(wanted))]
    return columns[0], columns[1][:, 0] if len(columns) > 1 else None
