"""Whatever a caller says about a frame is either right or refused with a typed, helpful error."""

from __future__ import annotations

import array
import ctypes
import math
import pickle
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk._frame_checks import whole
from sdk.errors import SLUGS, FrameError, ModelError, SdkError, SourceError
from sdk.frame import Frame, Region
from sdk.preprocess import Preprocessing
from tests.reference.preprocess import FORMATS, YUV, plane_shapes

RECIPE = Preprocessing(8, 6)
FAN = (5.0, 0.0, 0.0, 9.0, -30.0, 30.0)
GRAY = {"width": 10, "height": 10, "format": "GRAY8"}
NV12 = {"width": 10, "height": 10, "format": "NV12", "color": "bt601-limited"}
NAN, INF = float("nan"), float("inf")


def refused(slug: str, match: str, make) -> None:
    with pytest.raises(FrameError, match=match) as caught:
        make()
    assert caught.value.slug == slug


@pytest.mark.parametrize("field", ["width", "height"])
@pytest.mark.parametrize(
    "value", [0, -1, 16385, 2**31, 2**63, 10**30, 1.0, 9.5, NAN, INF, True, np.True_, "9", None]
)
def test_impossible_size_names_field_and_value(field: str, value: object) -> None:
    refused("frame-size", f"{field} is", lambda: Frame(bytes(100), **GRAY | {field: value}))


@pytest.mark.parametrize("value", [np.int32(10), np.uint8(10), np.array(10)])
def test_integers_of_numpy_are_sizes(value: object) -> None:
    frame = Frame(bytes(100), **GRAY | {"width": value})
    assert (frame.width, type(frame.width)) == (10, int)


@pytest.mark.parametrize("value", ["gray8", "", "RGB", None, 3, b"GRAY8", ["GRAY8"]])
def test_unknown_format_lists_the_known_ones(value: object) -> None:
    refused(
        "format-unknown", "one of GRAY8, GRAY16", lambda: Frame(b"", **GRAY | {"format": value})
    )


@pytest.mark.parametrize(
    ("slug", "match", "change"),
    [
        ("strides-overlap", r"strides\[0\] is 9 bytes, but a row uses 10", {"strides": 9}),
        ("strides-overlap", "is 0 bytes", {"strides": 0}),
        ("strides-overlap", "is -9 bytes", {"strides": -9}),
        ("strides-invalid", "has 2 entries, GRAY8 has 1 planes", {"strides": (10, 10)}),
        ("strides-invalid", "empty", {"strides": ()}),
        ("strides-invalid", "whole number", {"strides": 10.0}),
        ("strides-invalid", "whole number", {"strides": (True,)}),
        ("strides-invalid", "whole number", {"strides": "10"}),
        ("strides-invalid", r"below 2\^40", {"strides": 2**41}),
        ("strides-invalid", "magnitude", {"strides": -(2**70)}),
        ("buffer-truncated", "holds 100 bytes, .* needs 109", {"strides": 11}),
        ("color-unexpected", "GRAY8 has no matrix", {"color": "bt601-full"}),
        ("window-unexpected", "only GRAY16", {"window": (0, 9)}),
        ("window-missing", "needs \\(low, high\\)", {"format": "GRAY16"}),
        (
            "window-invalid",
            r"\(5, 5\), it must be low < high",
            {"format": "GRAY16", "window": (5, 5)},
        ),
        ("window-invalid", "low < high", {"format": "GRAY16", "window": (-1, 5)}),
        ("window-invalid", "low < high", {"format": "GRAY16", "window": (0, 65536)}),
        ("window-invalid", "whole number", {"format": "GRAY16", "window": (0, NAN)}),
        ("window-invalid", r"\(low, high\)", {"format": "GRAY16", "window": 5}),
        ("region-invalid", "Region.rectangle", {"region": (0, 0, 5, 5)}),
        (
            "region-outside",
            "inside the frame of 10 x 10",
            {"region": Region.rectangle(1, 0, 10, 10)},
        ),
        ("region-outside", "x=-1", {"region": Region.rectangle(-1, 0, 5, 5)}),
        ("region-outside", "x=2305", {"region": Region.rectangle(2**61, 0, 2**61, 5)}),
        ("region-invalid", "at least 1", {"region": Region.rectangle(0, 0, 0, 5)}),
        ("region-invalid", "at least 1", {"region": Region.rectangle(0, 0, 5, -(2**61))}),
        ("region-outside", "covers no pixel", {"region": Region.sector(99, 99, 0, 5, -9, 9)}),
        ("region-invalid", "r_max is 3", {"region": Region.sector(5, 5, 4, 3, -9, 9)}),
        ("region-invalid", "r_min is -1", {"region": Region.sector(5, 5, -1, 3, -9, 9)}),
        ("region-invalid", "angle_max_deg", {"region": Region.sector(5, 5, 0, 3, 9, 9)}),
        ("region-invalid", "cx is", {"region": Region.sector(1e300, 5, 0, 3, 0, 9)}),
        ("region-outside", "clip is x=9", {"region": Region.sector(*FAN, clip=(9, 0, 2, 5))}),
        ("region-outside", "clip is x=2305", {"region": Region.sector(*FAN, clip=(2**61,) * 4)}),
        ("region-invalid", "at least 1", {"region": Region.sector(*FAN, clip=(0, 0, 5, 0))}),
        ("region-outside", "pixel of its clip", {"region": Region.sector(*FAN, clip=(0, 9, 1, 1))}),
        ("pixel-size-invalid", "pixel_size_mm is 0", {"pixel_size_mm": 0}),
        ("pixel-size-invalid", "finite", {"pixel_size_mm": (1, NAN)}),
        ("pixel-size-invalid", "3 numbers", {"pixel_size_mm": (1, 1, 1)}),
        ("pixel-size-invalid", "finite", {"pixel_size_mm": "1"}),
    ],
)
def test_impossible_layout_names_what_is_wrong(slug: str, match: str, change: dict) -> None:
    refused(slug, match, lambda: Frame(bytes(100), **GRAY | change))


