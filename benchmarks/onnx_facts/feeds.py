"""What to feed a user's model: a frame where its input is one, made-up tensors where not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from benchmarks.onnx_facts.types import Feed, FeedInput, Shapes
from sdk import runtime

_LAYOUTS: tuple[Literal["NCHW", "NHWC"], ...] = ("NCHW", "NHWC")

#: Element types that NumPy lacks, by the number that `onnx.TensorProto` gives them.
_RAW = {
    "bfloat16": 16,
    **{"float8e4m3fn": 17, "float8e4m3fnuz": 18, "float8e5m2": 19, "float8e5m2fnuz": 20},
}
_TYPES = {
    "float": "float32",
    "double": "float64",
    **{name: name for name in ("float16", "bool", "int8", "uint8", "int16", "uint16")},
    **{name: name for name in ("int32", "uint32", "int64", "uint64")},
    "string": "str",
    **dict.fromkeys(_RAW, "uint16"),
}
_FRAME_TYPES = ("float", "float16", "double", "uint8")
_NO_ARRAY = ("bfloat16", "float8", "float4", "int4", "int2")
#: Sizes tried for a free dimension other than the batch: of images, and of sequences.
_FREE_SIZES = ((224, 128), (224, 16), (64, 16), (32, 4), (1, 1))
_FRAME_SIZES = ((144, 192), (224, 224))


def feeds(inputs: Sequence[Any], shapes: Shapes) -> Iterator[Feed]:
    """Yield feeds to try in turn, the likeliest first.

    Args:
        inputs: of the session, `onnxruntime.NodeArg`.
        shapes: dimensions that the user gave, by input.
    """
    known = [_declared(one, shapes) for one in inputs]
    declared = [one for one in known if one is not None]
    if len(declared) < len(known):
        return
    yield from _frame_feeds(declared)
    for spatial, other in _FREE_SIZES:
        filled = [one.of(_filled(one.shape, spatial, other)) for one in declared]
        for integer in (0, 1):
            yield Feed(False, "", filled, integer)


@dataclass(frozen=True)
class _Declared:
    """An input as the model declares it; a free dimension is None."""

    name: str
    type: str
    shape: list[int | None]
    sequence: bool

    def of(self, shape: list[int]) -> FeedInput:
        return FeedInput(self.name, self.type, shape, self.sequence)


def _declared(one: Any, shapes: Shapes) -> _Declared | None:
    """Return name, type and shape; None for a type that is no tensor.

    A shape that onnxruntime does not know is taken for one free dimension.
    """
    match = re.fullmatch(r"(seq\()?tensor\((\w+)\)\)?", one.type)
    if match is None or match[2] not in _TYPES:
        return None
    shape = list(shapes.get(one.name, one.shape or []))
    fixed = [size if isinstance(size, int) and size >= 0 else None for size in shape]
    return _Declared(one.name, match[2], fixed, bool(match[1]))


def _frame_feeds(declared: Sequence[_Declared]) -> Iterator[Feed]:
    if len(declared) != 1 or declared[0].sequence or declared[0].type not in _FRAME_TYPES:
        return
    shape = declared[0].shape
    if len(shape) != 4 or shape[0] not in (None, 1):
        return
    for layout in _LAYOUTS:
        for channels, height, width in _frame_sizes(shape, layout):
            full = {"NCHW": [1, channels, height, width], "NHWC": [1, height, width, channels]}
            yield Feed(True, layout, [declared[0].of(full[layout])])


def _frame_sizes(
    shape: Sequence[int | None], layout: Literal["NCHW", "NHWC"]
) -> Iterator[tuple[int, int, int]]:
    """Yield channels, height and width of frames that an input of four dimensions may take."""
    channel, rows = (1, 2) if layout == "NCHW" else (3, 1)
    depth, tall, wide = shape[channel], shape[rows], shape[rows + 1]
    if depth not in (None, 1, 3) or (depth is None and layout == "NHWC"):
        return
    free = tall is None or wide is None
    for channels in (3, 1) if depth is None else (depth,):
        for height, width in _FRAME_SIZES if free else ((0, 0),):
            size = (height if tall is None else tall, width if wide is None else wide)
            if min(size) > 0:
                yield (channels, *size)


def _filled(shape: Sequence[int | None], spatial: int, other: int) -> list[int]:
    sizes = []
    for axis, size in enumerate(shape):
        free = 1 if axis == 0 else spatial if len(shape) >= 4 and axis >= 2 else other
        sizes.append(free if size is None else size)
    return sizes


def frame_tensor(tensor: np.ndarray, feed: Feed) -> np.ndarray:
    """Return a grey float32 tensor `(1,1,H,W)` as the feed's input wants it.

    Grey is repeated for three channels; integers are 0..255 of a tensor in [0, 1].
    """
    one = feed.inputs[0]
    channels = one.shape[1 if feed.layout == "NCHW" else 3]
    tensor = np.repeat(tensor, channels, axis=1) if channels > 1 else tensor
    if feed.layout == "NHWC":
        tensor = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))
    if one.type == "uint8":
        return np.asarray(np.clip(np.rint(tensor * 255), 0, 255), np.uint8)
    return np.asarray(tensor.astype(_TYPES[one.type], copy=False))


def made_up(feed: Feed) -> dict[str, Any]:
    """Return arrays for a feed: floats all over [0, 1), integers 0 (an index), or 1 (a size)."""
    return {one.name: _made_up(one, feed.integer) for one in feed.inputs}


def _made_up(one: FeedInput, integer: int) -> Any:
    kind, shape = _TYPES[one.type], tuple(one.shape)
    if one.type in _RAW:
        array: Any = _raw(np.zeros(shape, np.uint16), one.type)
    elif kind == "str":
        array = np.full(shape, "", dtype=object)
    elif kind.startswith("float"):
        # multiples of the golden ratio; numpy.random would be 5 MB of the memory that is measured
        array = (np.arange(prod(shape)) * 0.6180339887498949 % 1.0).reshape(shape).astype(kind)
    else:
        array = np.full(shape, integer, kind)
    return [array] if one.sequence else array


def _raw(bits: np.ndarray, kind: str) -> Any:
    onnxruntime = runtime.load()
    bits = bits if kind == "bfloat16" else bits.astype(np.uint8)
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, _RAW[kind])


def runner(session: Any, names: Sequence[str] | None = None) -> Any:
    """Return a function from a dict of inputs to the outputs, of any type.

    Outputs of a type that NumPy lacks stay `onnxruntime.OrtValue`.
    """
    types = [one.type for one in [*session.get_inputs(), *session.get_outputs()]]
    if not any(kind in text for text in types for kind in _NO_ARRAY):
        return lambda values: list(session.run(names, values))
    outputs = names or [one.name for one in session.get_outputs()]

    def run(values: dict[str, Any]) -> list[Any]:
        onnxruntime = runtime.load()
        values_of_runtime = {
            name: value
            if hasattr(value, "has_value")
            else onnxruntime.OrtValue.ortvalue_from_numpy(value)
            for name, value in values.items()
        }
        return list(session.run_with_ort_values(outputs, values_of_runtime))

    return run
