"""Several processes that train as one: started by torchrun, on one machine or more.

The recipe's batch is the batch of all processes together; each takes its share of every batch.
The leader (rank 0) alone draws views, evaluates and writes; the others wait for it. All machines
see the same runs folder. Without torchrun nothing here starts or waits for anything.
"""

import functools
import gc
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from export.errors import ExportError

P = ParamSpec("P")
R = TypeVar("R")
# How long others wait while the leader draws views or has the teacher label them. A process that
# dies ends the wait at once: torchrun stops the rest, and gloo notices the closed connection by
# itself.
PATIENCE = timedelta(hours=12)


def size() -> int:
    """Return how many processes train together; 1 without torchrun."""
    # torchrun's variable; asked each time, so that a test can set it
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return this process's number, 0 to size - 1."""
    return int(os.environ.get("RANK", "0"))


def is_leader() -> bool:
    """Return whether this is the process that draws, evaluates and writes."""
    return rank() == 0


def device() -> torch.device:
    """Return where this process trains: its own GPU by LOCAL_RANK, or the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def join() -> None:
    """Meet the other processes, once; nothing where there are none."""
    if size() == 1 or dist.is_initialized():
        return
    if device().type == "cuda":
        torch.cuda.set_device(device())
    dist.init_process_group("nccl" if device().type == "cuda" else "gloo", timeout=PATIENCE)


def leave() -> None:
    """Close the connections after all work; a process that fails just ends."""
    if not dist.is_initialized():
        return
    # A connection that is still referenced, or that the other side closes first, is torn down at
    # exit while gloo's thread runs: "terminate called without an active exception", now and then.
    gc.collect()
    dist.barrier()
    dist.destroy_process_group()


def wait() -> None:
    """Return when every process has come here."""
    join()
    if size() > 1:
        dist.barrier()


def leader_first(function: Callable[P, R]) -> Callable[P, R]:
    """Let the leader make the file that the others then only open."""

    @functools.wraps(function)
    def in_order(*args: P.args, **kwargs: P.kwargs) -> R:
        if is_leader():
            result = function(*args, **kwargs)
            # if it fails, this process ends, and torchrun ends the others that wait
            wait()
            return result
        wait()
        return function(*args, **kwargs)

    return in_order


def leader_only(function: Callable[P, None]) -> Callable[P, None]:
    """Let the leader alone write; the others go on when it has."""

    @functools.wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> None:
        if is_leader():
            function(*args, **kwargs)
        wait()

    return alone


def refuse(command: str, allowed: Sequence[str]) -> None:
    """Raise ExportError `parallel-command` when several processes run what only one should."""
    if size() > 1 and command not in allowed:
        raise ExportError(
            "parallel-command",
            f"{command!r} was started in {size()} processes; only {list(allowed)} train together. "
            f"Run {command!r} in one process afterwards: it finds what they have trained",
        )


def share(batch: np.ndarray) -> np.ndarray:
    """Return this process's part of a batch of indices; shares differ by one at most."""
    # every n-th: indices are sorted, and a contiguous part would always see the same frames
    return batch[rank() :: size()]


def share_weight(batch: np.ndarray) -> float:
    """Return what this process's mean counts in the mean over processes: 1 for equal shares."""
    return len(share(batch)) * size() / len(batch)


def check_batch(batch: int) -> None:
    """Raise ExportError `parallel-batch` when a batch has fewer frames than processes."""
    if batch < size():
        raise ExportError(
            "parallel-batch",
            f"a batch of {batch} can't be shared by {size()} processes; "
            "raise the recipe's batch or start fewer processes",
        )


def from_leader(value: Any) -> Any:
    """Return the leader's `value` in every process."""
    if size() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, src=0, device=device())
    return box[0]


def mean(values: dict[str, float]) -> dict[str, float]:
    """Return the mean over processes of each value; all have the same names."""
    if size() == 1 or not values:
        return values
    names = sorted(values)  # tensors are added by position, so the order must be everyone's
    total = torch.tensor([values[n] for n in names], dtype=torch.float64, device=device())
    dist.all_reduce(total)
    return dict(zip(names, (total / size()).tolist(), strict=True))


class ModelWithLoss(nn.Module):
    """A model and its loss as one module.

    DistributedDataParallel follows what its module returns to find the weights that take part.
    With the loss inside, that is exactly what `total` depends on, and the loss gets the plain
    model, with all of its attributes.
    """

    def __init__(self, model: nn.Module, loss: Callable[..., dict[str, Tensor]]):
        super().__init__()
        self.model = model
        self.loss = loss

    def forward(self, inputs: Tensor, indices: np.ndarray) -> dict[str, Tensor]:
        """Return the loss's parts; only `total` carries a gradient."""
        parts = self.loss(self.model, inputs, indices)
        return {n: v if n == "total" else v.detach() for n, v in parts.items()}


def spread(objective: ModelWithLoss) -> nn.Module:
    """Return `objective` so that its backward pass leaves every process the same gradients.

    Statistics of batch norm are of each process's share on CPU, with the leader's running values
    kept; on GPUs they are of the whole batch (SyncBatchNorm).
    """
    if size() == 1:
        return objective
    join()
    # an adapter that no loss of this run reads gets no gradient, and would be waited for
    return DistributedDataParallel(objective, find_unused_parameters=True)
