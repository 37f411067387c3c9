"""The usual ways from a frame to a tensor, each in its fastest order that we know of.

OpenCV: crop as a view, take luma (or convert), ``INTER_AREA``, then float. For packed RGB the
conversion may also come after the resize: both orders are timed and the faster one counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.suites.pixels.cases import BYTES_PER_PIXEL, WINDOW, YUV, Case

#: Pixels of 8 or 16 bits: which, only the format says.
Pixels = NDArray[Any]
Chain = Callable[[NDArray[np.uint8], NDArray[np.float32]], None]
JpegChain = Callable[[bytes, NDArray[np.float32]], None]

_TO_GRAY = {
    "RGB24": cv2.COLOR_RGB2GRAY,
    "BGR24": cv2.COLOR_BGR2GRAY,
    "RGBA32": cv2.COLOR_RGBA2GRAY,
    "BGRA32": cv2.COLOR_BGRA2GRAY,
    "YUYV": cv2.COLOR_YUV2GRAY_YUY2,
    "UYVY": cv2.COLOR_YUV2GRAY_UYVY,
}


def cropped(case: Case, data: NDArray[np.uint8]) -> Pixels:
    """Return the region's pixels as a view; of planar YUV, those of the luma."""
    x, y, w, h = case.region
    if case.format in ("GRAY8", "NV12", "NV21", "I420", "YV12"):
        return data[: case.width * case.height].reshape(case.height, -1)[y : y + h, x : x + w]
    if case.format == "GRAY16":
        return data.view(np.uint16).reshape(case.height, -1)[y : y + h, x : x + w]
    channels = int(BYTES_PER_PIXEL[case.format])
    return data.reshape(case.height, case.width, channels)[y : y + h, x : x + w]


def _scaling(case: Case) -> tuple[float, float]:
    """Return factor and offset from a code to grey 0..1."""
    if case.format == "GRAY16":
        return 1.0 / (WINDOW[1] - WINDOW[0]), -WINDOW[0] / (WINDOW[1] - WINDOW[0])
    return (1.0 / 219, -16.0 / 219) if case.format in YUV else (1.0 / 255, 0.0)


def finish(small: Pixels, case: Case, out: NDArray[np.float32]) -> None:
    """Write codes as grey 0 to 1."""
    factor, offset = _scaling(case)
    np.multiply(small, np.float32(factor), out=out, dtype=np.float32)
    if offset or case.format == "GRAY16":
        np.add(out, np.float32(offset), out=out)
        np.clip(out, 0, 1, out=out)


def _gray(case: Case, pixels: Pixels) -> Pixels:
    if case.format == "ARGB32":  # OpenCV has no such order: take the channels behind alpha
        return cv2.cvtColor(np.ascontiguousarray(pixels[..., 1:]), cv2.COLOR_RGB2GRAY)
    code = _TO_GRAY.get(case.format)
    return pixels if code is None else cv2.cvtColor(pixels, code)


def opencv_chains(case: Case) -> dict[str, Chain]:
    """Return OpenCV's orders by name; time them with ``cv2.setNumThreads(1)``."""

    def convert_first(data: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        size = (out.shape[1], out.shape[0])
        gray = _gray(case, cropped(case, data))
        finish(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), case, out)

    def resize_first(data: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        size = (out.shape[1], out.shape[0])
        small = cv2.resize(cropped(case, data), size, interpolation=cv2.INTER_AREA)
        finish(_gray(case, small), case, out)

    chains: dict[str, Chain] = {"opencv": convert_first}
    if case.format.startswith(("RGB", "BGR", "ARGB")):
        chains["opencv_resize_first"] = resize_first
    return chains


def _overlaps(pixels: int, cells: int) -> NDArray[np.float32]:
    """Return the share of each pixel in each cell, shape ``(cells, pixels)``; rows sum to 1."""
    edges = np.arange(cells + 1) * (pixels / cells)
    x = np.arange(pixels)
    low = np.maximum(edges[:-1, None], x)
    high = np.minimum(edges[1:, None], x + 1)
    overlaps = np.maximum(high - low, 0) * (cells / pixels)
    return np.asarray(overlaps, np.float32)


def numpy_chain(case: Case, width: int, height: int) -> Chain:
    """Return plain NumPy: float grey, then the area average as two matrix products."""
    rows, columns = _overlaps(case.region[3], height), _overlaps(case.region[2], width).T
    orders = {"R": {"RGB24": 0, "BGR24": 2, "RGBA32": 0, "BGRA32": 2, "ARGB32": 1}}
    luma = {"YUYV": 0, "UYVY": 1}

    def chain(data: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        pixels = cropped(case, data)
        if case.format in luma:
            pixels = pixels[..., luma[case.format]]
        elif pixels.ndim == 3:
            r = orders["R"][case.format]
            g, b = (2, 3) if case.format == "ARGB32" else (1, 2 - r)
            pixels = 0.299 * pixels[..., r] + 0.587 * pixels[..., g] + 0.114 * pixels[..., b]
        finish(rows @ pixels.astype(np.float32) @ columns, case, out)

    return chain


def jpeg_chains(case: Case) -> dict[str, JpegChain]:
    """Return OpenCV's decoders, in colour and in grey, each followed by its chain."""
    x, y, w, h = case.region

    def chain(data: bytes, out: NDArray[np.float32], flag: int) -> None:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        if decoded is None:
            raise ValueError("OpenCV does not decode the JPEG")
        image = decoded[y : y + h, x : x + w]
        gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(gray, (out.shape[1], out.shape[0]), interpolation=cv2.INTER_AREA)
        np.multiply(small, np.float32(1 / 255), out=out, dtype=np.float32)

    return {
        "opencv": lambda data, out: chain(data, out, cv2.IMREAD_COLOR),
        "opencv_gray": lambda data, out: chain(data, out, cv2.IMREAD_GRAYSCALE),
    }
