"""Formulas pinned by numbers worked out by hand."""

import dataclasses
import math

import pytest
import torch

from export.distill.formulas import (
    attention_divergence,
    feature_distance,
    one_against_rest,
    soft_cross_entropy,
    softened_divergence,
)
from export.distill.losses import LOSSES, Objective, register_loss
from export.distill.targets import Predictions, Targets
from export.errors import ExportError

# two classes, logits ln 3 and 0: probabilities 3/4 and 1/4
LOGITS = torch.tensor([[math.log(3.0), 0.0]])
EVEN = torch.tensor([[0.0, 0.0]])


def test_cross_entropy_of_a_sure_label_is_minus_log_of_its_probability():
    loss = soft_cross_entropy(LOGITS, torch.tensor([[1.0, 0.0]]))
    assert loss.item() == pytest.approx(-math.log(0.75), rel=1e-6)


def test_cross_entropy_of_label_shares_is_their_weighted_mean():
    loss = soft_cross_entropy(LOGITS, torch.tensor([[0.5, 0.5]]))
    assert loss.item() == pytest.approx(-0.5 * math.log(0.75) - 0.5 * math.log(0.25), rel=1e-6)


def test_a_frame_without_label_adds_nothing_but_counts_in_the_mean():
    both = soft_cross_entropy(LOGITS.repeat(2, 1), torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    assert both.item() == pytest.approx(-math.log(0.75) / 2, rel=1e-6)


# label 0, without label, outlier, half label 0 and half outlier, half label 0 and half without
MIXED_LABELS = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.5, 0.0], [0.5, 0.0]])
MIXED_OUTLIER = torch.tensor([0.0, 0.0, 1.0, 0.5, 0.0])
LABELLED, UNIFORM = -math.log(0.75), -(math.log(0.75) + math.log(0.25)) / 2


@pytest.mark.parametrize(
    ("row", "expected"),
    list(enumerate([LABELLED, 0, UNIFORM, (LABELLED + UNIFORM) / 2, LABELLED / 2])),
    ids=["label", "without label", "outlier", "label and outlier", "label and none"],
)
def test_cross_entropy_of_an_outlier_is_that_of_a_uniform_target(row, expected):
    rows = slice(row, row + 1)
    loss = soft_cross_entropy(LOGITS, MIXED_LABELS[rows], MIXED_OUTLIER[rows])
    assert loss.item() == pytest.approx(expected, rel=1e-6)


# sigmoid(ln 3) = 3/4, sigmoid(0) = 1/2: each class says alone whether it is there
CLAIMED, DENIED = -math.log(0.75) - math.log(0.5), -math.log(0.25) - math.log(0.5)


@pytest.mark.parametrize(
    ("row", "expected"),
    list(enumerate([CLAIMED, 0, DENIED, (CLAIMED + DENIED) / 2, CLAIMED / 2])),
    ids=["label", "without label", "outlier", "label and outlier", "label and none"],
)
def test_against_the_rest_an_outlier_is_denied_by_every_class(row, expected):
    rows = slice(row, row + 1)
    loss = one_against_rest(LOGITS, MIXED_LABELS[rows], MIXED_OUTLIER[rows])
    assert loss.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("formula", [soft_cross_entropy, one_against_rest])
def test_kinds_of_rows_count_alike_in_the_mean_over_the_batch(formula):
    logits = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    each = [formula(logits[i : i + 1], MIXED_LABELS[i : i + 1], MIXED_OUTLIER[i : i + 1]).item()
            for i in range(5)]  # fmt: skip
    assert formula(logits, MIXED_LABELS, MIXED_OUTLIER).item() == pytest.approx(sum(each) / 5)


@pytest.mark.parametrize("formula", [soft_cross_entropy, one_against_rest])
def test_no_outlier_share_is_a_share_of_zero(formula):
    none = formula(LOGITS.repeat(5, 1), MIXED_LABELS)
    assert torch.equal(none, formula(LOGITS.repeat(5, 1), MIXED_LABELS, torch.zeros(5)))


def test_an_outlier_share_for_another_number_of_rows_is_refused():
    with pytest.raises(ExportError, match=r"\(1,\) against \(5,\)") as caught:
        soft_cross_entropy(LOGITS.repeat(5, 1), MIXED_LABELS, torch.zeros(1))
    assert caught.value.slug == "loss-shape"


@pytest.mark.parametrize("name", ["labels", "labels_against_rest"])
def test_losses_of_labels_read_the_outlier_share_of_their_targets(name):
    formula = {"labels": soft_cross_entropy, "labels_against_rest": one_against_rest}[name]
    predictions = Predictions(LOGITS.repeat(5, 1), torch.ones(5, 1, 1))
    found = LOSSES[name](predictions, Targets(MIXED_LABELS, MIXED_OUTLIER), 1.0)
    assert torch.equal(found, formula(predictions.logits, MIXED_LABELS, MIXED_OUTLIER))
    assert not torch.equal(found, formula(predictions.logits, MIXED_LABELS))


