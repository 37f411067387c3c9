"""The kernel against the slow reference, on every instruction set of this machine."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk import _kernels
from sdk.errors import FrameError, ModelError, SdkError
from sdk.frame import Frame, Region
from sdk.preprocess import Preprocessing
from tests.reference import preprocess as reference
from tests.reference.frames import frame_of, preprocessing_of
from tests.reference.preprocess import FORMATS, Case, Recipe
from tests.reference.strategies import buffer_for, cases, recipes

ISAS = _kernels.available_isas()


def run(isa: str, case: Case, recipe: Recipe):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOGAZE_ISA", isa)
        preprocessing = preprocessing_of(recipe)
        out = np.full((1, 1, recipe.height, recipe.width), np.nan, np.float32)
        plain = preprocessing.tensor(frame_of(case))
        measured = preprocessing.measure_into(frame_of(case), out)
    np.testing.assert_array_equal(plain, out)
    return out[0, 0], measured


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_equals_the_reference_on_every_instruction_set(name: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(cases(name), recipes())
    def holds(case: Case, recipe: Recipe) -> None:
        want = reference.tensor(case, recipe)
        stats = reference.statistics(case, recipe)
        coarse = reference.coarse(case, recipe)
        for isa in ISAS:
            got, measured = run(isa, case, recipe)
            np.testing.assert_array_equal(got, want, err_msg=isa)
            assert measured.mean == pytest.approx(stats["mean"], abs=1e-6)
            assert measured.black == pytest.approx(stats["black"])
            assert measured.colored == pytest.approx(stats["colored"])
            np.testing.assert_allclose(measured.coarse, coarse, atol=2e-5 * 255)

    holds()


# Widths around every block size of a vector kernel, and rows that only its ends handle.
WIDTHS = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 34, 47, 63, 64, 65, 66, 95, 97, 127, 129, 257)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("padding", [0, 5])
def test_odd_widths_starts_and_padded_strides_give_the_same_bits(name: str, padding: int) -> None:
    rng = np.random.default_rng(padding)
    for w in WIDTHS:
        h = 9
        strides = tuple(used + padding for _, used in reference.plane_shapes(name, w, h))
        case = Case(name, w, h, buffer_for(rng, name, w, h, strides), strides, window=(99, 60000))
        case.limited = name in reference.YUV and bool(w & 1)
        case.rectangle = (w // 5, 1, w - w // 5, 7)
        for recipe in (Recipe(11, 4, False, 0.2, 0.3, 9), Recipe(37, 13, True, 0, 1, 200)):
            want = reference.tensor(case, recipe)
            stats = reference.statistics(case, recipe)
            for isa in ISAS:
                got, measured = run(isa, case, recipe)
                np.testing.assert_array_equal(got, want, err_msg=f"{isa} {w}")
                assert measured.colored == pytest.approx(stats["colored"]), f"{isa} {w}"
                assert measured.black == pytest.approx(stats["black"]), f"{isa} {w}"


@pytest.mark.parametrize("isa", ISAS)
def test_sums_do_not_overflow_at_8192_x_8192_white(isa: str) -> None:
    white = np.broadcast_to(np.full((1, 8192), 255, np.uint8), (8192, 8192)).copy()
    for cells in ((192, 144), (1, 1), (3, 2048)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SONOGAZE_ISA", isa)
            out = Preprocessing(*cells, aspect="stretch").tensor(white)
        np.testing.assert_array_equal(out, np.float32(1))


def test_bottom_up_rows_give_the_same_tensor_as_the_flipped_copy() -> None:
    image = np.random.default_rng(0).integers(0, 256, (31, 40), dtype=np.uint8)
    recipe = Preprocessing(13, 11)
    stored = np.ascontiguousarray(image[::-1])
    declared = Frame(stored, width=40, height=31, format="GRAY8", strides=-40)
    view = Frame.from_array(stored[::-1], strides=-40)
    np.testing.assert_array_equal(recipe.tensor(declared), recipe.tensor(image))
    np.testing.assert_array_equal(recipe.tensor(view), recipe.tensor(image))


@pytest.mark.parametrize("name", reference.PLANAR)
def test_one_buffer_for_each_plane_equals_all_planes_in_one(name: str) -> None:
    rng = np.random.default_rng(1)
    shapes = reference.plane_shapes(name, 37, 23)
    planes = [rng.integers(0, 256, rows * used, dtype=np.uint8) for rows, used in shapes]
    about = {"width": 37, "height": 23, "format": name, "color": "bt709-full"}
    recipe, out = Preprocessing(16, 12), np.empty((12, 16), np.float32)
    apart = recipe.measure_into(Frame(tuple(planes), **about), out)
    first = out.copy()
    together = recipe.measure_into(Frame(np.concatenate(planes), **about), out)
    np.testing.assert_array_equal(first, out)
    assert apart.colored == together.colored


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
def test_luma_of_limited_and_full_range_black_and_white(matrix: str) -> None:
    luma = np.array([[0, 16, 126, 235, 255]], np.uint8)
    data = np.concatenate([luma.ravel(), np.full(6, 128, np.uint8)])
    recipe = Preprocessing(5, 1, aspect="stretch")
    about = {"width": 5, "height": 1, "format": "NV12"}
    limited = recipe.tensor(Frame(data, color=f"{matrix}-limited", **about))[0, 0, 0]
    full = recipe.tensor(Frame(data, color=f"{matrix}-full", **about))[0, 0, 0]
    np.testing.assert_allclose(limited, [0, 0, 110 / 219, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(full, luma[0] / 255, rtol=1e-6)


def test_difference_is_zero_for_a_frozen_frame_and_counts_grey_levels() -> None:
    image = np.full((60, 80), 100, np.uint8)
    recipe, out = Preprocessing(16, 12, aspect="stretch"), np.empty((12, 16), np.float32)
    first = recipe.measure_into(image, out)
    assert (first.difference, first.shift) == (None, None)
    assert recipe.measure_into(image, out, first).difference == 0
    brighter = recipe.measure_into(image + 7, out, first)
    assert (brighter.difference, brighter.shift) == pytest.approx((7, 7), abs=1e-5)
    darker = recipe.measure_into(image - 7, out, first)
    assert (darker.difference, darker.shift) == pytest.approx((7, -7), abs=1e-5)


@pytest.mark.parametrize("name", ["GRAY8", "BGRA32", "YUYV", "P010"])
@pytest.mark.parametrize("isa", ISAS)
def test_difference_and_coarse_equal_the_reference(
    name: str, isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOGAZE_ISA", isa)
    rng = np.random.default_rng(3)
    recipe = Recipe(31, 22, True, 0.5, 0.5, 9)
    preprocessing, out = preprocessing_of(recipe), np.empty((22, 31), np.float32)
    strides = tuple(used + 3 for _, used in reference.plane_shapes(name, 71, 53))
    both = [
        Case(name, 71, 53, buffer_for(rng, name, 71, 53, strides), strides, limited=name == "P010")
        for _ in range(2)
    ]
    before = preprocessing.measure_into(frame_of(both[0]), out)
    after = preprocessing.measure_into(frame_of(both[1]), out, before)
    coarse = [reference.coarse(case, recipe) for case in both]
    np.testing.assert_allclose(before.coarse, coarse[0], atol=1e-3)
    assert after.difference == pytest.approx(np.abs(coarse[1] - coarse[0]).mean(), abs=1e-4)
    assert after.shift == pytest.approx((coarse[1] - coarse[0]).mean(), abs=1e-4)


def test_of_a_tall_frame_every_second_third_or_later_row_is_counted() -> None:
    image = np.zeros((200, 40), np.uint8)
    image[::6] = 255
    counted = Preprocessing(16, 12).measure_into(image, np.empty((12, 16), np.float32))
    assert (counted.mean, counted.black) == (255.0, 0.0), "rows 0, 6, 12 … of 200, 34 of them"
    image = np.roll(image, 1, axis=0)
    counted = Preprocessing(16, 12).measure_into(image, np.empty((12, 16), np.float32))
    assert (counted.mean, counted.black) == (0.0, 1.0)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("name", "shift"), [("P010", 6), ("P210", 6), ("I010", 0)])
def test_all_ten_bits_of_luma_reach_the_tensor(
    name: str, shift: int, isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOGAZE_ISA", isa)
    codes = np.arange(1024, dtype=np.uint16)
    rows = np.repeat(codes[None] << shift, 2, 0)
    if shift:
        rows[1] |= 63  # the unused bits say nothing
    words = np.concatenate([rows.ravel(), np.full(4096, 512 << shift, np.uint16)])
    recipe = Preprocessing(1024, 1, aspect="stretch")
    about = {"width": 1024, "height": 2, "format": name}
    full = recipe.tensor(Frame(words, color="bt2020-full", **about))[0, 0, 0]
    limited = recipe.tensor(Frame(words, color="bt709-limited", **about))[0, 0, 0]
    np.testing.assert_allclose(full, codes / 1023, rtol=1e-6)
    np.testing.assert_allclose(limited, (np.clip(codes, 64, 940) - 64.0) / 876, atol=1e-7)
    assert len(np.unique(full)) == 1024


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", ["P010", "I010"])
def test_sums_of_ten_bits_do_not_overflow(
    name: str, isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """White, and heights whose rows fit 16 bits by a divisor and heights whose rows do not."""
    monkeypatch.setenv("SONOGAZE_ISA", isa)
    for height in (31, 32, 33, 900, 997, 4096):
        words = np.full(130 * height * 2, 0xFFFF, np.uint16)
        frame = Frame(words, width=130, height=height, format=name, color="bt709-full")
        for cells in ((13, 1), (17, 7), (192, 144)):
            out = Preprocessing(*cells, aspect="stretch").tensor(frame)
            np.testing.assert_array_equal(out, np.float32(1), err_msg=f"{height} {cells}")


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", ["GRAY8", "RGB24", "BGRA32", "YUYV", "NV12", "I444", "P010"])
def test_counts_of_the_widest_row_do_not_overflow(
    name: str, isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOGAZE_ISA", isa)
    about = {"width": 16384, "height": 2, "format": name}
    about |= {"color": "bt601-full"} if name in reference.YUV else {}
    recipe, out = Preprocessing(8, 8), np.empty((8, 8), np.float32)
    shapes = reference.plane_shapes(name, 16384, 2)
    size = sum(rows * used for rows, used in shapes)
    black = recipe.measure_into(Frame(bytes(size), **about), out)
    white = recipe.measure_into(Frame(b"\xff" * size, **about), out)
    assert (black.black, white.black, black.mean, white.mean) == (1, 0, 0, 255)
    # All chroma at its least or its most is far from neutral; equal R, G and B are not coloured.
    colored = {"GRAY8": None, "RGB24": 0, "BGRA32": 0}.get(name, 1)
    assert (black.colored, white.colored) == (colored, colored)
    neutral = b"\x80" * size
    assert recipe.measure_into(Frame(neutral, **about), out).colored == (
        None if name == "GRAY8" else 0
    )


@pytest.mark.parametrize("bad", [3, "x", (1, 2), np.zeros(5, np.float32), Region])
def test_what_is_compared_with_must_be_statistics(bad: object) -> None:
    out = np.empty((8, 8), np.float32)
    with pytest.raises(FrameError, match=r"previous is .* what measure_into returned") as caught:
        Preprocessing(8, 8).measure_into(np.zeros((8, 8), np.uint8), out, bad)
    assert caught.value.slug == "statistics-type"


@pytest.mark.parametrize("bad", [None, 3, "x", [1], object()])
def test_what_is_no_frame_is_refused_by_every_method(bad: object) -> None:
    recipe, out = Preprocessing(8, 8), np.empty((8, 8), np.float32)
    for call in (
        lambda: recipe.inner(bad),
        lambda: recipe.tensor(bad),
        lambda: recipe.tensor_into(bad, out),
        lambda: recipe.measure_into(bad, out),
    ):
        with pytest.raises(FrameError, match="the frame is a ") as caught:
            call()
        assert caught.value.slug == "frame-type"


def test_inner_takes_what_tensor_takes() -> None:
    image = np.zeros((10, 40), np.uint8)
    assert Preprocessing(8, 8).inner(image) == Preprocessing(8, 8).inner(Frame.from_array(image))


def test_threads_share_one_recipe() -> None:
    rng = np.random.default_rng(2)
    images = [rng.integers(0, 256, (90 + i % 3, 120), dtype=np.uint8) for i in range(12)]
    recipe = Preprocessing(32, 24)
    want = [Preprocessing(32, 24).tensor(i) for i in images]
    wrong: list[int] = []

    def work() -> None:
        for _ in range(30):
            for i, image in enumerate(images):
                if not np.array_equal(recipe.tensor(image), want[i]):
                    wrong.append(i)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_plans_are_bounded_in_number() -> None:
    recipe = Preprocessing(8, 8)
    for width in range(1, 200):
        recipe.tensor(np.zeros((3, width), np.uint8))
    assert recipe._plan.cache_info().currsize <= 16


def test_unknown_instruction_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOGAZE_ISA", "sse9")
    with pytest.raises(SdkError, match="'sse9', this machine can run auto") as caught:
        Preprocessing(8, 8).tensor(np.zeros((8, 8), np.uint8))
    assert caught.value.slug == "isa-unavailable"


@pytest.mark.parametrize("asked", ["x" * 10_000, "a\nb", "\udcff", "AVX2"])
def test_a_wild_instruction_set_is_refused_within_bounds(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOGAZE_ISA", asked)
    with pytest.raises(SdkError, match=r"this machine can run auto.*scalar") as caught:
        Preprocessing(8, 8).tensor(np.zeros((8, 8), np.uint8))
    assert caught.value.slug == "isa-unavailable"
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


@settings(max_examples=50, deadline=None)
@given(recipes())
def test_recipe_round_trips_through_its_dict_and_pickle(recipe: Recipe) -> None:
    preprocessing = preprocessing_of(recipe)
    assert Preprocessing.from_dict(preprocessing.to_dict()) == preprocessing
    assert pickle.loads(pickle.dumps(preprocessing)) == preprocessing


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        *(("width", v) for v in (0, 2049, 1.0, True, "9", None)),
        *(("height", v) for v in (-1, 10**30)),
        *(("aspect", v) for v in ("crop", None, 3)),
        *(("mean", v) for v in (float("nan"), float("inf"), "0", None, 1e9)),
        *(("std", v) for v in (0, -1.0, float("nan"), 1e-9)),
        *(("pad_level", v) for v in (-1, 256, 0.5)),
    ],
)
def test_impossible_recipe_entry_is_named(entry: str, value: object) -> None:
    recipe = Preprocessing(8, 8).to_dict() | {entry: value}
    with pytest.raises(ModelError, match=f"preprocessing {entry} is") as caught:
        Preprocessing.from_dict(recipe)
    assert caught.value.slug == "preprocessing-invalid"


@pytest.mark.parametrize("change", [{"extra": 1}, {"mean": None}])
def test_recipe_with_missing_or_unknown_entries_is_refused(change: dict) -> None:
    recipe = Preprocessing(8, 8).to_dict() | change
    if change.get("mean", 0) is None:
        del recipe["mean"]
    with pytest.raises(ModelError, match="must have exactly"):
        Preprocessing.from_dict(recipe)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((8, 8), np.float64),
        np.empty((8, 7), np.float32),
        np.empty((8, 16), np.float32)[:, ::2],
        np.empty((8, 8), ">f4"),
        b"x" * 256,
    ],
)
def test_unfit_output_is_refused(out: object) -> None:
    with pytest.raises(FrameError, match="float32") as caught:
        Preprocessing(8, 8).tensor_into(np.zeros((8, 8), np.uint8), out)
    assert caught.value.slug == "output-invalid"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 255))
def test_flat_grey_stays_itself_under_any_resize(w: int, h: int, level: int) -> None:
    out = Preprocessing(7, 5, aspect="stretch").tensor(np.full((h, w), level, np.uint8))
    np.testing.assert_allclose(out * 255, level, atol=1e-4)


def test_sector_outside_is_painted_and_never_read() -> None:
    image = np.full((64, 64), 255, np.uint8)
    region = Region.sector(32, 0, 0, 60, -20, 20)
    out = Preprocessing(64, 64, aspect="stretch", pad_level=0).tensor(
        Frame.from_array(image, region=region)
    )
    assert out[0, 0, 0, 0] == 0
    assert out[0, 0, 40, 32] == 1


@pytest.mark.parametrize(
    ("name", "low", "high", "below", "above"),
    [
        ("width", 1, 2048, 0, 2049),
        ("height", 1, 2048, 0, 2049),
        ("pad_level", 0, 255, -1, 256),
        ("mean", -1000.0, 1000.0, -1000.1, 1000.1),
        ("std", 1e-6, 1000.0, 0.9e-6, 1000.1),
    ],
)
def test_each_entry_reaches_to_its_bounds(
    name: str, low: float, high: float, below: float, above: float
) -> None:
    usual = {"width": 8, "height": 6}
    for value in (low, high):
        assert getattr(Preprocessing(**usual | {name: value}), name) == value
    for value in (below, above):
        with pytest.raises(ModelError, match=f"preprocessing {name} is {value}") as caught:
            Preprocessing(**usual | {name: value})
        assert caught.value.slug == "preprocessing-invalid"


def test_a_recipe_shows_its_entries_and_cannot_be_changed() -> None:
    recipe = Preprocessing(8, 6, mean=0.5)
    assert repr(recipe) == (
        "Preprocessing(width=8, height=6, aspect='letterbox', mean=0.5, std=1.0, pad_level=0)"
    )
    with pytest.raises(AttributeError):
        recipe.width = 9  # type: ignore[misc]


def test_frames_of_another_shape_have_no_difference() -> None:
    recipe, out = Preprocessing(32, 32), np.empty((1, 1, 32, 32), np.float32)
    wide, tall = (Frame.from_array(np.full(size, 90, np.uint8)) for size in ((30, 90), (90, 30)))
    for first, second in ((wide, tall), (tall, wide)):
        before = recipe.measure_into(first, out)
        assert recipe.measure_into(second, out, before).difference is None
        assert recipe.measure_into(first, out, before).difference == 0.0
