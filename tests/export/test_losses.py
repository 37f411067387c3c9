"""Formulas pinned by numbers worked out by hand."""

import math

import pytest
import torch

from export.distill.losses import soft_cross_entropy, softened_divergence, transfer_loss
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


def test_parts_are_weighted_apart_and_sum_to_the_total():
    targets = torch.tensor([[1.0, 0.0]])
    parts = transfer_loss(EVEN, targets, LOGITS, {"labels": 0.5, "logits": 2.0}, 1.0)
    assert parts["labels"].item() == pytest.approx(0.5 * math.log(2), rel=1e-6)
    divergence = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert parts["logits"].item() == pytest.approx(2 * divergence, rel=1e-5)
    assert parts["total"].item() == pytest.approx(
        parts["labels"].item() + parts["logits"].item(), rel=1e-6
    )


def test_an_unknown_part_and_a_missing_teacher_are_refused():
    targets = torch.tensor([[1.0, 0.0]])
    with pytest.raises(ExportError, match="unknown loss 'hinge'"):
        transfer_loss(EVEN, targets, None, {"hinge": 1.0}, 1.0)
    with pytest.raises(ExportError, match="needs a teacher"):
        transfer_loss(EVEN, targets, None, {"logits": 1.0}, 1.0)
