"""Training on several processes, by torchrun with two of them on the CPU."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from export import cli, parallel
from export.distill.checkpoint import Checkpoint
from export.distill.loop import train
from export.distill.student import load_student
from export.errors import ExportError
from export.recipe.settings import LoopConfig
from export.workspace import Workspace
from tests.export import parallel_worker
from tests.export.parallel_worker import Wrapped, bank_of, normalise

WORKER = Path(__file__).with_name("parallel_worker.py")
PLAIN = {"epochs": 3, "batch": 7, "batch_norm": False}
PATIENCE_S = 600  # more than a loaded machine needs; a hang is what it ends


def _start(folder: Path, **trainings: dict) -> subprocess.Popen:
    """Start two processes that train once for each of `trainings`, in a folder of its name."""
    settings = json.dumps({name: PLAIN | own for name, own in trainings.items()})
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(WORKER), str(folder), settings]
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})


def _run(folder: Path, **trainings: dict) -> int:
    process = _start(folder, **trainings)
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail("hangs")


def _alone(folder: Path, **settings) -> None:
    clip = torch.nn.utils.clip_grad_norm_
    try:
        parallel_worker.main(folder, PLAIN | settings)
    finally:
        torch.nn.utils.clip_grad_norm_ = clip


def _result(folder: Path, rank: int = 0) -> dict:
    return torch.load(folder / f"process-{rank}.pt", weights_only=True)


def _epochs(folder: Path) -> list[int]:
    lines = (folder / "reports-0.jsonl").read_text().splitlines()
    return [json.loads(line)["epoch"] for line in lines]


def _difference(left: Path, right: Path, left_rank: int = 0, right_rank: int = 0) -> float:
    ours, theirs = _result(left, left_rank)["weights"], _result(right, right_rank)["weights"]
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


@pytest.fixture(scope="module")
def pair(phantom_data, tmp_path_factory) -> Path:
    """Two processes, never interrupted; beside the folder one more training, with batch norm."""
    folder = tmp_path_factory.mktemp("pair")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOGAZE_DATA", str(phantom_data))
        assert _run(folder, plain={}, batch_norm={"batch_norm": True}) == 0
    return folder / "plain"


@pytest.fixture(scope="module")
def single(phantom_data, tmp_path_factory) -> Path:
    """The same in one process."""
    folder = tmp_path_factory.mktemp("single")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOGAZE_DATA", str(phantom_data))
        _alone(folder)
    return folder


def test_only_the_leader_reports_and_keeps_checkpoints(pair):
    names = {path.name.removesuffix(".pt") for path in pair.iterdir() if path.is_file()}
    by_the_test = {f"{what}-{rank}" for what in ("process", "pid") for rank in (0, 1)}
    assert names - by_the_test == {"resume", "reports-0.jsonl"}
    assert _epochs(pair) == [1, 2, 3]


def test_both_processes_together_see_the_batches_of_one(pair, single):
    shares = [_result(pair, rank)["steps"] for rank in (0, 1)]
    together = [torch.cat(step).sort().values.tolist() for step in zip(*shares, strict=True)]
    assert together == [step.tolist() for step in _result(single)["steps"]]
    assert all(len(set(batch)) == PLAIN["batch"] for batch in together)


def test_gradients_and_parts_are_those_of_the_whole_batch(pair, single, data_folder):
    bank = bank_of(single)
    for folder, ranks in ((single, (0,)), (pair, (0, 1))):
        first = torch.cat([_result(folder, rank)["steps"][0] for rank in ranks])
        model = Wrapped(batch_norm=False)
        inputs = normalise(bank.views[first])
        logits = model(inputs, 1 - inputs[:, :, ::2, ::2])
        labels = torch.nn.CrossEntropyLoss()(logits, torch.from_numpy(bank.targets[first]))
        (labels + 0.01 * (logits**2).mean()).backward()
        for rank in ranks:
            found = _result(folder, rank)["gradients"]
            for (name, parameter), gradient in zip(model.named_parameters(), found, strict=True):
                assert (gradient is None) == name.startswith("idle"), name
                if gradient is not None:
                    assert torch.allclose(gradient, parameter.grad, rtol=1e-4, atol=1e-6), name


def test_two_processes_end_with_the_weights_of_one(pair, single):
    assert _difference(pair, pair, 0, 1) == 0
    assert _difference(pair, single) < 1e-3  # another order of summation
    untrained = Wrapped(batch_norm=False).state_dict()
    moved = (_result(single)["weights"]["head.weight"] - untrained["head.weight"]).abs().max()
    assert moved > 1e-2
    reports = [(folder / "reports-0.jsonl").read_text().splitlines() for folder in (pair, single)]
    for ours, theirs in zip(*reports, strict=True):
        assert json.loads(ours) == pytest.approx(json.loads(theirs), rel=1e-3)


def test_with_batch_norm_both_processes_end_with_the_same_statistics(pair):
    folder = pair.with_name("batch_norm")
    assert _difference(folder, folder, 0, 1) == 0
    untrained = Wrapped(batch_norm=True).state_dict()
    mean = _result(folder)["weights"]["body.1.running_mean"]
    assert not torch.equal(mean, untrained["body.1.running_mean"])


def test_a_killed_process_ends_them_all_and_any_number_goes_on(pair, single, data_folder, tmp_path):
    cut = tmp_path / "cut"
    assert _run(tmp_path, cut={"dies_after": 2, "checkpoint_every_s": 0}) != 0
    assert not list(cut.glob("process-*"))
    assert torch.load(cut / "resume.pt", weights_only=True)["epoch"] == 2
    alone = shutil.copytree(cut, tmp_path / "alone")
    assert _run(tmp_path, cut={}) == 0
    assert [_difference(cut, pair, rank) for rank in (0, 1)] == [0, 0]
    _alone(alone)
    assert _difference(alone, single) < 1e-3
    assert _epochs(cut) == _epochs(alone) == [1, 2, 3]


def test_ctrl_c_ends_every_process(data_folder, tmp_path):
    run = tmp_path / "run"
    process = _start(tmp_path, run={"hangs_after": 1})  # the leader hangs, the other waits for it
    deadline = time.monotonic() + PATIENCE_S
    while not (run / "hangs").exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) != 0
    for rank in (0, 1):
        with pytest.raises(ProcessLookupError):
            os.kill(int((run / f"pid-{rank}").read_text()), 0)
    assert torch.load(run / "resume.pt", weights_only=True)["epoch"] == 1


def test_more_processes_than_frames_in_a_batch_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(ExportError, match="batch of 2 can't be shared by 3") as caught:
        parallel.check_batch(2)
    assert caught.value.slug == "parallel-batch"


def test_no_training_begins_with_more_processes_than_a_batch_has_frames(monkeypatch, tmp_path):
    monkeypatch.setenv("WORLD_SIZE", "3")
    config = LoopConfig(epochs=1, batch=2, learning_rate=0.1, weight_decay=0.0, seed=1)
    with pytest.raises(ExportError, match="can't be shared by 3"):
        train(torch.nn.Linear(1, 1), None, None, None, config, Checkpoint(tmp_path / "x.pt"))


def test_shares_cover_the_batch_once_and_weigh_as_many_frames_as_they_hold(monkeypatch):
    batch, seen, weights = np.arange(11), [], []
    monkeypatch.setenv("WORLD_SIZE", "3")
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        seen.append(parallel.share(batch))
        weights.append(parallel.share_weight(batch))
    assert sorted(np.concatenate(seen)) == list(range(11))
    assert weights == pytest.approx([12 / 11, 12 / 11, 9 / 11])


def test_a_command_for_one_process_is_refused_in_several(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(sys, "argv", ["sonogaze-export", "release"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    assert "parallel-command" in capsys.readouterr().err


def test_the_distill_command_trains_in_two_processes(data_folder, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "export.cli", "distill", "--recipe", "smoke"]
    command += ["--objective", "ce", "-o", str(tmp_path)]
    subprocess.run(command, timeout=PATIENCE_S, check=True)
    run = Workspace.open("smoke", tmp_path).student("ce")
    epochs = run.recipe.student.epochs
    assert torch.load(next(run.folder.glob("resume-*.pt")), weights_only=True)["epoch"] == epochs
    student = load_student(run)
    assert student is not None
    assert all(torch.isfinite(p).all() for p in student.parameters())
