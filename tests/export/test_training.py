from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec import structs

from export.data.bank_draw import grey_levels
from export.data.dataset import FrameRecord, load_records
from export.data.view_bank import ViewBank, build_bank
from export.distill.checkpoint import Checkpoint
from export.distill.formulas import soft_cross_entropy
from export.distill.inputs import other_machines, training_records
from export.distill.loop import train
from export.distill.teacher import train_teacher
from export.distill.weight_average import WeightAverage
from export.errors import ExportError
from export.recipe.settings import AugmentConfig, BankConfig, DataConfig, LoopConfig
from export.runs import claim_data
from export.workspace import Workspace
from sdk import Frame
from sdk.preprocess import Preprocessing

RECIPE = Preprocessing(48, 36, "letterbox", 0.2, 0.2, 0)


def _bank(records, folder: Path, **changes) -> ViewBank:
    config = structs.replace(BankConfig(views_per_frame=2, seed=1), **changes)
    return build_bank(records, RECIPE, AugmentConfig(), config, folder)


def test_views_of_a_frame_are_contiguous_and_label_shares_sum_to_one(phantom_data, tmp_path):
    records = load_records(phantom_data)[:6]
    bank = _bank(records, tmp_path, views_per_frame=3, mix_share=0.5)
    assert bank.frame_index.tolist() == sorted(list(range(6)) * 3)
    assert np.allclose(bank.targets.sum(axis=1), 1)
    assert bank.views.shape == (18, 36, 48)


def test_grey_levels_come_back_from_the_tensor_within_half_a_level():
    frame = np.random.default_rng(0).integers(0, 256, (36, 48), dtype=np.uint8)
    assert np.array_equal(grey_levels(RECIPE.tensor(Frame.from_array(frame)), RECIPE), frame)


def test_nothing_of_val_test_or_external_is_trained_on(phantom_data):
    records = load_records(phantom_data)
    chosen = training_records(records, ["fetal_planes_db", "african_planes", "hc18"])
    assert {r.split for r in chosen} == {"train"}


def test_a_smaller_share_of_patients_lies_within_a_larger_one(phantom_data):
    records = load_records(phantom_data)
    shares = [
        {r.id for r in training_records(records, ["fetal_planes_db"], DataConfig(patients_share=s))}
        for s in (0.1, 0.5, 1.0)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert len(shares[1]) / len(shares[2]) == pytest.approx(0.5, abs=0.05)


def test_left_out_machines_are_scored_apart_and_never_trained_on():
    records = [
        FrameRecord(str(i), Path("x"), "head", "own", "", f"g{i}", ("A", "B", "")[i % 3], "", "")
        for i in range(60)
    ]
    only = DataConfig(machines=("A",))
    assert {r.machine for r in training_records(records, ["own"], only)} == {"A"}
    apart = other_machines(records, only)
    assert {r.machine for r in apart} == {"B"}
    assert {r.split for r in apart} == {"train"}
    assert other_machines(records, DataConfig()) == []
    with pytest.raises(ExportError, match="no training frame") as caught:
        training_records(records, ["own"], DataConfig(machines=("C",)))
    assert caught.value.slug == "data-choice"


def _train(folder: Path, epochs: int, stop_after: int | None = None) -> torch.nn.Module:
    rng = np.random.default_rng(0)
    bank = ViewBank(
        views=rng.integers(0, 256, (16, 4, 4), dtype=np.uint8),
        frame_index=np.repeat(np.arange(8), 2),
        targets=np.eye(2, dtype=np.float32)[rng.integers(0, 2, 16)],
        matrices=np.zeros((16, 2, 2, 3), np.float32),
        partner_index=np.full(16, -1),
        share=np.ones(16, np.float32),
    )
    torch.manual_seed(3)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 2),
    )

    def loss(net, inputs, indices):
        return {"total": soft_cross_entropy(net(inputs), torch.from_numpy(bank.targets[indices]))}

    def report(epoch, parts):
        assert np.isfinite(parts["total"])
        if epoch == stop_after:
            raise KeyboardInterrupt

    def normalise(views):
        return torch.from_numpy(views).float().unsqueeze(1) / 255

    config = LoopConfig(epochs, batch=4, learning_rate=0.01, weight_decay=0.0, seed=5)
    return train(model, bank, normalise, loss, config, Checkpoint(folder / "resume.pt"), report)


