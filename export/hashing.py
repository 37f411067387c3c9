"""Naming a file by what it holds."""

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
