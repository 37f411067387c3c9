"""OpenCV as a second oracle: within its own rounding where it is right, and where it is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sdk.frame import Frame, Region
from sdk.preprocess import Preprocessing

W, H = 190, 130
REGION = (20, 14, 150, 110)  # even: OpenCV's 4:2:2 conversions take whole pairs
RECIPE = Preprocessing(40, 30, aspect="stretch")
GRAY = {
    "RGB24": (3, cv2.COLOR_RGB2GRAY),
    "BGR24": (3, cv2.COLOR_BGR2GRAY),
    "RGBA32": (4, cv2.COLOR_RGBA2GRAY),
    "BGRA32": (4, cv2.COLOR_BGRA2GRAY),
    "YUYV": (2, cv2.COLOR_YUV2GRAY_YUY2),
    "UYVY": (2, cv2.COLOR_YUV2GRAY_UYVY),
}
PLANAR = {
    "NV12": cv2.COLOR_YUV2GRAY_NV12,
    "NV21": cv2.COLOR_YUV2GRAY_NV21,
    "I420": cv2.COLOR_YUV2GRAY_I420,
    "YV12": cv2.COLOR_YUV2GRAY_YV12,
}


def area(gray: np.ndarray) -> np.ndarray:
    x, y, w, h = REGION
    crop = gray[y : y + h, x : x + w].astype(np.float64)
    size = (RECIPE.width, RECIPE.height)
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA) / 255


@pytest.mark.parametrize("name", list(GRAY))
def test_packed_formats_agree_with_opencv_within_its_rounding(name: str) -> None:
    channels, code = GRAY[name]
    image = np.random.default_rng(0).integers(0, 256, (H, W, channels), dtype=np.uint8)
    color = "bt601-full" if channels == 2 else None
    frame = Frame.from_array(image, name, color=color, region=Region.rectangle(*REGION))
    got, want = RECIPE.tensor(frame)[0, 0], area(cv2.cvtColor(image, code))
    np.testing.assert_allclose(got, want, atol=0.5 / 255)


@pytest.mark.parametrize("name", list(PLANAR))
def test_planar_luma_agrees_with_opencv(name: str) -> None:
    data = np.random.default_rng(1).integers(0, 256, W * H * 3 // 2, dtype=np.uint8)
    region = Region.rectangle(*REGION)
    about = {"width": W, "height": H, "format": name, "color": "bt601-full", "region": region}
    want = area(cv2.cvtColor(data.reshape(H * 3 // 2, W), PLANAR[name]))
    np.testing.assert_allclose(RECIPE.tensor(Frame(data, **about))[0, 0], want, atol=1e-6)


def nv12_of(grey: np.ndarray, limited: bool) -> np.ndarray:
    """A colourless frame as an encoder of that range stores it."""
    luma = np.round(16 + grey * (219 / 255)) if limited else grey
    return np.concatenate([luma.astype(np.uint8).ravel(), np.full(W * H // 2, 128, np.uint8)])


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("limited", [True, False])
def test_grey_survives_every_declared_matrix_and_range(matrix: str, limited: bool) -> None:
    grey = np.repeat(np.linspace(0, 255, W).round().astype(np.uint8)[None], H, 0)
    color = f"{matrix}-{'limited' if limited else 'full'}"
    region = Region.rectangle(*REGION)
    about = {"width": W, "height": H, "format": "NV12", "color": color, "region": region}
    got = RECIPE.tensor(Frame(nv12_of(grey, limited), **about))[0, 0]
    np.testing.assert_allclose(got, area(grey), atol=0.6 / 255)


def test_opencv_takes_full_range_nv12_for_limited_and_is_off_by_many_levels() -> None:
    grey = np.repeat(np.linspace(0, 255, W).round().astype(np.uint8)[None], H, 0)
    data = nv12_of(grey, limited=False)
    bgr = cv2.cvtColor(data.reshape(H * 3 // 2, W), cv2.COLOR_YUV2BGR_NV12)
    off = np.abs(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(int) - grey)
    assert off.max() >= 15
    about = {"width": W, "height": H, "format": "NV12", "color": "bt601-full"}
    recipe = Preprocessing(W, H, aspect="stretch")
    np.testing.assert_allclose(recipe.tensor(Frame(data, **about))[0, 0] * 255, grey, atol=1e-4)


def test_bt709_primaries_keep_their_own_luma() -> None:
    """Pure green in BT.709 has luma 0.7152; through OpenCV's BT.601 constants it does not."""
    luma = round(16 + 219 * 0.7152)
    cb, cr = round(128 - 224 * 0.7152 / 1.8556), round(128 - 224 * 0.7152 / 1.5748)
    data = np.concatenate(
        [np.full(W * H, luma, np.uint8), np.tile(np.array([cb, cr], np.uint8), W * H // 4)]
    )
    about = {"width": W, "height": H, "format": "NV12", "color": "bt709-limited"}
    got = RECIPE.tensor(Frame(data, **about)) * 255
    np.testing.assert_allclose(got, 0.7152 * 255, atol=0.6)
    bgr = cv2.cvtColor(data.reshape(H * 3 // 2, W), cv2.COLOR_YUV2BGR_NV12)
    through = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(int)
    assert np.abs(through - 0.7152 * 255).max() > 2
