from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec import structs

from export.errors import ExportError
from export.models import imagenet
from export.models.committee import Committee
from export.models.efficientnet import SameConv2d
from export.models.student import (
    Student,
    StudentConfig,
    build_student,
    folded_parameters,
)
from export.models.teacher import TEACHERS, Teacher, build_teacher
from export.packaging.convert import folded
from export.recipe.read import load_recipe

DEFAULT = load_recipe("default").student


def test_same_padding_is_tensorflows_odd_pixel_goes_right_and_bottom():
    layer = SameConv2d(1, 1, 3, stride=2, bias=False)
    torch.nn.init.ones_(layer.weight)
    # TensorFlow, size 4, kernel 3, stride 2: pads 0 before and 1 after, so windows are
    # {0,1,2} and {2,3,pad}
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    expected = torch.tensor([[45.0, 39.0], [66.0, 50.0]])
    assert torch.equal(layer(x)[0, 0], expected)


@pytest.mark.parametrize("architecture", ["efficientnet_lite0", "efficientnet_lite2"])
def test_a_teacher_starts_from_the_pinned_imagenet_weights(architecture):
    build = TEACHERS[architecture]
    settings = {"classes": 4, "mean": 0.2, "std": 0.2, "gaze_way": "modulate"}
    start, blank = build(imagenet=True, **settings), build(imagenet=False, **settings)
    body = {name for name in start.state_dict() if not name.startswith(("_fc.", "gates."))}
    published = torch.load(imagenet.WEIGHTS[architecture].path(), weights_only=True)
    assert body == {name for name in published if not name.startswith("_fc.")}
    assert all(torch.equal(start.state_dict()[name], published[name]) for name in body)
    assert not torch.equal(start._conv_stem.weight, blank._conv_stem.weight)
    assert start._fc.weight.shape == (4, 1280)


def test_lite2_has_the_published_depth_and_its_middle_map_a_16th_of_the_size():
    teacher = TEACHERS["efficientnet_lite2"](
        classes=4, mean=0.2, std=0.2, imagenet=False, gaze_way="modulate"
    ).eval()
    assert len(teacher._blocks) == 21
    logits, middle = teacher.logits_and_map(torch.zeros(2, 1, 144, 192))
    assert logits.shape == (2, 4)
    assert middle.shape == (2, 120, 9, 12)
    assert set(teacher.gates) == {"6", "14", "20"}


def test_imagenet_weights_of_another_hash_are_refused(monkeypatch):
    other = replace(imagenet.WEIGHTS["efficientnet_lite0"], sha256="0" * 64)
    monkeypatch.setitem(imagenet.WEIGHTS, "efficientnet_lite0", other)
    with pytest.raises(ExportError, match="expected 0000") as caught:
        build_teacher(imagenet=True)
    assert caught.value.slug == "weights-hash"


def test_the_teacher_undoes_the_students_normalisation():
    teacher = build_teacher(mean=0.2, std=0.2).eval()
    other = build_teacher(mean=0.5, std=0.1).eval()
    other.load_state_dict(teacher.state_dict())
    grey = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        same = torch.allclose(teacher((grey - 0.2) / 0.2), other((grey - 0.5) / 0.1), atol=1e-4)
    assert same


def test_a_teacher_answers_alike_each_time_in_eval_mode():
    teacher = Teacher(4, 0.2, 0.2, dropout=0.5, drop_path=0.5).eval()
    x = torch.randn(2, 1, 48, 64)
    with torch.no_grad():
        assert torch.equal(teacher(x), teacher(x))


def test_a_committee_gives_its_members_mean_logits_and_the_first_ones_map():
    members = [build_teacher().eval() for _ in range(3)]
    x = torch.randn(2, 1, 48, 64)
    with torch.no_grad():
        logits, middle = Committee(members).logits_and_map(x)
        each = [member.logits_and_map(x) for member in members]
    for frame in range(2):
        for label in range(4):
            expected = sum(float(own[frame, label]) for own, _ in each) / 3
            assert float(logits[frame, label]) == pytest.approx(expected, abs=1e-5)
    assert torch.equal(middle, each[0][1])


def test_a_students_attention_is_a_distribution_and_starts_uniform():
    student = Student(4, DEFAULT).eval()
    logits, attention = student(torch.randn(3, 1, 144, 192))
    assert logits.shape == (3, 4)
    assert attention.shape == (3, 9, 12)
    assert torch.allclose(attention, torch.full_like(attention, 1 / 108))


def _convolutions(row: list[int]) -> list[tuple[int, int, int]]:
    """Return (inputs, outputs, groups) of a block's convolutions."""
    block = Student(4, StudentConfig.from_rows(8, [row], 16)).blocks[0]
    found = [m for m in block.modules() if isinstance(m, torch.nn.Conv2d)]
    return [(m.in_channels, m.out_channels, m.groups) for m in found]


def test_without_expansion_a_block_is_depthwise_separable_and_with_one_an_inverted_residual():
    assert _convolutions([0, 12, 3, 2]) == [(8, 8, 8), (8, 12, 1)]
    assert _convolutions([3, 12, 3, 2]) == [(8, 24, 1), (24, 24, 24), (24, 12, 1)]


def test_every_block_of_the_default_student_is_depthwise_separable():
    assert {stage.expansion for stage in DEFAULT.stages} == {0}


def test_an_architecture_that_is_not_registered_is_refused_with_those_that_are():
    config = structs.replace(DEFAULT, architecture="moon")
    with pytest.raises(ExportError, match=r"'moon'; known: \['dense', 'depthwise'\]") as caught:
        build_student(4, config)
    assert caught.value.slug == "registry-name"


def test_the_default_student_has_at_most_a_hundred_thousand_parameters():
    assert folded_parameters(Student(4, DEFAULT)) <= 100_000


def _trained_looking(seed: int) -> Student:
    torch.manual_seed(seed)
    student = Student(4, DEFAULT)
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    torch.nn.init.normal_(student.score.weight)
    return student.eval()


def test_folding_batch_norms_changes_no_answer_and_leaves_the_counted_parameters():
    student = _trained_looking(0)
    slim = folded(student)
    x = torch.randn(2, 1, 144, 192)
    with torch.no_grad():
        for plain, fold in zip(student(x), slim(x), strict=True):
            assert np.allclose(plain, fold, atol=1e-4)
    assert sum(p.numel() for p in slim.parameters()) == folded_parameters(student)
