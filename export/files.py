"""Files that are complete or not there, and their digests."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any


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
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files that belong together; where one can't be written, none is replaced."""
    with ExitStack() as stack:
        for path, data in contents.items():
            stack.enter_context(atomic_write(path)).write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8, atomically."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write JSON, atomically; ValueError for NaN, which JSON can't say."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_file(path: Path) -> bool:
    """Return whether a file is there; False, too, for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
