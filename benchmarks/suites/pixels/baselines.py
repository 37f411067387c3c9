"""The ways of kornia-rs and Pillow, where they are installed, and what is absent."""

from __future__ import annotations

import importlib.util
import os
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.suites.pixels import libyuv
from benchmarks.suites.pixels.cases import Case
from benchmarks.suites.pixels.chains import Chain, cropped, finish

#: A family's ways begin with its name; `opencv` and `numpy` are always there.
FAMILIES = ("opencv", "libyuv", "kornia", "pillow")
_TO_RGB = {"RGBA32": "rgb_from_rgba", "BGRA32": "rgb_from_bgra", "BGR24": "bgr_from_rgb"}
_RAW = {"RGB24": "RGB", "BGR24": "BGR", "RGBA32": "RGBX", "BGRA32": "BGRX"}


def chains(case: Case) -> dict[str, Chain]:
    """Return every baseline's orders by name."""
    return {**libyuv.chains(case), **_kornia(case), **_pillow(case)}


def absent() -> dict[str, str]:
    """Return why a baseline is not measured, by its name."""
    reasons = {}
    if libyuv.library() is None:
        reasons["libyuv"] = "the library is not installed (Debian: libyuv-dev)"
    for family, package in (("kornia", "kornia_rs"), ("pillow", "PIL")):
        if importlib.util.find_spec(package) is None:
            reasons[family] = f"the package {package} is not installed (sonogaze-tools[baselines])"
    return reasons


def _kornia(case: Case) -> dict[str, Chain]:
    """kornia-rs resizes three channels, without an area filter: bilinear is its fastest.

    Grey comes last, since it resizes no grey bytes.
    """
    if case.format not in ("RGB24", *_TO_RGB) or importlib.util.find_spec("kornia_rs") is None:
        return {}
    os.environ["RAYON_NUM_THREADS"] = "1"  # one thread, as everything here; read at first use
    from kornia_rs import imgproc

    to_rgb = getattr(imgproc, _TO_RGB[case.format]) if case.format in _TO_RGB else None

    def chain(data: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        rgb: Any = np.ascontiguousarray(cropped(case, data))
        if to_rgb is not None:
            rgb = to_rgb(rgb)
        small = imgproc.resize(rgb, out.shape, interpolation="bilinear")
        finish(np.asarray(imgproc.gray_from_rgb(small))[..., 0], case, out)

    return {"kornia": chain}


def _pillow(case: Case) -> dict[str, Chain]:
    """Pillow's exact box filter, and its reduce by whole numbers before it."""
    if case.format in ("GRAY16", "ARGB32", "YUYV", "UYVY"):  # no way in without NumPy's help
        return {}
    if importlib.util.find_spec("PIL") is None:
        return {}
    made: dict[str, Chain] = {
        "pillow": partial(_pillow_chain, case, True, None),
        "pillow_reduce": partial(_pillow_chain, case, True, 1.0),
    }
    if case.format in _RAW:
        made["pillow_resize_first"] = partial(_pillow_chain, case, False, None)
        made["pillow_reduce_resize_first"] = partial(_pillow_chain, case, False, 1.0)
    return made


def _pillow_chain(
    case: Case,
    grey_first: bool,
    gap: float | None,
    data: NDArray[np.uint8],
    out: NDArray[np.float32],
) -> None:
    from PIL import Image

    size = out.shape[::-1]
    if case.format in _RAW:
        pixels = np.ascontiguousarray(cropped(case, data))
        image = Image.frombuffer(
            "RGB", case.region[2:], pixels, "raw", _RAW[case.format], pixels.strides[0], 1
        )
    else:
        image = Image.fromarray(cropped(case, data))
    if grey_first:
        image = image.convert("L")  # nothing where it is grey
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=gap).convert("L")
    finish(np.asarray(small), case, out)