@pytest.mark.parametrize("name", YUV)
def test_yuv_without_matrix_and_range_is_refused(name: str) -> None:
    refused("color-missing", "bt709-limited", lambda: Frame(bytes(400), **GRAY | {"format": name}))
    about = GRAY | {"format": name, "color": "bt601"}
    refused("color-unknown", "'bt601'", lambda: Frame(bytes(400), **about))


@pytest.mark.parametrize(
    "numbers", [(0, 0, 5.0, 5), (0, NAN, 5, 5), (0, 0, True, 5), ("0", 0, 5, 5)]
)
def test_rectangle_takes_whole_numbers_only(numbers: tuple) -> None:
    refused("region-invalid", "whole number", lambda: Region.rectangle(*numbers))


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("value", [NAN, INF, "1", None, True])
def test_sector_takes_finite_numbers_only(at: int, value: object) -> None:
    numbers: list = [5, 5, 0, 4, -30, 30]
    numbers[at] = value
    refused("region-invalid", "finite number", lambda: Region.sector(*numbers))


@pytest.mark.parametrize(
    "clip", [(0, 0, 5.0, 5), (0, 0, 5), "0055", (0, 0, True, 5), (0, 0, NAN, 5)]
)
def test_clip_takes_four_whole_numbers_only(clip: object) -> None:
    refused("region-invalid", "clip", lambda: Region.sector(*FAN, clip=clip))


def test_a_rectangle_has_no_clip() -> None:
    refused("region-invalid", "None", lambda: Region("rectangle", (0, 0, 5, 5), clip=(0, 0, 1, 1)))


def test_a_clip_counts_in_equality_and_is_described_by_name() -> None:
    region = Region.sector(*FAN, clip=[1, 2, 3, 4])
    assert region != Region.sector(*FAN)
    assert region == Region.sector(*FAN, clip=(1, 2, 3, 4))
    assert region.to_dict()["clip"] == {"x": 1, "y": 2, "width": 3, "height": 4}
    assert "clip" not in Region.sector(*FAN).to_dict()


def test_region_of_another_kind_is_refused() -> None:
    refused("region-invalid", "'circle'", lambda: Region("circle", (1, 2, 3)))
    refused("region-invalid", r"\(1, 2\)", lambda: Region("rectangle", (1, 2)))


