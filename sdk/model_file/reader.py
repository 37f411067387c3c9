"""Open, verify and describe a student file, before any runtime parses it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from .._origin import raised_by, raised_by_a_handler
from .._shown import shown
from ..errors import ModelError
from ..novelty import OUTPUT_NAME
from .digest import is_sealed, verify_seal
from .metadata import ModelMetadata
from .onnx_walk import Graph, TensorInfo, check_graph, read_graph, read_header
from .values import FLOAT

MAX_FILE_BYTES = 64 * 1024 * 1024
MIN_SIDE = 16
INPUT_NAME = "frame"
LOGITS_NAME = "logits"
ATTENTION_NAME = "attention"
NOVELTY_NAME = OUTPUT_NAME


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified student file.

    Attributes:
        data: the bytes of the file, exactly as read once.
        sha256: its digest, 64 hexadecimal characters.
        metadata: what it says of itself.
        attention_shape: (rows, columns) of the attention map, or None when it has none.
    """

    data: bytes
    sha256: str
    metadata: ModelMetadata
    attention_shape: tuple[int, int] | None

    @property
    def model_id(self) -> str:
        """Student, precision and the first 12 digits of the digest: names these very bytes."""
        # derived, so that it cannot disagree with the bytes as a stored one could
        return f"{self.metadata.student_id}/{self.metadata.precision}@{self.sha256[:12]}"


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Read a student file once and verify it.

    Args:
        path: of a `.onnx` file that was packaged as a student.

    Raises:
        ModelError: for every file that isn't an unchanged student; the slug says why.
    """
    return parse_model_file(_read_bytes(path))


def parse_model_file(data: bytes) -> ModelFile:
    """Verify the bytes of a student file.

    The seal comes first, so that any damage is called damage. A file without a seal is read all
    the same, to say what it is instead.

    Raises:
        ModelError: for everything that isn't an unchanged student; the slug says why.
    """
    _check_size(len(data), "the model")
    sealed = is_sealed(data)
    if sealed:
        digest = verify_seal(data)
    header = read_header(data)
    metadata = ModelMetadata.from_properties(header.metadata)
    if not sealed:
        digest = verify_seal(data)
    # metadata first, then the graph: a file that is no student is told so before its graph is read
    graph = read_graph(header)
    _check_operators(graph, metadata)
    attention_shape = _check_signature(graph, metadata)
    check_graph(graph)
    return ModelFile(data, digest, metadata, attention_shape)


def _read_bytes(given: str | os.PathLike[str]) -> bytes:
    path = _path_of(given)
    try:
        # looked at before it is opened: to open a device can do something
        _check_regular(path, os.stat(path).st_mode)
        # should it have become a pipe or a terminal since, opening neither waits nor takes it over
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(path, status.st_mode)
            _check_size(status.st_size, shown(path))
            data = file.read(status.st_size + 1)  # one more: a file that grew is noticed
    except (OSError, ValueError) as error:
        if not raised_by(error):
            raise  # a signal handler's
        if isinstance(error, FileNotFoundError):
            raise ModelError(
                "model-not-found", f"model file: {shown(path)} does not exist"
            ) from error
        raise _unreadable(path, error) from error
    if len(data) != status.st_size:
        raise _unreadable(path, "its size changed while it was read")
    return data


def _path_of(given: str | os.PathLike[str]) -> str:
    path: object
    try:
        path = os.fspath(given)
    except Exception as error:  # whatever an object's own method raises
        if raised_by_a_handler(error):
            raise
        path = None
    if not isinstance(path, str):
        raise ModelError(
            "model-unreadable",
            f"model file: path is {shown(given)} ({type(given).__name__}), "
            "it must be a str or a path",
        )
    return path


def _check_regular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise _unreadable(path, "not a regular file")


def _check_size(size: int, what: str) -> None:
    if size > MAX_FILE_BYTES:
        raise ModelError(
            "model-too-large",
            f"model file: {what} has {size} bytes, allowed are {MAX_FILE_BYTES}; "
            "a student has less than 1 MB",
        )


def _unreadable(path: str, why: object) -> ModelError:
    reason = why.strerror if isinstance(why, OSError) and why.strerror else shown(str(why))
    return ModelError(
        "model-unreadable",
        f"model file: {shown(path)} cannot be read: {reason}; name an .onnx file",
    )


def _check_operators(graph: Graph, metadata: ModelMetadata) -> None:
    quantized = "DequantizeLinear" in graph.operators
    if quantized != (metadata.precision == "int8"):
        has = "has" if quantized else "has no"
        raise ModelError(
            "model-signature-mismatch",
            f"model file: sonogaze.precision is {metadata.precision!r}, "
            f"but the graph {has} DequantizeLinear operators; package it with its true precision",
        )


def _check_signature(graph: Graph, metadata: ModelMetadata) -> tuple[int, int] | None:
    recipe = metadata.preprocessing
    expected = (1, 1, recipe.height, recipe.width)
    if min(recipe.width, recipe.height) < MIN_SIDE:
        raise _mismatch("size of the input", expected[2:], f"at least {MIN_SIDE} cells a side")
    if len(graph.inputs) != 1:
        raise _mismatch("inputs", [item.name for item in graph.inputs], f"one, {INPUT_NAME!r}")
    _check_tensor(graph.inputs[0], INPUT_NAME, expected)
    outputs = list(graph.outputs)
    if metadata.novelty is not None:
        _check_tensor(outputs.pop(), NOVELTY_NAME, (1, 1))
    if len(outputs) not in (1, 2):
        names = [item.name for item in graph.outputs]
        allowed = f"{LOGITS_NAME!r}, {ATTENTION_NAME!r} if there is one, and {NOVELTY_NAME!r}"
        raise _mismatch("outputs", names, f"{allowed} if sonogaze.novelty says so")
    _check_tensor(outputs[0], LOGITS_NAME, (1, len(metadata.labels)))
    if len(outputs) == 1:
        return None
    attention = outputs[1]
    rows, columns = attention.shape[1:] if len(attention.shape) == 3 else (0, 0)
    if not (1 <= rows <= recipe.height and 1 <= columns <= recipe.width):
        allowed = f"(1, 1..{recipe.height}, 1..{recipe.width})"
        raise _mismatch("shape of output 'attention'", attention.shape, allowed)
    _check_tensor(attention, ATTENTION_NAME, (1, rows, columns))
    return rows, columns


def _check_tensor(tensor: TensorInfo, name: str, shape: tuple[int, ...]) -> None:
    if (tensor.name, tensor.dtype, tensor.shape) != (name, FLOAT, shape):
        got = f"{tensor.name!r}, element type {tensor.dtype}, shape {tensor.shape}"
        raise _mismatch("tensor", got, f"{name!r}, element type {FLOAT} (float32), shape {shape}")


def _mismatch(field: str, value: object, allowed: str) -> ModelError:
    return ModelError(
        "model-signature-mismatch", f"model file: {field} is {shown(value)}, allowed is {allowed}"
    )
