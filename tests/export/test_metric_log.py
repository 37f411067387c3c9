"""A run's log and its checkpoints: what they hold, and that they change nothing."""

import csv
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from msgspec import structs
from torch import nn

from export.data.view_bank import ViewBank
from export.distill import checkpoint as checkpoint_module
from export.distill.checkpoint import Checkpoint
from export.distill.formulas import soft_cross_entropy
from export.distill.loop import LoopConfig, train
from export.distill.metric_log import MetricLog
from export.distill.schedule import learning_rate, parameter_groups
from export.distill.training_run import TrainingRun
from export.distill.validation import Validation
from export.models.gaze_gate import GazeGate
from export.models.teacher import build_teacher

CONFIG = LoopConfig(epochs=4, batch=4, learning_rate=0.01, weight_decay=0.1, seed=5)
FRAMES = 8


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


class OnlyOnTime(Checkpoint):
    """A checkpoint of a process that is killed, which writes nothing more."""

    def flush(self) -> None:
        pass


def _bank() -> ViewBank:
    rng = np.random.default_rng(0)
    return ViewBank(
        views=rng.integers(0, 256, (2 * FRAMES, 4, 4), dtype=np.uint8),
        frame_index=np.repeat(np.arange(FRAMES), 2),
        targets=np.eye(2, dtype=np.float32)[rng.integers(0, 2, 2 * FRAMES)],
        matrices=np.zeros((2 * FRAMES, 2, 2, 3), np.float32),
        partner_index=np.full(2 * FRAMES, -1),
        share=np.ones(2 * FRAMES, np.float32),
    )


def _normalise(views: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(views).float().unsqueeze(1) / 255


VALIDATION = Validation(_normalise(_bank().views[:3]).numpy(), np.array([0, 1, 0]))


def _train(checkpoint: Checkpoint, log: MetricLog | None = None, report=None, step=None):
    """Train a network with batch norm and dropout; `step` sees each batch's indices."""
    torch.manual_seed(3)
    model = nn.Sequential(
        *(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(0.3), nn.Linear(16, 2))
    )
    bank = _bank()

    def loss(net, inputs, indices):
        if step is not None:
            step()
        labels = soft_cross_entropy(net(inputs), torch.from_numpy(bank.targets[indices]))
        return {"labels": labels, "total": 2 * labels}

    return train(
        model, bank, _normalise, loss, CONFIG, checkpoint, report or (lambda e, p: None), log
    )


def _same(left: nn.Module, right: nn.Module) -> bool:
    other = right.state_dict()
    return all(torch.equal(value, other[name]) for name, value in left.state_dict().items())


def _rows(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def test_a_run_ends_with_the_same_weights_with_a_log_and_without(tmp_path):
    log = MetricLog(tmp_path / "log.csv", {"frames": FRAMES}, VALIDATION)
    with_log = _train(Checkpoint(tmp_path / "a.pt", every_s=0), log)
    assert _same(_train(Checkpoint(tmp_path / "b.pt")), with_log)
    assert len(_rows(log.path)) == CONFIG.epochs


def test_a_log_has_a_row_an_epoch_and_says_what_was_trained_on(tmp_path):
    reported = []
    log = MetricLog(tmp_path / "log.csv", {"trained on": "8 frames", "seed": 5}, VALIDATION)
    _train(Checkpoint(tmp_path / "r.pt"), log, lambda epoch, parts: reported.append(parts))
    assert log.path.read_text().splitlines()[:2] == ["# trained on: 8 frames", "# seed: 5"]
    rows = _rows(log.path)
    assert [*rows[0]] == [
        *("epoch", "learning_rate", "gradient_norm", "seconds", "labels", "total"),
        *("validation_accuracy", "validation_loss"),
    ]
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    for row, parts in zip(rows, reported, strict=True):
        assert float(row["total"]) == pytest.approx(parts["total"], rel=1e-5)
        assert float(row["labels"]) == pytest.approx(parts["total"] / 2, rel=1e-5)
    # two batches an epoch: the last rate is that of its middle
    expected = [learning_rate(CONFIG, epoch + 0.5) for epoch in range(4)]
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx(expected, rel=1e-5)
    assert all(float(row["seconds"]) > 0 for row in rows)


def test_the_plot_lies_beside_the_log(tmp_path):
    log = MetricLog(tmp_path / "log.csv", {"frames": FRAMES}, VALIDATION)
    _train(Checkpoint(tmp_path / "r.pt"), log)
    assert {path.name for path in tmp_path.iterdir()} == {"log.csv", "log.png", "r.pt"}
    assert cv2.imread(str(tmp_path / "log.png")).shape == (845, 1560, 3)


def test_a_killed_run_goes_on_without_double_rows_and_to_the_same_weights(tmp_path):
    checkpoint = OnlyOnTime(tmp_path / "cut.pt", every_s=0)
    log = MetricLog(tmp_path / "log.csv", validation=VALIDATION)

    def report(epoch, parts):
        checkpoint.every_s = math.inf  # on disk: the first epoch alone
        if epoch == 3:
            raise Killed

    with pytest.raises(Killed):
        _train(checkpoint, log, report)
    assert torch.load(checkpoint.path, weights_only=True)["epoch"] == 1
    cut = _rows(log.path)
    assert [row["epoch"] for row in cut] == ["1", "2", "3"]
    again = MetricLog(log.path, validation=VALIDATION)
    assert _same(_train(Checkpoint(checkpoint.path), again), _train(Checkpoint(tmp_path / "w.pt")))
    rows = _rows(log.path)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0] == cut[0]
    for before, after in zip(cut, rows, strict=False):
        assert before["total"] == after["total"]


def test_an_interrupt_within_an_epoch_keeps_the_epoch_before(tmp_path):
    checkpoint, steps = Checkpoint(tmp_path / "cut.pt"), []

    def step():
        steps.append(None)
        if len(steps) == 6:  # of two an epoch
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(checkpoint, step=step)
    assert torch.load(checkpoint.path, weights_only=True)["epoch"] == 2
    resumed = _train(Checkpoint(checkpoint.path))
    assert _same(resumed, _train(Checkpoint(tmp_path / "whole.pt")))


def test_checkpoints_are_written_as_often_as_time_passes_and_at_the_end(tmp_path, monkeypatch):
    now, written = [0.0], []
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: now[0])
    save = torch.save

    def counted(state, path):
        written.append(state["epoch"])
        save(state, path)

    monkeypatch.setattr(checkpoint_module.torch, "save", counted)

    def report(epoch, parts):
        now[0] += 70  # seconds an epoch

    monkeypatch.setitem(globals(), "CONFIG", structs.replace(CONFIG, epochs=6))
    _train(Checkpoint(tmp_path / "r.pt"), report=report)
    assert written == [3, 5, 6]  # 140 of 120 seconds after the last, and at the end


