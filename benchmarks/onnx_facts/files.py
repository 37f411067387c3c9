"""The bytes of a model: its file and the external data beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def model_files(path: Path, model: Any) -> list[Path]:
    """Return the file and the external data that it names, each once, in order of name."""
    names = {
        entry.value
        for tensor in _tensors(model)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [path, *(path.parent / name for name in sorted(names))]


def digest(files: list[Path]) -> str:
    """Return the SHA-256 of the files' bytes, one after the other, in hexadecimal.

    Raises:
        OSError: one cannot be read.
    """
    sha256 = hashlib.sha256()
    for path in files:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                sha256.update(block)
    return sha256.hexdigest()


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every `TensorProto` inside a protobuf message, attributes and sub-graphs included."""
    if message.DESCRIPTOR.name == "TensorProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in [value] if hasattr(value, "DESCRIPTOR") else value:
                yield from _tensors(child)
