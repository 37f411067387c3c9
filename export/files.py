"""Files that are complete or not there, and their digests."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sdk._files import atomic_write

__all__ = ["atomic_write", "file_sha256", "is_file", "write_all", "write_json", "write_text"]


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
