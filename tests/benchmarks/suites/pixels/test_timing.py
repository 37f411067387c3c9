"""The pixel suite: every way must compute the same thing, or its time means nothing."""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks.suites.pixels import baselines, chains, libyuv, timing
from benchmarks.suites.pixels.cases import BYTES_PER_PIXEL, FORMATS, YUV, Case, buffers, jpegs, pool
from sdk import Frame, Region

SMALL = (640, 480)


def smooth(case: Case) -> np.ndarray:
    """A frame whose content survives every order of resize and conversion."""
    ramp = np.linspace(40, 200, case.frame_bytes)
    if case.format == "GRAY16":
        return (ramp[: case.frame_bytes // 2] * 16).astype("<u2").view(np.uint8)
    return ramp.astype(np.uint8)


@pytest.mark.parametrize("name", list(BYTES_PER_PIXEL))
def test_numpy_chain_agrees_with_the_sdk(name: str) -> None:
    case = Case(name, 128, 96, (10, 6, 100, 80))
    data = smooth(case)
    want = timing.RECIPE.tensor(case.frame(data))[0, 0]
    out = np.empty_like(want)
    chains.numpy_chain(case, timing.RECIPE.width, timing.RECIPE.height)(data, out)
    np.testing.assert_allclose(out, want, atol=1.5 / 255)


@pytest.mark.parametrize("name", list(BYTES_PER_PIXEL))
def test_opencv_chains_agree_with_the_sdk_when_shrinking(name: str) -> None:
    case = Case(name, 640, 480, (86, 40, 468, 400))
    data = buffers(case, pool(size=2 << 20))[0]
    if name == "GRAY16":
        data.view("<u2")[:] &= 4095  # OpenCV's chain clips to the window after averaging
    want = timing.RECIPE.tensor(case.frame(data))[0, 0]
    for way, chain in chains.opencv_chains(case).items():
        out = np.empty_like(want)
        chain(data, out)
        # Codes outside the limited range are clipped before averaging by the SDK only.
        tolerance = 5 / 255 if name in YUV else 2 / 255
        assert np.abs(out - want).mean() < tolerance, way


def test_jpeg_chains_agree_with_the_sdk() -> None:
    case = Case("MJPEG", 640, 480, (86, 40, 468, 400))
    data = jpegs(case, 1)[0]
    region = Region.rectangle(*case.region)
    want = timing.RECIPE.tensor(Frame(data, format="MJPEG", region=region))[0, 0]
    for chain in chains.jpeg_chains(case).values():
        out = np.empty_like(want)
        chain(data, out)
        assert np.abs(out - want).mean() * 255 < 8


def test_each_case_keeps_its_raw_samples_and_has_the_ratios_of_its_medians() -> None:
    pixels = timing.run(("GRAY8", "NV12"), (SMALL,), 6, pool(size=4 << 20))
    assert [case.format for case in pixels.cases] == ["GRAY8", "NV12"]
    for case in pixels.cases:
        assert len(case.samples_us["sdk"]) == 6
        assert len(case.samples_us["numpy"]) == 1
        median = case.median_us
        assert median["sdk"] == pytest.approx(np.median(case.samples_us["sdk"]), abs=0.01)
        read = min(median["read_sum"], median["read_memcpy"])
        assert case.sdk_over_read == pytest.approx(median["sdk"] / read, abs=0.01)


def test_what_is_not_timed_for_a_format_has_no_ratio() -> None:
    (case,) = timing.run(("MJPEG",), (SMALL,), 1, pool(size=4 << 20)).cases
    assert case.opencv_over_sdk > 0
    assert (case.sdk_over_read, case.measured_over_read_all, case.numpy_over_sdk) == (None,) * 3


def test_rotation_covers_the_pool_without_overlap() -> None:
    memory = np.zeros(3 << 20, np.uint8)
    case = Case("GRAY8", *SMALL, (0, 0, 10, 10))
    frames = buffers(case, memory)
    for frame in frames:
        frame += 1
    assert memory.max() == 1
    assert memory.sum() > 0.8 * memory.size


def test_every_format_is_timed() -> None:
    assert set(FORMATS) == {*BYTES_PER_PIXEL, "MJPEG"}


@pytest.mark.parametrize("name", list(BYTES_PER_PIXEL))
def test_baselines_see_the_same_picture(name: str) -> None:
    case = Case(name, 640, 480, (86, 40, 468, 400))
    data = smooth(case)
    want = timing.RECIPE.tensor(case.frame(data))[0, 0]
    for way, chain in baselines.chains(case).items():
        out = np.full_like(want, np.nan)
        chain(data, out)
        assert np.abs(out - want).max() < 6 / 255, way


def test_libyuv_is_found_where_the_second_tier_is_installed() -> None:
    if os.environ.get("SONOGAZE_SECOND_TIER") != "1":
        pytest.skip("libyuv is of the second tier")
    assert libyuv.library() is not None, "Debian: libyuv-dev"
    assert {"libyuv", "libyuv_resize_first"} <= set(
        baselines.chains(Case("BGRA32", 640, 480, (86, 40, 468, 400)))
    )


def test_a_baseline_that_is_not_installed_is_named_and_not_timed(monkeypatch) -> None:
    monkeypatch.setattr(libyuv, "library", lambda: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert set(baselines.absent()) == {"libyuv", "kornia", "pillow"}
    assert baselines.chains(Case("RGB24", 640, 480, (86, 40, 468, 400))) == {}


def test_deviations_are_those_of_the_exact_tensor() -> None:
    case = Case("GRAY8", 640, 480, (86, 40, 468, 400))
    found = timing.deviations(case, buffers(case, pool(size=1 << 20))[0])
    assert found["numpy"] < 0.01
    assert 0.4 < found["opencv"] <= 0.51  # it rounds to whole levels


def test_no_way_always_runs_after_the_same_one() -> None:
    ran: list[str] = []
    ways = {name: (lambda _i, name=name: ran.append(name)) for name in ("sdk", "read", "slow")}
    raw = timing._times(ways, 4, 40)
    assert {len(times) for times in raw.values()} == {40}
    before = {ran[i - 1] for i, name in enumerate(ran) if name == "sdk" and i}
    assert before >= {"read", "slow"}
