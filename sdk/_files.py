"""Files that are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path, *, own_folder: bool = True) -> Iterator[Path]:
    """Yield a path beside `path`, of the same suffix, that takes its place when all went well.

    Whoever reads `path` finds the file of before, or all of the new one.

    Args:
        path: of the file.
        own_folder: the folder is this process's: it is made where it is missing. Otherwise it must
            be there, and other processes may write the same file at the same time.
    """
    if own_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    # what a killed process left in its own folder is written over by the next one
    writer = "" if own_folder else f".{os.getpid()}"
    unfinished = path.with_name(f".{path.stem}{writer}.unfinished{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