def test_a_run_that_was_stopped_ends_with_the_same_weights(tmp_path):
    whole = _train(tmp_path / "whole", 4)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "cut", 4, stop_after=2)
    resumed = _train(tmp_path / "cut", 4)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_the_weight_average_follows_its_definition():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(1.0)
    average = WeightAverage(model, decay=0.9)
    model.weight.data.fill_(2.0)
    average.update(model)  # first step: decay is min(0.9, 2 / 11)
    assert average.state["weight"].item() == pytest.approx(2 - 2 / 11)


def test_fewer_frames_than_a_batch_are_refused_instead_of_training_nothing(phantom_data, tmp_path):
    bank = _bank(load_records(phantom_data)[:3], tmp_path)
    config = LoopConfig(epochs=1, batch=4, learning_rate=1e-3, weight_decay=0.0, seed=1)
    with pytest.raises(ExportError, match=r"3 frames .* fewer than a batch of 4") as caught:
        train(
            torch.nn.Linear(1, 1),
            bank,
            lambda v: v,
            lambda *a: {},
            config,
            Checkpoint(tmp_path / "r.pt"),
        )
    assert caught.value.slug == "data-few"


def test_a_loss_that_is_no_number_ends_the_training_before_its_checkpoint(phantom_data, tmp_path):
    bank = _bank(load_records(phantom_data)[:8], tmp_path)
    config = LoopConfig(epochs=3, batch=4, learning_rate=1e-3, weight_decay=0.0, seed=1)
    seen = []

    def loss(model, inputs, indices):
        seen.append(len(indices))
        factor = float("nan") if len(seen) > 2 else 1.0  # in the second epoch
        return {"total": model(torch.ones(1)).sum() * factor}

    checkpoint = tmp_path / "r.pt"
    model, normalise = torch.nn.Linear(1, 1), lambda views: torch.zeros(len(views), 1, 2, 2)
    with pytest.raises(
        ExportError, match=r"in epoch 2 the loss was .*nan.*learning_rate"
    ) as caught:
        train(model, bank, normalise, loss, config, Checkpoint(checkpoint))
    assert caught.value.slug == "training-diverged"
    assert torch.load(checkpoint, weights_only=True)["epoch"] == 1


def test_a_runs_folder_refuses_other_frames_or_labels(phantom_data, tmp_path):
    records = load_records(phantom_data)
    for _ in range(2):
        claim_data(tmp_path, records)
    other = [replace(records[0], label="femur"), *records[1:]]
    for changed in (records[:-1], other):
        with pytest.raises(ExportError, match="other frames, labels or groups") as caught:
            claim_data(tmp_path, changed)
        assert caught.value.slug == "run-data"


def test_members_of_a_committee_are_trained_apart_and_come_back_whole(data_folder, tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('base = "smoke"\n[teacher]\nmembers = 2\n')
    epochs = []
    workspace = Workspace.open(
        str(path), tmp_path / "runs", lambda step, done, total, note: epochs.append((step, done))
    )
    made = train_teacher(workspace, "plain", None)
    epochs = [done for step, done in epochs if step == "teacher plain"]
    assert epochs == [1, 2]
    first, second = made.members
    assert not torch.equal(first._blocks[5]._bn1.running_mean, second._blocks[5]._bn1.running_mean)
    x = torch.randn(1, 1, 48, 64)
    again = train_teacher(workspace, "plain", None)
    with torch.no_grad():
        assert torch.equal(made(x), again(x))
