"""A bank's files: chunks while it is drawn, then one array that is mapped and never read whole.

views.npy        every view; mapped, shared by all processes that open it
origins.npz      where each came from, and its label shares
0000.npz, ...    chunks of both, as far as drawn; gone when all of them are in the two
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from export.files import atomic_write

VIEWS = "views"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a bank's folder: trainings side by side share a bank.

    A process that dies lets go of it.
    """
    with open(folder / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def chunk_path(folder: Path, index: int) -> Path:
    """Return where a chunk is kept while others are drawn."""
    return folder / f"{index:04d}.npz"


def write_chunk(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a chunk's arrays by name, whole or not at all."""
    with atomic_write(path) as unfinished, open(unfinished, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # one may be named allow_pickle


def join_chunks(folder: Path, chunks: Sequence[Path], count: int) -> None:
    """Make a bank's two files of its chunks, `count` views in all, one chunk in memory at a time.

    The chunks go when both files are there; until then they are what a next try begins with.
    """
    origins: dict[str, list[np.ndarray]] = {}
    with atomic_write(_views(folder)) as unfinished:
        with open(unfinished, "wb") as file:
            for path in chunks:
                with np.load(path) as chunk:
                    arrays = {name: chunk[name] for name in chunk.files}
                views = arrays.pop(VIEWS)
                if not file.tell():  # the header says how many views will follow
                    header = np.lib.format.header_data_from_array_1_0(views)
                    header["shape"] = (count, *views.shape[1:])
                    np.lib.format.write_array_header_1_0(file, header)
                views.tofile(file)
                for name, values in arrays.items():
                    origins.setdefault(name, []).append(values)
        write_chunk(_origins(folder), {n: np.concatenate(v) for n, v in origins.items()})
    # last of all: a kill before this leaves both, and the files are opened
    for path in chunks:
        path.unlink(missing_ok=True)


def is_joined(folder: Path) -> bool:
    """Return whether a bank's two files are there."""
    return _views(folder).exists() and _origins(folder).exists()


def open_arrays(folder: Path) -> dict[str, np.ndarray]:
    """Return a bank's arrays by name, its views mapped from disk."""
    with np.load(_origins(folder)) as origins:
        arrays = {name: origins[name] for name in origins.files}
    # copied on write: PyTorch warns of arrays that can't be written, and nothing reaches the file
    views = np.load(_views(folder), mmap_mode="c")
    return {VIEWS: views.view(np.ndarray), **arrays}


def _views(folder: Path) -> Path:
    return folder / f"{VIEWS}.npy"


def _origins(folder: Path) -> Path:
    return folder / "origins.npz"
