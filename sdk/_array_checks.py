"""Checks of arrays that are to be frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._formats import FACTS, MJPEG, canonical
from ._frame_checks import whole
from ._shown import shown
from .errors import FrameError


def array_format(array: Any, format_: Any) -> str:
    """Check the array's rank, type and channels against its format; return the format's name."""
    if not isinstance(array, np.ndarray):
        raise FrameError(
            "frame-type", f"the frame is a {type(array).__name__}, it must be a numpy array"
        )
    name = _format(array, format_)
    item_bytes = FACTS[name]["sample_bytes"]
    channels = FACTS[name]["pixel_bytes"] // item_bytes
    rank = 2 if channels == 1 else 3
    if array.ndim != rank:
        raise FrameError(
            "frame-rank", f"the array has shape {array.shape}, {name} needs {rank} dimensions"
        )
    dtype = np.uint16 if item_bytes == 2 else np.uint8
    if array.dtype != dtype:
        raise FrameError(
            "frame-dtype",
            f"the array holds {str(array.dtype)[:80]!r}, {name} needs {np.dtype(dtype)}",
        )
    if rank == 3 and array.shape[2] != channels:
        raise FrameError(
            "frame-channels",
            f"the array has shape {array.shape}, {name} needs {channels} channels",
        )
    return name


def _format(array: NDArray[Any], format_: Any) -> str:
    """Return the name of the format that an array is said to have."""
    if format_ is None:
        if array.ndim == 3 and array.shape[2] in (3, 4):
            raise FrameError(
                "format-missing",
                f"an array of shape {array.shape} is ambiguous; name its format: "
                'sdk.Frame.from_array(a, format="BGR24")',
            )
        format_ = "GRAY8"
    name = canonical(format_)
    if name == MJPEG or FACTS[name]["planes"] > 1:
        what = "is compressed" if name == MJPEG else f"has {FACTS[name]['planes']} planes"
        raise FrameError(
            "frame-rank",
            f"{name} {what}, so it is not one array; use "
            f'sdk.Frame(data, width=, height=, format="{name}", color=)',
        )
    return name


def array_stride(array: NDArray[Any], declared: Any) -> int | None:
    """Return the row stride in bytes, None where a single row leaves it open."""
    if array.size == 0:
        raise FrameError(
            "frame-size", f"the array has shape {array.shape}, it must hold at least one pixel"
        )
    packed = array.itemsize
    for axis in range(array.ndim - 1, 0, -1):
        if array.shape[axis] > 1 and array.strides[axis] != packed:
            raise FrameError(
                "strides-gapped",
                f"the array has strides {array.strides}, the pixels of a row must lie side by "
                "side; copy it with np.ascontiguousarray(a)",
            )
        packed *= array.shape[axis]
    stride = array.strides[0]
    if array.shape[0] == 1:
        return None
    if declared is not None and whole(declared, "strides", "strides-invalid") != stride:
        raise FrameError(
            "strides-invalid",
            f"strides is {shown(declared)}, but the array's row stride is {stride}",
        )
    if stride < 0 and declared is None:
        raise FrameError(
            "strides-negative",
            f"the array's rows run upwards (strides {array.strides}); declare it with "
            f"sdk.Frame.from_array(a, strides={stride}) or copy with np.ascontiguousarray(a)",
        )
    return stride
