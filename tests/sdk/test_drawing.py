"""Drawing: the frame as it is, and beside it what was said of it."""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg

import sdk
from sdk.drawing import rgb_of
from sdk.drawing.shapes import outline
from sdk.model_file.known_answers import pattern_frame

WIDTH, HEIGHT = 16, 12
# each colour fills the square that shares a chroma sample
SQUARES = np.random.default_rng(2).integers(20, 230, (HEIGHT // 2, WIDTH // 2, 3)).astype(np.uint8)
SMOOTH = SQUARES.repeat(2, 0).repeat(2, 1)
TO_YUV = {"I420": cv2.COLOR_RGB2YUV_I420, "YV12": cv2.COLOR_RGB2YUV_YV12}


@pytest.mark.parametrize("name", TO_YUV)
def test_yuv_is_shown_as_opencv_made_it(name: str) -> None:
    data = cv2.cvtColor(SMOOTH, TO_YUV[name])
    frame = sdk.Frame(data, width=WIDTH, height=HEIGHT, format=name, color="bt601-limited")
    assert np.abs(rgb_of(frame).astype(int) - SMOOTH).max() <= 4


@pytest.mark.parametrize("format_", sorted(set(sdk.PixelFormat) - {"MJPEG"}))
def test_every_format_shows_black_grey_and_white(format_: str) -> None:
    from sdk._layouts import frame_bytes, planes_of

    yuv = format_[:2] not in ("RG", "BG", "AR", "AB", "GR")
    for level in (0, 128, 255):
        data = np.full(frame_bytes(format_, 6, 4), 128 if yuv else level, np.uint8)
        luma = planes_of(format_, 6, 4)[0]
        if format_ in ("YUYV", "YVYU", "UYVY", "VYUY"):
            data[(0 if format_[0] == "Y" else 1) :: 2] = level
        elif format_ in ("P010", "P210", "I010"):
            shift = 6 if format_[0] == "P" else 0
            words = data.view("<u2")
            words[:] = 512 << shift
            words[: luma.rows * luma.cells] = level * 1023 // 255 << shift
        elif yuv:
            data[: luma.rows * luma.row_bytes] = level
        options: dict[str, Any] = {"color": "bt709-full"} if yuv else {}
        if format_ == "GRAY16":
            data.view("<u2")[:] = level * 4
            options = {"window": (0, 1020)}
        shown = rgb_of(sdk.Frame(data, width=6, height=4, format=format_, **options))
        assert shown.shape == (4, 6, 3)
        assert np.abs(shown.astype(int) - level).max() <= 1


def test_channels_are_shown_in_their_order() -> None:
    for format_, order in {"RGB24": (0, 1, 2), "BGR24": (2, 1, 0), "ARGB32": (1, 2, 3)}.items():
        array = np.zeros((4, 5, 4 if format_ == "ARGB32" else 3), np.uint8)
        for value, at in enumerate(order):
            array[:, :, at] = value + 1
        assert rgb_of(sdk.Frame.from_array(array, format_))[0, 0].tolist() == [1, 2, 3]


def test_a_jpeg_frame_is_decoded() -> None:
    frame = sdk.Frame(simplejpeg.encode_jpeg(SMOOTH, 100, "RGB", "444"), format="MJPEG")
    assert np.abs(rgb_of(frame).astype(int) - SMOOTH).max() < 12


@pytest.fixture
def classified(toy_as_default: object) -> tuple[Any, Any]:
    region = sdk.Region.rectangle(40, 30, 200, 150)
    frame = sdk.Frame.from_array(pattern_frame("ring", 320, 240), region=region)
    return sdk.classify(frame), frame


def test_the_frame_is_untouched_and_the_panel_is_beside_it(classified: tuple[Any, Any]) -> None:
    result, frame = classified
    picture = result.draw(frame, caption="a.png [0]")
    assert picture.shape == (420, 320 + 280, 3)
    assert np.array_equal(picture[:240, :320], rgb_of(frame))
    assert not picture[240:, :320].any()
    heat = picture[:, 320:].astype(int)
    assert ((heat[:, :, 0] - heat[:, :, 2]) > 60).any(), "no attention, no region"


def test_another_text_is_another_picture(classified: tuple[Any, Any]) -> None:
    result, frame = classified
    first, second = (result.draw(frame, caption=text) for text in ("a", "b"))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, result.draw(frame, caption="a"))


def test_the_frame_must_be_the_one_that_was_classified(classified: tuple[Any, Any]) -> None:
    result, _ = classified
    other = sdk.Frame.from_array(np.zeros((10, 10), np.uint8))
    with pytest.raises(sdk.FrameError) as caught:
        result.draw(other)
    assert caught.value.slug == "frame-size"


def test_a_caption_of_anything_is_drawn(classified: tuple[Any, Any]) -> None:
    result, frame = classified
    result.draw(frame, caption="\x1b[31m\u202e\n" + "x" * 10_000 + "\U0001f600")


def test_without_pillow_the_error_names_the_extra(
    classified: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    result, frame = classified
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(sdk.FrameError, match=r"pip install 'sonogaze\[images\]'") as caught:
        result.draw(frame)
    assert caught.value.slug == "drawing-unavailable"


def test_a_sectors_outline_lies_on_its_arcs() -> None:
    points = np.array(outline(sdk.Region.sector(100, 10, 20, 90, -30, 40)))
    radii = np.hypot(*(points - (100, 10)).T)
    assert np.allclose(radii, [90] * 33 + [20] * 33)
    # clockwise from straight down: a positive angle lies at the left
    assert points[32][0] < 100 < points[0][0]


def test_the_outline_of_a_cut_off_sector_stays_in_its_window() -> None:
    sector = (100, 10, 20, 90, -60, 60)
    points = np.array(outline(sdk.Region.sector(*sector, clip=(60, 20, 80, 70))))
    assert points.min(axis=0) == pytest.approx([60, 20], abs=1e-9)
    assert points[:, 0].max() == pytest.approx(140)
    assert points[:, 1].max() <= 90
    whole = outline(sdk.Region.sector(*sector))
    inside = [p for p in whole if 60 < p[0] < 140 and 20 < p[1] < 90]
    assert inside
    assert {tuple(p) for p in inside} <= {tuple(p) for p in points.tolist()}