def test_divergence_at_temperature_one_is_the_kullback_leibler_divergence():
    # teacher (3/4, 1/4), student (1/2, 1/2): 3/4 ln(3/2) + 1/4 ln(1/2)
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert softened_divergence(EVEN, LOGITS, 1.0).item() == pytest.approx(expected, rel=1e-5)


def test_divergence_is_multiplied_by_the_squared_temperature():
    # logits 2 ln 3 at T = 2 soften to probabilities 3/4 and 1/4; the factor is 4
    expected = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert softened_divergence(EVEN, 2 * LOGITS, 2.0).item() == pytest.approx(expected, rel=1e-5)


def test_divergence_is_a_mean_over_the_batch_not_over_its_elements():
    one = softened_divergence(EVEN, LOGITS, 1.0)
    two = softened_divergence(EVEN.repeat(5, 1), LOGITS.repeat(5, 1), 1.0)
    assert two.item() == pytest.approx(one.item(), rel=1e-6)


def test_shapes_that_differ_are_refused_with_both():
    with pytest.raises(ExportError, match=r"\(1, 2\) against \(2, 2\)") as caught:
        softened_divergence(EVEN, LOGITS.repeat(2, 1), 1.0)
    assert caught.value.slug == "loss-shape"


def _predictions(adapted=None):
    return Predictions(EVEN, torch.full((1, 1, 2), 0.5), adapted)


def test_feature_distance_is_the_mean_square_over_all_elements():
    student = torch.tensor([[[[1.0, 2.0]]]])  # one component, two places
    teacher = torch.tensor([[[[1.0, 5.0]]]])
    assert feature_distance(student, teacher).item() == pytest.approx((0 + 9) / 2)


def test_feature_distance_at_gaze_counts_places_half_evenly_and_half_by_gaze():
    student = torch.tensor([[[[1.0, 2.0]]]])
    teacher = torch.tensor([[[[1.0, 5.0]]]])
    gaze = torch.tensor([[[1.0, 3.0]]])  # shares 1/4, 3/4: weights 0.5 + 0.5 * 2 * share
    expected = (0 * 0.75 + 9 * 1.25) / 2
    assert feature_distance(student, teacher, gaze).item() == pytest.approx(expected)


def test_feature_distance_without_gaze_on_a_frame_counts_evenly():
    student, teacher = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
    assert feature_distance(student, teacher, torch.zeros(1, 4, 4)).item() == pytest.approx(1.0)


def test_attention_divergence_is_kullback_leibler_from_gaze_to_attention():
    attention = torch.tensor([[[0.5, 0.5]]])
    gaze = torch.tensor([[[6.0, 2.0]]])  # shares 3/4, 1/4
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert attention_divergence(attention, gaze).item() == pytest.approx(expected, rel=1e-5)


def test_gaze_comes_onto_the_attentions_grid_by_area():
    attention = torch.tensor([[[0.5, 0.5]]])
    gaze = torch.tensor([[[1.0, 2.0, 1.0, 0.0], [2.0, 1.0, 0.0, 1.0]]])  # left 6, right 2
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert attention_divergence(attention, gaze).item() == pytest.approx(expected, rel=1e-5)


def test_frames_that_nobody_looked_at_do_not_count_in_the_attention_loss():
    attention = torch.tensor([[[0.5, 0.5]], [[0.9, 0.1]]])
    gaze = torch.tensor([[[6.0, 2.0]], [[0.0, 0.0]]])
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert attention_divergence(attention, gaze).item() == pytest.approx(expected, rel=1e-5)
    assert attention_divergence(attention, torch.zeros(2, 1, 2)).item() == 0


def test_a_frame_without_gaze_sends_no_gradient_into_attention():
    attention = torch.tensor([[[0.5, 0.5]], [[0.9, 0.1]]], requires_grad=True)
    attention_divergence(attention, torch.tensor([[[6.0, 2.0]], [[0.0, 0.0]]])).backward()
    assert torch.isfinite(attention.grad).all()
    assert not attention.grad[1].any()
    assert attention.grad[0].any()


