"""Each rule of the training loop, against a schedule and an AdamW written out by hand."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec import structs

from export.data.view_bank import ViewBank
from export.distill import teacher_outputs as asking
from export.distill.checkpoint import Checkpoint
from export.distill.loop import train
from export.distill.teacher_outputs import teacher_outputs
from export.recipe.read import load_recipe
from export.recipe.settings import LoopConfig

FRAMES, BATCH = 8, 2
STEPS = FRAMES // BATCH  # of an epoch


def _bank(frames: int = FRAMES, size: tuple[int, int] = (2, 2), classes: int = 2) -> ViewBank:
    return ViewBank(
        views=np.random.default_rng(0).integers(0, 256, (frames, *size), dtype=np.uint8),
        frame_index=np.arange(frames),
        targets=np.eye(classes, dtype=np.float32)[np.arange(frames) % classes],
        matrices=np.zeros((frames, 2, 2, 3), np.float32),
        partner_index=np.full(frames, -1),
        share=np.ones(frames, np.float32),
    )


def _weights(folder: Path, gradients: list[float], **settings) -> list[float]:
    """Return a lone weight, 1 at first, before each step and at the end, at given gradients."""
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(1.0)
    seen: list[float] = []

    def loss(net, inputs, indices):
        seen.append(net.weight.item())
        return {"total": net.weight.sum() * gradients[len(seen) - 1]}

    usual = {"learning_rate": 0.01, "weight_decay": 0.0, "average": 0.0, "warmup_epochs": 0.0}
    config = LoopConfig(len(gradients) // STEPS, BATCH, seed=1, **(usual | settings))
    trained = train(model, _bank(), _inputs, loss, config, Checkpoint(folder / "resume.pt"))
    return [*seen, trained.weight.item()]


def _inputs(views: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(views).float().unsqueeze(1)


def _adamw(gradients: list[float], rates: list[float], decay: float = 0.0) -> list[float]:
    """Loshchilov and Hutter, ICLR 2019, algorithm 2, with the usual constants."""
    weight, first, second = 1.0, 0.0, 0.0
    weights = [weight]
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        weight *= 1 - rate * decay
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        ratio = (first / (1 - 0.9**step)) / (math.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weight -= rate * ratio
        weights.append(weight)
    return weights


def _cosine(epochs: int, rate: float = 0.01, warmup: float = 0.0) -> list[float]:
    rates = []
    for step in range(epochs * STEPS):
        epoch = step / STEPS
        if epoch < warmup:
            rates.append(rate * (epoch + 0.02) / (warmup + 0.02))
        else:
            share = (epoch - warmup) / (epochs - warmup)
            rates.append(rate * (1 + math.cos(math.pi * share)) / 2)
    return rates


@pytest.mark.parametrize("warmup", [0.0, 1.0, 1.5])
def test_the_rate_rises_in_a_line_and_falls_in_a_cosine(tmp_path, warmup):
    gradients = [1.0] * (3 * STEPS)
    found = _weights(tmp_path, gradients, warmup_epochs=warmup)
    expected = _adamw(gradients, _cosine(3, warmup=warmup))
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_gradient_longer_than_five_is_cut_to_five(tmp_path):
    gradients = [1.0, 4.9, 500.0, -2000.0]
    found = _weights(tmp_path, gradients)
    assert found == pytest.approx(_adamw([1.0, 4.9, 5.0, -5.0], _cosine(1)), abs=1e-6)


def test_weights_decay_and_biases_and_norms_do_not(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 2), torch.nn.GroupNorm(1, 3), torch.nn.Flatten(),
        torch.nn.Linear(3, 2),
    )  # fmt: skip
    before = {name: value.clone() for name, value in model.state_dict().items()}

    def loss(net, inputs, indices):
        return {"total": net(inputs).sum() * 0.0}

    config = LoopConfig(1, BATCH, 0.01, weight_decay=0.5, seed=1, average=0.0, warmup_epochs=0.0)
    trained = train(model, _bank(), _inputs, loss, config, Checkpoint(tmp_path / "resume.pt"))
    left = math.prod(1 - rate * 0.5 for rate in _cosine(1))
    for name, value in trained.state_dict().items():
        factor = left if value.ndim > 1 else 1.0
        torch.testing.assert_close(value, before[name] * factor)


def test_every_weight_bias_and_norm_is_trained(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 2), torch.nn.GroupNorm(1, 3), torch.nn.Flatten(),
        torch.nn.Linear(3, 2),
    )  # fmt: skip
    before = {name: value.clone() for name, value in model.state_dict().items()}

    def loss(net, inputs, indices):
        return {"total": (net(inputs) ** 2).sum() + sum((p - 3).sum() for p in net.parameters())}

    config = LoopConfig(1, BATCH, 0.01, weight_decay=0.0, seed=1, average=0.0, warmup_epochs=0.0)
    trained = train(model, _bank(), _inputs, loss, config, Checkpoint(tmp_path / "resume.pt"))
    for name, value in trained.state_dict().items():
        assert not torch.equal(value, before[name]), name


def test_each_epoch_shows_each_frame_once_by_the_view_that_is_its_turn(tmp_path):
    views, epochs = 3, 4
    bank = _bank(FRAMES * views)
    bank = ViewBank(**(vars(bank) | {"frame_index": np.repeat(np.arange(FRAMES), views)}))
    shown: list[list[int]] = []

    def loss(net, inputs, indices):
        assert len(inputs) == len(indices) == BATCH
        np.testing.assert_array_equal(inputs[:, 0].numpy(), bank.views[indices])
        shown.append(indices.tolist())
        return {"total": net.weight.sum()}

    config = LoopConfig(epochs, BATCH, 1e-3, 0.0, seed=1)
    train(torch.nn.Linear(1, 1), bank, _inputs, loss, config, Checkpoint(tmp_path / "resume.pt"))
    assert len(shown) == epochs * STEPS
    orders = [np.ravel(shown[at : at + STEPS]).tolist() for at in range(0, len(shown), STEPS)]
    for order in orders:
        assert sorted(index // views for index in order) == list(range(FRAMES))
    assert len({tuple(order) for order in orders}) == epochs
    assert {index % views for order in orders for index in order} == set(range(views))


def test_the_reported_parts_are_means_over_the_epochs_batches(tmp_path):
    values = iter([1.0, 2.0, 3.0, 6.0, 10.0, 10.0, 10.0, 30.0])
    told: list[tuple[int, dict[str, float]]] = []

    def loss(net, inputs, indices):
        value = torch.tensor(next(values))
        return {"total": net.weight.sum() * 0 + value, "part": value * 2}

    def report(epoch, parts):
        told.append((epoch, parts))

    config = LoopConfig(2, BATCH, 1e-3, 0.0, seed=1)
    train(
        torch.nn.Linear(1, 1),
        _bank(),
        _inputs,
        loss,
        config,
        Checkpoint(tmp_path / "resume.pt"),
        report,
    )
    assert told == [(1, {"total": 3.0, "part": 6.0}), (2, {"total": 15.0, "part": 30.0})]


def test_what_comes_back_is_the_average_of_the_weights_and_not_the_last_ones(tmp_path):
    gradients = [1.0] * (2 * STEPS)
    weights = _adamw(gradients, _cosine(2))
    average = weights[0]
    for step, weight in enumerate(weights[1:], start=1):
        decay = min(0.4, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * weight
    found = _weights(tmp_path, gradients, average=0.4)
    assert found[:-1] == pytest.approx(weights[:-1], abs=1e-6)
    assert found[-1] == pytest.approx(average, abs=1e-6)


class _Seeing(torch.nn.Module):
    """A teacher whose middle map mixes channels of very unlike variance, about a mean."""

    def __init__(self, channels: int = 24):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.scale = torch.nn.Parameter(torch.logspace(-1, 1, channels))
        self.mix = torch.linalg.qr(torch.randn(channels, channels, generator=generator))[0]

    def logits_and_map(self, inputs, gaze=None):
        # what is seen follows from the view, so that asking twice gives the same
        seeds = (inputs.float().flatten(1) * 1000).sum(1).long().abs()
        drawn = [
            torch.randn(len(self.scale), 3, 4, generator=torch.Generator().manual_seed(int(seed)))
            for seed in seeds
        ]
        middle = torch.stack(drawn) * self.scale.view(-1, 1, 1)
        middle = torch.einsum("bchw,cd->bdhw", middle, self.mix) + 7.0
        return middle.mean((2, 3))[:, :4], middle


def test_the_middle_maps_components_are_uncorrelated_and_of_unit_variance(tmp_path):
    recipe = load_recipe("smoke")
    size = (recipe.preprocessing.height, recipe.preprocessing.width)
    outputs = teacher_outputs(_Seeing(), _bank(200, size, 4), None, recipe, tmp_path / "taught")
    places = np.moveaxis(np.asarray(outputs.maps, np.float64), 1, -1).reshape(-1, 16)
    assert places.shape[0] == 200 * 12
    np.testing.assert_allclose(places.mean(0), 0, atol=0.01)
    np.testing.assert_allclose(np.cov(places.T), np.eye(16), atol=0.02)


def _size(recipe):
    return recipe.preprocessing.height, recipe.preprocessing.width


def test_a_teacher_that_was_stopped_is_asked_about_the_rest_alone(tmp_path, monkeypatch):
    recipe, bank = load_recipe("smoke"), _bank(200, _size(load_recipe("smoke")), 4)
    whole = teacher_outputs(_Seeing(), bank, None, recipe, tmp_path / "whole", batch=16)
    monkeypatch.setattr(asking, "SAY_S", 0.0)

    def stop(done, total):
        if done >= 96:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher_outputs(_Seeing(), bank, None, recipe, tmp_path / "cut", stop, batch=16)
    assert not (tmp_path / "cut" / "logits.npy").exists()
    seen = []
    resumed = teacher_outputs(
        _Seeing(), bank, None, recipe, tmp_path / "cut", lambda done, _: seen.append(done), batch=16
    )
    assert seen[0] == 96 + 16
    assert np.array_equal(resumed.logits, whole.logits)
    assert np.array_equal(resumed.maps, whole.maps)
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == ["logits.npy", "maps.npy"]


def test_what_is_left_of_outputs_without_a_note_is_asked_anew(tmp_path):
    recipe, bank = load_recipe("smoke"), _bank(40, _size(load_recipe("smoke")), 4)
    (tmp_path / "cut").mkdir()
    for name in ("logits", "maps"):
        (tmp_path / "cut" / f"{name}.unfinished.npy").write_bytes(b"half")
    found = teacher_outputs(_Seeing(), bank, None, recipe, tmp_path / "cut")
    whole = teacher_outputs(_Seeing(), bank, None, recipe, tmp_path / "whole")
    assert np.array_equal(found.logits, whole.logits)


class _Exact(torch.nn.Module):
    """A teacher of one layer, whose logits near 4 bf16 can't tell apart."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 4)
        self.layer.weight.data.fill_(0.01)
        self.layer.bias.data = torch.tensor([4.001, 4.002, 4.003, 4.004])

    def logits_and_map(self, inputs, gaze=None):
        logits = self.layer(inputs.mean((1, 2, 3))[:, None])
        return logits, inputs.expand(-1, 16, -1, -1) * torch.arange(1, 17).view(1, -1, 1, 1)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_a_teachers_logits_are_as_precise_as_the_recipe_says(tmp_path, precision):
    recipe = load_recipe("smoke")
    recipe = structs.replace(
        recipe, transfer=structs.replace(recipe.transfer, teacher_precision=precision)
    )
    bank = _bank(8, _size(recipe), 4)
    logits = teacher_outputs(_Exact(), bank, None, recipe, tmp_path / precision).logits
    steps = np.diff(logits, axis=1)
    if precision == "fp32":
        np.testing.assert_allclose(steps, 0.001, atol=1e-5)
    else:
        assert np.all((steps == 0) | (np.abs(steps) >= 1 / 64))


class _Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("touched"),))


def test_a_checkpoint_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"epoch": 1, "model": _Harmful()}, tmp_path / "resume.pt")
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        _weights(tmp_path, [1.0] * STEPS)
    assert not (tmp_path / "touched").exists()


def test_a_schedule_cannot_be_changed_once_it_is_given():
    config = LoopConfig(1, BATCH, 1e-3, 0.0, seed=1)
    assert (config.average, config.warmup_epochs) == (0.999, 1.0)
    with pytest.raises(AttributeError):
        config.epochs = 2
