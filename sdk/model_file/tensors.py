"""Check a TensorProto: its element type, its shape, and that it holds the data of that shape."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import prod
from typing import Any

from .._shown import shown
from ..errors import ModelError
from .values import (
    FLOAT,
    INT8,
    INT32,
    INT64,
    MAX_RANK,
    UINT8,
    Shape,
    Value,
    invalid_graph,
)

_ITEM_BYTES = {FLOAT: 4, UINT8: 1, INT8: 1, INT32: 4, INT64: 8}
# the element types that may be stored as int32_data, and their values
_INT32_DATA = {UINT8: (0, 255), INT8: (-128, 127), INT32: (-(2**31), 2**31 - 1)}


def read_initializer(data: bytes, tensor: Mapping[str, Any]) -> Value:
    """Check that a tensor holds exactly the data of its shape, inside the file.

    Args:
        data: the complete file.
        tensor: the fields of the TensorProto.

    Raises:
        ModelError: `model-external-data` or `model-graph-invalid`.
    """
    name = tensor.get("name", "")
    if tensor.get("data_location", 0) != 0:
        raise ModelError(
            "model-external-data",
            f"model file: tensor {shown(name)} keeps its data in another file; "
            "save the model with its weights inside (external_data=False)",
        )
    dtype, shape = tensor.get("data_type", 0), tuple(tensor.get("dims", ()))
    if dtype not in _ITEM_BYTES or len(shape) > MAX_RANK or min(shape, default=1) < 1:
        raise invalid_graph(
            f"tensor {shown(name)} has element type {dtype} and shape {shown(shape)}; allowed are "
            f"types {sorted(_ITEM_BYTES)}, up to {MAX_RANK} axes and sizes from 1"
        )
    stored = [key for key in tensor if key.endswith("_data")]
    elements = _elements(dtype, stored[0], tensor[stored[0]]) if len(stored) == 1 else -1
    if elements != prod(shape):
        raise invalid_graph(
            f"tensor {shown(name)} doesn't hold exactly the data of its shape {shown(shape)}"
        )
    # only of these are the values read: they are axes and shapes, by which other shapes follow
    if dtype != INT64:
        return Value(dtype, shape, True)
    if len(shape) != 1 or elements > MAX_RANK:
        raise invalid_graph(
            f"tensor {shown(name)} is int64 of shape {shown(shape)}; allowed are axes and new "
            f"shapes, lists of up to {MAX_RANK}"
        )
    return Value(dtype, shape, True, _integers(data, elements, tensor))


def _elements(dtype: int, key: str, stored: Any) -> int:
    """Return how many elements a data field holds, -1 where it doesn't fit the type."""
    if key == "raw_data":
        count, rest = divmod(stored[1] - stored[0], _ITEM_BYTES[dtype])
        return -1 if rest else int(count)
    if key == "float_data":
        return int(stored) if dtype == FLOAT else -1
    if key == "int64_data":
        return len(stored) if dtype == INT64 else -1
    if dtype not in _INT32_DATA:
        return -1
    low, high = _INT32_DATA[dtype]
    return len(stored) if low <= min(stored) and max(stored) <= high else -1


def _integers(data: bytes, count: int, tensor: Mapping[str, Any]) -> Shape:
    if "int64_data" in tensor:
        return tuple(tensor["int64_data"])
    return struct.unpack_from(f"<{count}q", data, tensor["raw_data"][0])
