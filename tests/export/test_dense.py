"""Dense students: patches, whole convolutions, and branches that fold into one kernel."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec import structs
from torch.nn import functional

from export.errors import ExportError
from export.models.reparameterised import Branches
from export.models.student import build_student, folded_parameters, student_logits
from export.packaging.convert import folded, largest_difference, run_onnx, to_onnx
from export.packaging.packaging import package
from export.packaging.quantize import Scheme, quantize
from export.recipe.read import load_recipe
from export.recipe.settings import StageConfig, StudentConfig
from sdk.model_file import parse_model_file
from sdk.preprocess import Preprocessing
from tests.sdk.toy_student import CARD

HEIGHT, WIDTH = 48, 64
STAGES = (StageConfig(0, 12, 3, 2), StageConfig(0, 12, 3, 1), StageConfig(0, 16, 1, 1))
DENSE = StudentConfig(8, STAGES, 20, "dense", patch=4)
INT8_BOUND = 0.05  # of the largest logit


def _trained_looking(network: StudentConfig):
    torch.manual_seed(1)
    student = build_student(4, network)
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    torch.nn.init.normal_(student.score.weight, std=0.1)
    return student.eval()


@pytest.fixture(scope="module", params=[0, 1, 3])
def student(request):
    return _trained_looking(structs.replace(DENSE, branches=request.param))


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(6, 1, HEIGHT, WIDTH)).astype(np.float32)


@pytest.fixture(scope="module")
def model(student):
    return to_onnx(student, HEIGHT, WIDTH)


def test_branches_fold_into_the_kernel_that_formulas_give():
    torch.manual_seed(0)
    branches = Branches(2, 2, 3, 1, 1).eval()
    for norm in (branches.convolutions[0][1], branches.convolutions[1][1], branches.skip):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        norm.weight.data.uniform_(0.5, 2)
        norm.bias.data.normal_()
    kernel, bias = torch.zeros(2, 2, 3, 3), torch.zeros(2)
    parts = [
        (branches.convolutions[0][0].weight, branches.convolutions[0][1]),
        (functional.pad(branches.convolutions[1][0].weight, [1] * 4), branches.convolutions[1][1]),
        (functional.pad(torch.eye(2).view(2, 2, 1, 1), [1] * 4), branches.skip),
    ]
    for weight, norm in parts:  # RepVGG, equation 3
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        kernel += weight * gain.view(2, 1, 1, 1)
        bias += norm.bias - norm.running_mean * gain
    merged = branches.merged()
    assert torch.allclose(merged.weight, kernel, atol=1e-6)
    assert torch.allclose(merged.bias, bias, atol=1e-6)


@pytest.mark.parametrize(("shape", "has_skip"), [((4, 4, 3, 1), True), ((4, 4, 3, 2), False),
                                                 ((4, 6, 3, 1), False)])  # fmt: skip
def test_the_input_is_a_branch_where_it_fits(shape, has_skip):
    assert (Branches(*shape, 2).skip is not None) is has_skip


def test_folding_changes_no_answer_and_leaves_the_counted_parameters(student, frames):
    slim = folded(student)
    with torch.no_grad():
        for plain, fold in zip(
            student(torch.from_numpy(frames)), slim(torch.from_numpy(frames)), strict=True
        ):
            assert np.allclose(plain, fold, atol=1e-4)
    assert not [m for m in slim.modules() if isinstance(m, Branches | torch.nn.BatchNorm2d)]
    assert sum(p.numel() for p in slim.parameters()) == folded_parameters(student)


def test_branches_cost_nothing_at_run_time():
    counts = {folded_parameters(_trained_looking(structs.replace(DENSE, branches=n)))
              for n in (0, 1, 3)}  # fmt: skip
    assert len(counts) == 1


def test_the_exported_student_is_the_trained_one(student, model, frames):
    logits, attention = largest_difference(model, student, frames)
    assert logits < 1e-4
    assert attention < 1e-5
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 1 + len(STAGES) + 2  # stem, blocks, head and score


@pytest.mark.parametrize("float_layers", [(), ("stem",)])
def test_int8_is_near_fp32(student, model, frames, float_layers):
    expected = student_logits(student, frames)
    int8 = quantize(model, frames, Scheme(float_layers=float_layers))
    logits, _ = run_onnx(int8.SerializeToString(), frames)
    difference = np.abs(logits - expected).max()
    assert 0 < difference < INT8_BOUND * np.abs(expected).max()


def test_both_files_are_packaged_with_known_answers_and_attention(model, frames):
    models = {"fp32": model, "int8": quantize(model, frames, Scheme(float_layers=("stem",)))}
    for precision, network in models.items():
        recipe = Preprocessing(width=WIDTH, height=HEIGHT, mean=0.2, std=0.2)
        data = package(network, replace(CARD, precision=precision, preprocessing=recipe))
        parsed = parse_model_file(data)
        assert parsed.attention_shape == (6, 8)
        assert len(parsed.metadata.known_answers.answers) == 3


def _refused(tmp_path, student: str, preprocessing: str = "") -> str:
    path = tmp_path / "own.toml"
    path.write_text(f'base = "smoke"\nname = "own"\n[student]\n{student}\n{preprocessing}')
    with pytest.raises(ExportError) as caught:
        load_recipe(str(path))
    assert caught.value.slug == "recipe-field"
    return str(caught.value)


def test_what_an_architecture_does_not_read_is_refused(tmp_path):
    assert "patch is 8, which a 'depthwise' student" in _refused(tmp_path, "patch = 8")
    assert "branches is 1, which a 'depthwise'" in _refused(tmp_path, "branches = 1")
    expanded = 'architecture = "dense"\nstages = [[0, 8, 3, 2], [2, 8, 3, 1]]'
    assert "stages[1].expansion is 2; allowed: 0" in _refused(tmp_path, expanded)


def test_patches_must_fill_the_input(tmp_path):
    dense = 'architecture = "dense"\npatch = 8\nstages = [[0, 8, 3, 2]]'
    told = _refused(tmp_path, dense, "[preprocessing]\nwidth = 60\n")
    assert "student.patch is 8; allowed: a divisor of the input's width and height, 60 and 48" in (
        told
    )
