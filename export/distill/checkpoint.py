"""A run's checkpoint: written every few minutes, at the end, and when the run is interrupted."""

import copy
import time
from pathlib import Path
from typing import Any

import torch

from export import parallel
from export.files import atomic_write

EVERY_S = 120.0  # what a killed process loses at most, beside the epoch that it was in


class Checkpoint:
    """Where a run goes on from, on disk.

    Between writes the latest epoch's state is kept in memory: an interrupt comes in the middle of
    an epoch, where nothing can be gone on from, and then the epoch before is written.

    Args:
        path: the file; written beside and renamed.
        every_s: seconds from one write to the next, 0 for each epoch.
    """

    def __init__(self, path: Path, every_s: float = EVERY_S):
        self.path, self.every_s = path, every_s
        self._unwritten: dict[str, Any] | None = None
        self._written_at = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the leader's checkpoint in every process; None where there is none."""
        leads = parallel.is_leader() and self.path.exists()
        # weights_only: reading a checkpoint runs no code
        state = torch.load(self.path, weights_only=True, map_location="cpu") if leads else None
        shared: dict[str, Any] | None = parallel.from_leader(state)
        return shared

    def keep(self, state: dict[str, Any]) -> bool:
        """Take the state after an epoch, and write it if it is time; return whether it was.

        `state` may change afterwards: what isn't written at once is copied.
        """
        if time.monotonic() - self._written_at < self.every_s:
            self._unwritten = copy.deepcopy(state)
            return False
        self._write(state)
        return True

    def flush(self) -> None:
        """Write the latest state, if it isn't on disk yet."""
        if self._unwritten is not None:
            self._write(self._unwritten)

    def _write(self, state: dict[str, Any]) -> None:
        with atomic_write(self.path) as unfinished:
            torch.save(state, unfinished)
        self._unwritten, self._written_at = None, time.monotonic()