def test_losses_are_weighted_apart_and_sum_to_the_total():
    targets = Targets(torch.tensor([[1.0, 0.0]]), None, LOGITS, torch.zeros(1, 1, 1, 2),
                      torch.tensor([[[6.0, 2.0]]]))  # fmt: skip
    weights = {"labels": 0.5, "logits": 2.0, "features": 3.0, "attention": 4.0}
    parts = Objective(weights, 1.0)(_predictions(torch.ones(1, 1, 1, 2)), targets)
    divergence = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert parts["labels"].item() == pytest.approx(0.5 * math.log(2), rel=1e-6)
    assert parts["logits"].item() == pytest.approx(2 * divergence, rel=1e-5)
    assert parts["features"].item() == pytest.approx(3.0)
    assert parts["attention"].item() == pytest.approx(4 * divergence, rel=1e-5)
    total = sum(value.item() for name, value in parts.items() if name != "total")
    assert parts["total"].item() == pytest.approx(total, rel=1e-6)


def test_an_objective_softens_logits_by_its_temperature():
    targets = Targets(torch.zeros(1, 2), teacher_logits=2 * LOGITS)
    found = Objective({"logits": 1.0}, 2.0)(_predictions(), targets)["logits"]
    expected = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "needs"),
    [
        ("labels", set()),
        ("labels_against_rest", set()),
        ("logits", {"teacher_logits"}),
        ("features", {"teacher_map"}),
        ("features_at_gaze", {"teacher_map", "gaze"}),
        ("attention", {"gaze"}),
    ],
)
def test_a_loss_reads_what_it_says_it_needs_and_nothing_else(loss, needs):
    every = {"teacher_logits": LOGITS, "teacher_map": torch.zeros(1, 1, 1, 2),
             "gaze": torch.tensor([[[6.0, 2.0]]])}  # fmt: skip
    given = {name: value for name, value in every.items() if name in needs}
    adapted = torch.ones(1, 1, 1, 2) if "teacher_map" in needs else None
    assert LOSSES[loss].needs == needs
    found = LOSSES[loss](_predictions(adapted), Targets(torch.tensor([[1.0, 0.0]]), **given), 1.0)
    assert torch.isfinite(found)


def test_an_unknown_loss_and_an_objective_of_none_are_refused():
    for weights, said in ({"hinge": 1.0}, "'hinge'"), ({}, "labels"):
        with pytest.raises(ExportError, match=said) as caught:
            Objective(weights, 1.0)
        assert caught.value.slug == "loss-weight"


def test_what_a_loss_needs_and_lacks_is_refused_by_name():
    targets = Targets(torch.tensor([[1.0, 0.0]]))
    for loss, lack in [("logits", "logits"), ("features", "middle map"), ("attention", "gaze")]:
        with pytest.raises(ExportError, match=f"{loss!r} needs .*{lack}") as caught:
            Objective({loss: 1.0}, 1.0)(_predictions(), targets)
        assert caught.value.slug == "loss-teacher"
    mapped = Targets(torch.tensor([[1.0, 0.0]]), teacher_map=torch.zeros(1, 1, 1, 2))
    with pytest.raises(ExportError, match="'features' needs an adapter"):
        Objective({"features": 1.0}, 1.0)(_predictions(), mapped)


def test_the_students_outputs_are_softened_too():
    # student 2 ln 3 at T = 2: probabilities 3/4 and 1/4; teacher even
    expected = 4 * (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert softened_divergence(2 * LOGITS, EVEN, 2.0).item() == pytest.approx(expected, rel=1e-5)


def test_feature_maps_that_would_broadcast_are_refused_with_both_shapes():
    with pytest.raises(ExportError, match=r"\(1, 3, 2, 2\) against \(1, 1, 2, 2\)") as caught:
        feature_distance(torch.zeros(1, 3, 2, 2), torch.zeros(1, 1, 2, 2))
    assert caught.value.slug == "loss-shape"


def test_feature_distance_weighs_each_frame_by_its_own_gaze():
    student = torch.zeros(2, 3, 1, 2)
    teacher = torch.tensor([[[3.0, 0.0]], [[0.0, 1.0]]]).unsqueeze(1).expand(2, 3, 1, 2)
    gaze = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])  # weights 1.5 and 0.5
    expected = (9 * 1.5 + 0 * 0.5 + 0 * 1.5 + 1 * 0.5) / 4
    assert feature_distance(student, teacher, gaze).item() == pytest.approx(expected)


def test_a_taken_name_and_a_need_that_no_batch_has_are_refused():
    with pytest.raises(ExportError, match="a loss 'labels' already") as caught:
        register_loss("labels")(lambda *batch: torch.zeros(()))
    assert caught.value.slug == "registry-name"
    with pytest.raises(ExportError, match=r"needs \['pixels'\]; allowed: .*gaze") as caught:
        register_loss("new", needs=["pixels"])
    assert caught.value.slug == "loss-needs"


def test_a_registered_loss_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LOSSES["labels"].formula = LOSSES["logits"].formula
