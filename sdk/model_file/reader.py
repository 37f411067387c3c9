"""Open, verify and describe a student file, before any runtime parses it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from sdk.errors import ModelError
from sdk.model_file.digest import is_sealed, verify_seal
from sdk.model_file.metadata import ModelMetadata
from sdk.model_file.onnx_walk import FLOAT32, OnnxSummary, TensorInfo, walk_onnx

MAX_FILE_BYTES = 64 * 1024 * 1024
MIN_SIDE = 16
INPUT_NAME = "frame"
LOGITS_NAME = "logits"
ATTENTION_NAME = "attention"


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

    The seal comes first, so that any damage is called damage. A file without a seal is walked all
    the same, to say what it is instead.

    Raises:
        ModelError: for everything that isn't an unchanged student; the slug says why.
    """
    if is_sealed(data):
        digest = verify_seal(data)
        summary = walk_onnx(data)
        metadata = ModelMetadata.from_properties(summary.metadata)
    else:
        summary = walk_onnx(data)
        metadata = ModelMetadata.from_properties(summary.metadata)
        digest = verify_seal(data)
    _check_operators(summary, metadata)
    return ModelFile(data, digest, metadata, _check_signature(summary, metadata))


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    if not isinstance(path, str | os.PathLike):
        raise ModelError(
            "model-unreadable",
            f"model file: path is {path!r} ({type(path).__name__}), it must be a str or a path",
        )
    try:
        # non-blocking, so that opening a pipe cannot hang
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise ModelError(
            "model-not-found", f"model file: {os.fspath(path)!r} isn't there"
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _unreadable(path, "not a regular file")
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > MAX_FILE_BYTES:
        raise ModelError(
            "model-too-large",
            f"model file: {os.fspath(path)!r} has more than {MAX_FILE_BYTES} bytes, "
            "a student has less than 1 MB",
        )
    return data


def _unreadable(path: str | os.PathLike[str], why: object) -> ModelError:
    return ModelError(
        "model-unreadable",
        f"model file: {os.fspath(path)!r} cannot be read: {why}; name an .onnx file",
    )


def _check_operators(summary: OnnxSummary, metadata: ModelMetadata) -> None:
    quantized = "DequantizeLinear" in summary.operators
    if quantized != (metadata.precision == "int8"):
        has = "has" if quantized else "has no"
        raise ModelError(
            "model-signature-mismatch",
            f"model file: sonogaze.precision is {metadata.precision!r}, "
            f"but the graph {has} DequantizeLinear operators; package it with its true precision",
        )


def _check_signature(summary: OnnxSummary, metadata: ModelMetadata) -> tuple[int, int] | None:
    recipe = metadata.preprocessing
    expected = (1, 1, recipe.height, recipe.width)
    if min(recipe.width, recipe.height) < MIN_SIDE:
        raise _mismatch("size of the input", expected[2:], f"at least {MIN_SIDE} cells a side")
    if len(summary.inputs) != 1:
        raise _mismatch("inputs", [item.name for item in summary.inputs], f"one, {INPUT_NAME!r}")
    _check_tensor(summary.inputs[0], INPUT_NAME, expected)
    if len(summary.outputs) not in (1, 2):
        names = [item.name for item in summary.outputs]
        raise _mismatch(
            "outputs", names, f"{LOGITS_NAME!r}, and {ATTENTION_NAME!r} if there is one"
        )
    _check_tensor(summary.outputs[0], LOGITS_NAME, (1, len(metadata.labels)))
    if len(summary.outputs) == 1:
        return None
    attention = summary.outputs[1]
    rows, columns = attention.shape[1:] if len(attention.shape) == 3 else (0, 0)
    if not (1 <= rows <= recipe.height and 1 <= columns <= recipe.width):
        allowed = f"(1, 1..{recipe.height}, 1..{recipe.width})"
        raise _mismatch("shape of output 'attention'", attention.shape, allowed)
    _check_tensor(attention, ATTENTION_NAME, (1, rows, columns))
    return rows, columns


def _check_tensor(found: TensorInfo, name: str, shape: tuple[int, ...]) -> None:
    if (found.name, found.dtype, found.shape) != (name, FLOAT32, shape):
        got = f"{found.name!r}, element type {found.dtype}, shape {found.shape}"
        raise _mismatch("tensor", got, f"{name!r}, element type {FLOAT32} (float32), shape {shape}")


def _mismatch(field: str, value: object, allowed: str) -> ModelError:
    return ModelError(
        "model-signature-mismatch", f"model file: {field} is {value}, allowed is {allowed}"
    )
