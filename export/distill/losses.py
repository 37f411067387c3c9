"""The losses that an objective is made of, by name; a module of your own can add to them.

    from export.distill.losses import register_loss

    @register_loss("confidence")
    def confidence(predictions, targets, temperature):
        return -predictions.logits.log_softmax(1).amax(1).mean()

A recipe then weights it by its name, as any other: `[objectives.mine] confidence = 0.1`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from export.distill.formulas import (
    attention_divergence,
    feature_distance,
    one_against_rest,
    soft_cross_entropy,
    softened_divergence,
)
from export.distill.targets import Predictions, Targets
from export.errors import ExportError
from export.registry import Registry

Formula = Callable[[Predictions, Targets, float], Tensor]

# What a loss can need beside labels, and what an error calls it.
NEEDS = {
    "teacher_logits": "a teacher's logits",
    "teacher_map": "a teacher's middle map",
    "gaze": "gaze",
}


@dataclass(frozen=True)
class Loss:
    """One term of an objective.

    Attributes:
        name: by which a recipe weights it, and a log shows it.
        needs: fields of `Targets` that it reads beside labels, of `NEEDS`. One that needs
            `teacher_map` also reads the student's own, `Predictions.adapted`.
        formula: (predictions, targets, temperature) -> scalar, a mean over the batch.
    """

    name: str
    needs: frozenset[str]
    formula: Formula

    def __call__(self, predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
        """Return the loss of a batch.

        Raises:
            ExportError: `loss-teacher` when what it needs is missing, `loss-shape` when tensors
                don't match.
        """
        for need in sorted(self.needs):
            self._check(getattr(targets, need), NEEDS[need])
        if "teacher_map" in self.needs:
            self._check(predictions.adapted, "an adapter")
        return self.formula(predictions, targets, temperature)

    def _check(self, value: Tensor | None, what: str) -> None:
        if value is None:
            raise ExportError(
                "loss-teacher", f"the loss {self.name!r} needs {what}, and there is none"
            )


LOSSES: Registry[Loss] = Registry("loss", "sonogaze.losses")


def register_loss(name: str, needs: Iterable[str] = ()) -> Callable[[Formula], Formula]:
    """Return a decorator that makes a formula the loss `name`.

    Raises:
        ExportError: `registry-name` when the name is taken, `loss-needs` for a need that isn't in
            `NEEDS`.
    """
    needed = frozenset(needs)
    if unknown := sorted(needed - set(NEEDS)):
        raise ExportError("loss-needs", f"loss {name!r} needs {unknown}; allowed: {list(NEEDS)}")

    def add(formula: Formula) -> Formula:
        LOSSES.add(name, Loss(name, needed, formula))
        return formula

    return add


@register_loss("labels")
def _labels(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    return soft_cross_entropy(predictions.logits, targets.labels, targets.outlier)


@register_loss("labels_against_rest")
def _against_rest(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    return one_against_rest(predictions.logits, targets.labels, targets.outlier)


@register_loss("logits", needs=["teacher_logits"])
def _logits(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    assert targets.teacher_logits is not None
    return softened_divergence(predictions.logits, targets.teacher_logits, temperature)


@register_loss("features", needs=["teacher_map"])
def _features(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    assert predictions.adapted is not None
    assert targets.teacher_map is not None
    return feature_distance(predictions.adapted, targets.teacher_map)


@register_loss("features_at_gaze", needs=["teacher_map", "gaze"])
def _features_at_gaze(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    assert predictions.adapted is not None
    assert targets.teacher_map is not None
    return feature_distance(predictions.adapted, targets.teacher_map, targets.gaze)


@register_loss("attention", needs=["gaze"])
def _attention(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    assert targets.gaze is not None
    return attention_divergence(predictions.attention, targets.gaze)


@dataclass(frozen=True)
class Objective:
    """A weighted sum of losses.

    Attributes:
        weights: of each loss, by its name in `LOSSES`.
        temperature: that logits are softened by, above 0.
    """

    weights: Mapping[str, float]
    temperature: float

    def __post_init__(self) -> None:
        unknown = [name for name in self.weights if name not in LOSSES]
        if unknown or not self.weights:
            raise ExportError("loss-weight", f"unknown losses {unknown}; name some of {[*LOSSES]}")

    @property
    def needs(self) -> frozenset[str]:
        """What any of its losses needs, of `NEEDS`."""
        return needs_of(self.weights)

    def __call__(self, predictions: Predictions, targets: Targets) -> dict[str, Tensor]:
        """Return the weighted losses by name, and their sum as `total`.

        Raises:
            ExportError: `loss-teacher` when what a loss needs is missing.
        """
        parts = {
            name: weight * LOSSES[name](predictions, targets, self.temperature)
            for name, weight in self.weights.items()
        }
        return {**parts, "total": torch.stack(list(parts.values())).sum()}


def needs_of(names: Iterable[str]) -> frozenset[str]:
    """Return what any of these losses needs, of `NEEDS`."""
    return frozenset().union(*(LOSSES[name].needs for name in names))