@pytest.mark.parametrize(
    ("slug", "match", "bad", "name"),
    [
        ("format-missing", "from_array", np.zeros((5, 5, 3), np.uint8), None),
        ("format-missing", "from_array", np.zeros((5, 5, 4), np.uint8), None),
        ("frame-rank", r"\(5,\)", np.zeros(5, np.uint8), None),
        ("frame-rank", "2 dimensions", np.zeros((5, 5, 1), np.uint8), None),
        ("frame-rank", "2 dimensions", np.zeros((), np.uint8), None),
        ("frame-rank", "3 dimensions", np.zeros((5, 5), np.uint8), "RGB24"),
        ("frame-rank", "2 planes", np.zeros((5, 5), np.uint8), "NV12"),
        ("frame-channels", "3 channels", np.zeros((5, 5, 4), np.uint8), "BGR24"),
        ("frame-channels", "4 channels", np.zeros((5, 5, 3), np.uint8), "BGRA32"),
        ("frame-dtype", "float64", np.zeros((5, 5)), None),
        ("frame-dtype", "bool", np.zeros((5, 5), bool), None),
        ("frame-dtype", "int8", np.zeros((5, 5), np.int8), None),
        ("frame-dtype", "needs uint16", np.zeros((5, 5), np.uint8), "GRAY16"),
        ("frame-dtype", ">u2", np.zeros((5, 5), ">u2"), "GRAY16"),
        ("frame-dtype", "object", np.zeros((5, 5), object), None),
        ("frame-size", r"\(0, 5\)", np.zeros((0, 5), np.uint8), None),
        ("frame-size", r"\(5, 0\)", np.zeros((5, 0), np.uint8), None),
        ("frame-type", "list", [[1, 2], [3, 4]], None),
        ("frame-type", "NoneType", None, None),
        ("format-unknown", "'RGB'", np.zeros((5, 5, 3), np.uint8), "RGB"),
        ("format-unknown", "MJPEG", np.zeros((5, 5, 3), np.uint8), "nope"),
        ("strides-gapped", "ascontiguousarray", np.zeros((5, 10), np.uint8)[:, ::2], None),
        ("strides-gapped", "ascontiguousarray", np.zeros((5, 9), np.uint8)[:, ::-1], None),
        ("strides-gapped", "ascontiguousarray", np.zeros((5, 9, 4), np.uint8)[..., :3], "RGB24"),
        ("strides-negative", "upwards", np.zeros((5, 9), np.uint8)[::-1], None),
        ("strides-overlap", "is 0 bytes", np.broadcast_to(np.zeros(9, np.uint8), (5, 9)), None),
        (
            "strides-overlap",
            "is 4 bytes",
            np.lib.stride_tricks.as_strided(np.zeros(99, np.uint8), (5, 9), (4, 1)),
            None,
        ),
    ],
)
def test_unfit_array_is_refused(slug: str, match: str, bad: object, name: str | None) -> None:
    refused(slug, match, lambda: Frame.from_array(bad, name))
    if name is None:
        refused(slug, match, lambda: RECIPE.tensor(bad))


@pytest.mark.parametrize("bad", ["pixels", 5, None, object(), {"a": 1}, [1, 2]])
def test_data_without_bytes_is_refused(bad: object) -> None:
    slug = "data-type" if not isinstance(bad, list) else "data-planes"
    with pytest.raises(FrameError) as caught:
        Frame(bad, **GRAY)
    assert caught.value.slug in (slug, "data-type")


def test_number_of_plane_buffers_must_be_the_number_of_planes() -> None:
    refused("data-planes", "each of the 2 planes", lambda: Frame((bytes(100),), **NV12))
    refused(
        "buffer-truncated", r"data\[1\] holds 49", lambda: Frame((bytes(100), bytes(49)), **NV12)
    )


@pytest.mark.parametrize("name", FORMATS)
def test_one_missing_byte_is_noticed(name: str) -> None:
    about = GRAY | {"format": name}
    if name in YUV:
        about["color"] = "bt709-full"
    if name == "GRAY16":
        about["window"] = (0, 4095)
    needed = sum(rows * used for rows, used in plane_shapes(name, 10, 10))
    assert fits(needed, about)
    assert not fits(needed - 1, about)


def fits(n: int, about: dict) -> bool:
    try:
        RECIPE.tensor(Frame(bytes(n), **about))
    except FrameError as error:
        return error.slug != "buffer-truncated"
    return True


