"""One process of the tests of training on several: run by torchrun, see test_parallel.py.

Trains a small network on phantom views; writes into its folder what the tests then look at.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export import parallel
from export.data.dataset import load_records
from export.data.view_bank import ViewBank, build_bank
from export.distill.checkpoint import EVERY_S, Checkpoint
from export.distill.formulas import soft_cross_entropy
from export.distill.loop import train
from export.recipe.settings import AugmentConfig, BankConfig, LoopConfig
from sdk.preprocess import Preprocessing

RECIPE = Preprocessing(24, 18, "letterbox", 0.2, 0.2, 0)


class Wrapped(nn.Module):
    """A network with an adapter that its loss uses, one that it does not, and a second input."""

    def __init__(self, batch_norm: bool):
        super().__init__()
        torch.manual_seed(3)
        norm = nn.BatchNorm2d(4) if batch_norm else nn.Identity()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, 2), norm, nn.ReLU())
        self.adapter = nn.Conv2d(1, 4, 1)
        self.idle = nn.Linear(3, 3)
        self.head = nn.Linear(4, 4)

    def forward(self, x: Tensor, hint: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3)) + self.adapter(hint).mean((2, 3)))


def bank_of(folder: Path) -> ViewBank:
    records = load_records(Path(os.environ["SONOGAZE_DATA"]))[:21]
    config = BankConfig(views_per_frame=1, seed=1)
    return build_bank(records, RECIPE, AugmentConfig(), config, folder)


def normalise(views: np.ndarray) -> Tensor:
    return torch.from_numpy(views).float().unsqueeze(1) / 255


def objective(bank: ViewBank, seen: list[np.ndarray]):
    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> dict[str, Tensor]:
        seen.append(indices)
        logits = model(inputs, 1 - inputs[:, :, ::2, ::2])
        labels = soft_cross_entropy(logits, torch.from_numpy(bank.targets[indices]))
        small = 0.01 * logits.square().mean()
        return {"labels": labels, "small": small, "total": labels + small}

    return loss


CLIP = nn.utils.clip_grad_norm_


def keep_gradients(kept: list[list[Tensor | None]]) -> None:
    """Keep the gradients of each step, as they are when the optimiser gets them."""

    def keep_and_clip(parameters, limit):
        parameters = list(parameters)
        kept.append([p.grad if p.grad is None else p.grad.clone() for p in parameters])
        return CLIP(parameters, limit)

    nn.utils.clip_grad_norm_ = keep_and_clip


def main(folder: Path, settings: dict) -> None:
    (folder / f"pid-{parallel.rank()}").write_text(str(os.getpid()))
    bank = bank_of(folder)
    seen: list[np.ndarray] = []
    gradients: list[list[Tensor | None]] = []
    keep_gradients(gradients)
    model = Wrapped(settings["batch_norm"])
    config = LoopConfig(
        settings["epochs"], settings["batch"], learning_rate=0.01, weight_decay=0.01, seed=5
    )

    def report(epoch: int, parts: dict[str, float]) -> None:
        with open(folder / f"reports-{parallel.rank()}.jsonl", "a") as file:
            file.write(json.dumps({"epoch": epoch, **parts}) + "\n")
        if epoch == settings.get("dies_after"):
            os.kill(os.getpid(), signal.SIGKILL)
        if epoch == settings.get("hangs_after"):
            (folder / "hangs").touch()
            time.sleep(600)

    checkpoint = Checkpoint(folder / "resume.pt", settings.get("checkpoint_every_s", EVERY_S))
    train(model, bank, normalise, objective(bank, seen), config, checkpoint, report)
    steps = [torch.from_numpy(indices) for indices in seen]
    found = {"weights": model.state_dict(), "steps": steps, "gradients": gradients[0]}
    torch.save(found, folder / f"process-{parallel.rank()}.pt")


if __name__ == "__main__":
    # several trainings one after another: each start of two processes imports torch three times
    for name, settings in json.loads(sys.argv[2]).items():
        folder = Path(sys.argv[1], name)
        folder.mkdir(exist_ok=True)
        main(folder, settings)
    parallel.leave()
