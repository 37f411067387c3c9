"""A student of layers that classifiers usually have is exported, quantised, packaged and run."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

import sdk
from export.packaging.packaging import ModelCard, package, strip
from export.packaging.quantize import quantize
from sdk.model_file.onnx_walk import read_graph, read_header
from sdk.preprocess import Preprocessing

HEIGHT, WIDTH = 48, 64
LABELS = ("a", "b", "c")
CARD = ModelCard(
    student_id="usual",
    precision="fp32",
    labels=LABELS,
    preprocessing=Preprocessing(width=WIDTH, height=HEIGHT),
    temperature=1.0,
    abstain_below=dict.fromkeys(LABELS, 0.0),
    provenance={"training_data": [{"name": "none", "licence": "none"}]},
    attribution="Random weights.",
)


class SqueezeExcite(nn.Module):
    """Hu et al., CVPR 2018, with the gate of MobileNetV3."""

    def __init__(self, channels: int):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.up(torch.relu(self.down(x.mean((2, 3), keepdim=True))))
        return x * nn.functional.hardsigmoid(gate)


class AttentionPool(nn.Module):
    """One learned query over all places, by products of matrices."""

    def __init__(self, channels: int):
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, channels) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        places = x.flatten(2).transpose(1, 2)
        weights = torch.softmax(self.query @ places.transpose(1, 2), dim=-1)
        return (weights @ places).squeeze(1)


class Usual(nn.Module):
    """A patch stem, then one of each."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 4, 4)
        self.norm = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 5, padding=2, groups=8)
        self.dilated = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        self.excite = SqueezeExcite(8)
        self.prelu = nn.PReLU(8)
        self.pool = nn.AvgPool2d(2)
        self.attend = AttentionPool(16)
        self.fc = nn.Linear(16, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu6(self.norm(self.stem(x)))
        x = x + nn.functional.hardswish(self.depthwise(x))
        x = self.excite(nn.functional.silu(self.dilated(x)))
        x = self.prelu(nn.functional.leaky_relu(nn.functional.gelu(x)))
        x = torch.cat([self.pool(x), nn.functional.max_pool2d(x, 2)], 1)
        return self.fc(self.attend(torch.tanh(x)))


@pytest.fixture(scope="module")
def fp32() -> onnx.ModelProto:
    torch.manual_seed(0)
    buffer = io.BytesIO()
    program = torch.onnx.export(
        Usual().eval(),
        (torch.zeros(1, 1, HEIGHT, WIDTH),),
        input_names=["frame"],
        output_names=["logits"],
        opset_version=18,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    program.save(buffer, external_data=False)
    return strip(onnx.load_from_string(buffer.getvalue()))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_usual_layers_become_a_student(fp32: onnx.ModelProto, precision: str, tmp_path: Path):
    model = fp32
    if precision == "int8":
        frames = np.random.default_rng(0).random((4, 1, HEIGHT, WIDTH), np.float32)
        model = quantize(fp32, frames)
    data = package(model, replace(CARD, precision=precision, tolerance_share=0.05))
    assert len(read_graph(read_header(data)).operators) >= 15
    path = tmp_path / "usual.onnx"
    path.write_bytes(data)
    assert sdk.Classifier(path).labels == LABELS