def test_validation_scores_are_those_of_the_weights_given():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2, bias=False), nn.Dropout(0.9))
    nn.init.zeros_(model[1].weight)
    weights = {"1.weight": torch.eye(2) * math.log(3.0)}
    inputs = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], np.float32).reshape(4, 1, 1, 2)
    # probabilities 3/4 for the place of the 1: three right, one wrong
    scores = Validation(inputs, np.array([0, 1, 0, 1])).scores(model.train(), weights)
    expected = -(3 * math.log(0.75) + math.log(0.25)) / 4
    assert scores["validation_accuracy"] == 0.75
    assert scores["validation_loss"] == pytest.approx(expected, rel=1e-6)
    assert not model[1].weight.any()


def test_validation_is_of_the_averaged_weights(tmp_path):
    log = MetricLog(tmp_path / "log.csv", validation=VALIDATION)
    averaged = _train(Checkpoint(tmp_path / "r.pt"), log)
    scores = VALIDATION.scores(averaged, averaged.state_dict())
    assert float(_rows(log.path)[-1]["validation_loss"]) == pytest.approx(
        scores["validation_loss"], rel=1e-5
    )


@pytest.mark.parametrize(("epochs", "points"), [(1, 1), (2, 2), (16, 16), (240, 12), (250, 12)])
def test_validation_comes_about_twelve_times_a_run_and_at_its_end(epochs, points):
    due = [epoch for epoch in range(1, epochs + 1) if VALIDATION.is_due(epoch, epochs)]
    assert due[-1] == epochs
    assert len(due) == pytest.approx(points, abs=1)


def _one_step(slope: float, limit: float = 5.0) -> tuple[nn.Linear, float]:
    """Make a step on loss = slope * weight; return the module and the gradient's norm."""
    model = nn.Linear(1, 1, bias=False)
    loss = lambda net, inputs, indices: {"total": slope * net.weight.sum()}  # noqa: E731
    run = TrainingRun.start(model, loss, structs.replace(CONFIG, max_gradient_norm=limit))
    _, norm = run.step(torch.zeros(1), np.array([0]), 0.01, 1.0)
    return model, norm


@pytest.mark.parametrize(("slope", "limit", "followed"), [(3, 5, 3), (50, 5, 5), (50, 20, 20)])
def test_gradients_are_logged_whole_and_followed_up_to_a_limit(slope, limit, followed):
    model, norm = _one_step(slope, limit)
    assert norm == pytest.approx(slope)
    assert model.weight.grad.item() == pytest.approx(followed, rel=1e-4)


def test_matrices_decay_and_biases_and_norms_do_not():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
    decays, stays = parameter_groups(model, CONFIG)
    assert {id(p) for p in decays["params"]} == {id(model[0].weight), id(model[3].weight)}
    kept = (model[0].bias, model[1].weight, model[1].bias, model[3].bias)
    assert {id(p) for p in stays["params"]} == {id(p) for p in kept}
    assert (decays["weight_decay"], stays["weight_decay"]) == (0.1, 0.0)


def test_gaze_gates_decay_unless_the_setting_spares_them():
    teacher = build_teacher(gaze_way="modulate")
    gates = [m for m in teacher.modules() if isinstance(m, GazeGate)]
    own = {id(p) for gate in gates for p in gate.parameters()}
    assert len(own) == 6
    for setting in (True, False):
        decays, stays = parameter_groups(teacher, structs.replace(CONFIG, decay_gaze_gates=setting))
        assert (own <= {id(p) for p in decays["params"]}) is setting
        assert (own <= {id(p) for p in stays["params"]}) is not setting
        count = len(decays["params"]) + len(stays["params"])
        assert count == len(list(teacher.parameters()))