def test_every_kind_of_buffer_gives_the_same_tensor() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, 100, dtype=np.uint8)
    want = RECIPE.tensor(pixels.reshape(10, 10))
    read_only = pixels.copy()
    read_only.flags.writeable = False
    raw = pixels.tobytes()
    kinds = [
        *(raw, bytearray(raw), memoryview(raw), array.array("B", raw), pixels, read_only),
        *((ctypes.c_uint8 * 100)(*raw), pixels.reshape(10, 10), pixels.view(np.int8)),
        *(memoryview(raw).cast("B", (10, 10)), pixels.view(np.uint32), pixels.view("V4")),
    ]
    for data in kinds:
        np.testing.assert_array_equal(RECIPE.tensor(Frame(data, **GRAY)), want)


def test_sub_image_and_padded_views_equal_their_copies() -> None:
    big = np.random.default_rng(1).integers(0, 256, (40, 50, 4), dtype=np.uint8)
    view = big[3:21, 7:30]
    want = RECIPE.tensor(Frame.from_array(view.copy(), "BGRA32"))
    np.testing.assert_array_equal(RECIPE.tensor(Frame.from_array(view, "BGRA32")), want)
    every_other = big[::2]
    want = RECIPE.tensor(Frame.from_array(every_other.copy(), "RGBA32"))
    np.testing.assert_array_equal(RECIPE.tensor(Frame.from_array(every_other, "RGBA32")), want)


@pytest.mark.parametrize(
    "view",
    [
        memoryview(bytes(200))[::2],
        np.zeros(200, np.uint8)[::2],
        np.zeros((10, 20), np.uint8)[:, :10],
        np.zeros((10, 20), np.uint8)[:, ::2],
        np.zeros((10, 10), np.uint8)[::-1],
        np.zeros((10, 10), np.uint8).T[:, ::-1],
    ],
)
def test_gaps_in_data_must_be_declared(view: object) -> None:
    refused("strides-gapped", "does not declare", lambda: Frame(view, **GRAY))


def test_padded_view_with_its_stride_declared_is_read_rightly() -> None:
    big = np.random.default_rng(2).integers(0, 256, (10, 20), dtype=np.uint8)
    frame = Frame(big[:, 5:15], strides=20, **GRAY)
    np.testing.assert_array_equal(RECIPE.tensor(frame), RECIPE.tensor(big[:, 5:15].copy()))


def test_rows_that_run_upwards_must_be_declared_rightly() -> None:
    flipped = np.zeros((5, 9), np.uint8)[::-1]
    Frame.from_array(flipped, strides=-9)
    refused("strides-invalid", "row stride is -9", lambda: Frame.from_array(flipped, strides=-10))


def test_buffer_that_shrinks_after_description_is_noticed() -> None:
    data = bytearray(100)
    frame = Frame(data, **GRAY)
    del data[50:]
    refused("buffer-truncated", "holds 50 bytes", lambda: RECIPE.tensor(frame))


def test_pixels_may_change_while_they_are_read() -> None:
    pixels = np.zeros((480, 640), np.uint8)
    stop = threading.Event()

    def grab() -> None:
        value = 0
        while not stop.is_set():
            value = 255 - value
            pixels[:] = value

    grabber = threading.Thread(target=grab)
    grabber.start()
    for _ in range(50):
        tensor = RECIPE.tensor(pixels)
        assert np.all((tensor >= 0) & (tensor <= 1))
    stop.set()
    grabber.join()


def test_a_single_column_lies_side_by_side_whatever_its_stride() -> None:
    column = np.arange(50, dtype=np.uint8).reshape(5, 10)[:, ::10]
    assert Frame.from_array(column).width == 1
    assert np.array_equal(RECIPE.tensor(column), RECIPE.tensor(column.copy()))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_is_refused_from_2_to_the_62_on(sign: int) -> None:
    assert whole(sign * (2**62 - 1), "width", "frame-size") == sign * (2**62 - 1)
    for number in (2**62, 2**63 - 1, 2**63):
        refused(
            "frame-size", "must be below", lambda n=number: whole(sign * n, "width", "frame-size")
        )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_arbitrary_arguments_give_a_frame_or_a_frame_error(data: st.DataObject) -> None:
    odd = st.one_of(
        *(st.integers(), st.integers(-3, 40), st.floats(), st.none(), st.booleans(), st.text()),
        *(st.binary(), st.lists(st.integers(-50, 50), max_size=4), st.sampled_from(FORMATS)),
    )
    about = {
        "width": data.draw(st.one_of(st.integers(1, 20), odd)),
        "height": data.draw(st.one_of(st.integers(1, 20), odd)),
        "format": data.draw(st.one_of(st.sampled_from(FORMATS), odd)),
    }
    for field in ("strides", "color", "region", "pixel_size_mm", "window"):
        if data.draw(st.booleans()):
            about[field] = data.draw(odd)
    pixels = bytes(data.draw(st.integers(0, 3000)))
    frame = error = None
    try:
        frame = Frame(pixels, **about)
    except FrameError as refusal:
        error = refusal
    if error is not None:
        assert error.slug in SLUGS
        assert len(str(error)) > 10
        return
    assert np.isfinite(RECIPE.tensor(frame)).all()


def test_layouts_are_bounded_in_number() -> None:
    from sdk import frame as module

    for width in range(1, 300):
        Frame(bytes(300), width=width, height=1, format="GRAY8")
    assert module.layout_of.cache_info().currsize <= 64


@pytest.mark.parametrize("kind", [SdkError, FrameError, ModelError, SourceError])
def test_errors_keep_slug_and_message_across_processes(kind: type[SdkError]) -> None:
    error = pickle.loads(pickle.dumps(kind("frame-size", "width is 0")))
    assert (type(error), error.slug, str(error)) == (kind, "frame-size", "width is 0")
    assert isinstance(error, SdkError)


def test_unknown_slug_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="add it to SLUGS"):
        FrameError("no-such-slug", "x")


def test_sector_box_of_a_half_disc() -> None:
    frame = Frame.from_array(
        np.zeros((60, 60), np.uint8), region=Region.sector(30, 10, 0, 20, -90, 90)
    )
    assert frame.region_box == (10, 10, 40, 20)
    assert math.isfinite(RECIPE.tensor(frame).sum())


@pytest.mark.parametrize(
    ("form", "strides"),
    [
        ("GRAY8", (10,)),
        ("GRAY16", (20,)),
        ("BGR24", (30,)),
        ("RGB24", (30,)),
        ("BGRA32", (40,)),
        ("RGBA32", (40,)),
        ("NV12", (10, 10)),
        ("UYVY", (20,)),
        ("YUYV", (20,)),
    ],
)
def test_strides_that_nobody_gave_are_those_of_packed_rows(
    form: str, strides: tuple[int, ...]
) -> None:
    more = {"color": "bt601-full"} if form in ("NV12", "UYVY", "YUYV") else {}
    more |= {"window": (0, 9)} if form == "GRAY16" else {}
    assert Frame(bytes(400), width=10, height=10, format=form, **more).strides == strides


def test_the_step_between_pixels_of_one_column_means_nothing() -> None:
    one = np.zeros((5, 10), np.uint8)[:, ::10]
    assert one.strides == (10, 10)
    assert Frame.from_array(one).width == 1


def test_equal_regions_stay_the_objects_that_they_are() -> None:
    for _ in range(2):
        region = Region.rectangle(1, 1, 4, 2)
        frame = Frame(bytes(64), width=8, height=8, format="GRAY8", region=region)
        assert frame.region is region


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"width": 1, "height": 64}, {"width": True, "height": 64}),
        ({"width": 1, "height": 64}, {"width": 1.0, "height": 64}),
        ({"width": 64, "height": 1, "strides": 64}, {"width": 64, "height": 1, "strides": 64.0}),
        (
            {"width": 8, "height": 8, "pixel_size_mm": 1.0},
            {"width": 8, "height": 8, "pixel_size_mm": True},
        ),
    ],
)
def test_what_equals_a_good_value_is_refused_after_it_too(
    good: dict[str, Any], bad: dict[str, Any]
) -> None:
    for _ in range(2):
        Frame(bytes(64), format="GRAY8", **good)
        with pytest.raises(FrameError):
            Frame(bytes(64), format="GRAY8", **bad)
