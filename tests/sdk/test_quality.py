"""The gate turns away what is no ultrasound image, and no real frame."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdk import Frame, FrameError, ModelError, Region, sources
from sdk.model_file.known_answers import pattern_frame
from sdk.preprocess import Preprocessing
from sdk.quality import QualityGate, QualityThresholds

RECIPES = (
    Preprocessing(width=192, height=144, aspect="stretch", mean=0.2, std=0.25),
    Preprocessing(width=192, height=144, aspect="letterbox", mean=0.0, std=1.0),
)
REAL = Path(pydicom.data.__file__).parent / "test_files"


def reasons(pixels: np.ndarray, recipe: Preprocessing = RECIPES[0]) -> tuple[str, ...]:
    frame = Frame.from_array(np.ascontiguousarray(pixels, np.uint8))
    tensor = recipe.tensor(frame)
    before = tensor.copy()
    found = QualityGate(QualityThresholds(), recipe).reasons(tensor, recipe.inner(frame))
    np.testing.assert_array_equal(tensor, before)
    return found


def bars(height: int = 600, width: int = 800) -> np.ndarray:
    return np.repeat(np.linspace(235, 16, 8), width // 8)[None].repeat(height, 0)


def smpte(height: int = 600) -> np.ndarray:
    image = bars(height)
    image[height * 2 // 3 :] = image[height * 2 // 3 :, ::-1]
    image[height * 3 // 4 :] = np.roll(image[height * 3 // 4 :], 130, axis=1)
    return image


def logo() -> np.ndarray:
    image = np.zeros((600, 800))
    image[285:315, 360:440] = 200
    return image


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width))


def snow(kind: str, height: int, width: int) -> np.ndarray:
    """Noise as it reaches a grabber: of another distribution, filtered, interlaced or coded."""
    rng = np.random.default_rng(2)
    white = rng.normal(110, 60, (height, width))
    if kind == "analogue":  # three pixels wide: 4.5 MHz of video sampled at 13.5 MHz
        white = 110 + 100 * np.mean(
            [np.roll(rng.normal(size=white.shape), i, 1) for i in (0, 1, 2)], 0
        )
    elif kind == "impulses":
        white = 255.0 * (rng.random((height, width)) < 0.3)
    elif kind == "speckle":
        white = rng.exponential(60, (height, width))
    elif kind == "interlaced":
        white = np.repeat(rng.integers(0, 256, (height // 2, width)), 2, axis=0)
    elif kind == "coded":
        file = io.BytesIO()
        Image.fromarray(white.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=20)
        white = np.asarray(Image.open(file))
    return white.clip(0, 255)


def one_lit_pixel() -> np.ndarray:
    """One bright echo, between the cells that the gate looks at first."""
    image = np.zeros((144, 192))
    image[3, 5] = 200
    return image


def boxed(picture: np.ndarray) -> np.ndarray:
    return np.pad(picture, ((100, 100), (100, 100)))


SNOW = ("gaussian", "analogue", "impulses", "speckle", "interlaced", "coded")
SNOW_SIZES = ((480, 640), (576, 720), (720, 1280), (1080, 1920))


@pytest.mark.parametrize("recipe", RECIPES, ids=["stretch", "letterbox"])
@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((600, 800)), "no-signal"),
        (np.full((600, 800), 12), "no-signal"),
        (logo(), "nearly-black"),
        (one_lit_pixel(), "nearly-black"),
        (np.where(np.indices((600, 800))[1] < 200, 14, 10), "nearly-black"),
        (np.full((600, 800), 29), "uniform"),
        (np.full((600, 800), 255), "uniform"),
        (np.where(np.indices((600, 800)).sum(0) % 400 < 200, 255, 90), "saturated"),
        (bars(), "test-pattern"),
        (bars().T, "test-pattern"),
        (smpte(), "test-pattern"),
        (np.linspace(0, 255, 800)[None].repeat(600, 0), "test-pattern"),
        (noise(600, 800), "noise"),
        (noise(144, 192), "noise"),
        *((snow(kind, *size), "noise") for kind in SNOW for size in SNOW_SIZES),
        (noise(600, 1).repeat(800, 1), "test-pattern"),
        (noise(1, 800).repeat(600, 0), "test-pattern"),
        (boxed(bars(400, 600)), "test-pattern"),
    ],
    ids=[
        "black",
        "video-black",
        "logo",
        "one-lit-pixel",
        "dark-levels",
        "grey",
        "white",
        "overexposed",
        "bars",
        "lying-bars",
        "smpte",
        "ramp",
        "noise",
        "noise-at-input-size",
        *(f"{kind}-{height}" for kind in SNOW for height, _ in SNOW_SIZES),
        "rows",
        "columns",
        "bars-in-black",
    ],
)
def test_what_is_no_image_is_named(pixels: np.ndarray, reason: str, recipe: Preprocessing) -> None:
    assert reasons(pixels, recipe) == (reason,)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.full((900, 300), 90), "uniform"),
        (noise(900, 300), "noise"),
        (noise(300, 900), "noise"),
        (bars(900, 304), "test-pattern"),
    ],
    ids=["tall-grey", "tall-noise", "wide-noise", "tall-bars"],
)
def test_letterbox_padding_is_not_judged(pixels: np.ndarray, reason: str) -> None:
    assert reasons(pixels, RECIPES[1]) == (reason,)


def test_a_region_too_thin_to_judge_passes() -> None:
    assert reasons(np.zeros((2000, 1)), RECIPES[1]) == ()


@pytest.mark.parametrize("pattern", ["ring", "speckle"])
def test_frames_with_structure_pass(pattern: str) -> None:
    assert reasons(pattern_frame(pattern, 640, 480)) == ()


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("examples_ybr_color", Region.rectangle(0, 0, 320, 240)),
        ("examples_rgb_color", None),
        ("examples_palette", Region.rectangle(120, 60, 680, 290)),
        ("examples_jpeg2k", None),
    ],
)
def test_real_ultrasound_passes(name: str, region: Region | None) -> None:
    for recipe in RECIPES:
        gate = QualityGate(QualityThresholds(), recipe)
        for frame, _ in sources.open(REAL / f"{name}.dcm", region=region):
            assert gate.reasons(recipe.tensor(frame), recipe.inner(frame)) == ()


DATA = Path(os.environ.get("SONOGAZE_DATA", Path(__file__).parents[2] / "../shared/data"))
# What real ultrasound may be called. Wires in a water bath are a few echoes on black.
TRUE_OF_REAL = {"phantom": {(), ("nearly-black",)}}


def views(grey: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A real frame as other carts would show it: cut, turned, dimmed, small on a black screen."""
    height, width = grey.shape
    rows, columns = (int(side * rng.uniform(0.4, 1)) for side in (height, width))
    y, x = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    return {
        "whole": grey,
        "cut": grey[y : y + rows, x : x + columns],
        "turned": grey.T,
        "dim": grey // 2,
        "on-a-screen": np.pad(grey, ((height // 4, height // 4), (width // 2, width // 3))),
    }


@pytest.mark.skipif(not (DATA / "frames.csv").is_file(), reason="no data set: set SONOGAZE_DATA")
def test_no_real_frame_is_called_what_it_is_not() -> None:
    """Every frame of every kind there is: fetal, lung, muscle, phantoms."""
    with (DATA / "frames.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    gates = [(recipe, QualityGate(QualityThresholds(), recipe)) for recipe in RECIPES]
    rng, wrong = np.random.default_rng(0), []
    for row in rows:
        with Image.open(DATA / row["file"]) as image:
            grey = np.asarray(image.convert("L"))
        for name, pixels in views(grey, rng).items():
            allowed = TRUE_OF_REAL.get(row.get("fine", ""), {()})
            if name == "cut" and pixels.std() < 8:  # through nothing but a shadow
                allowed = allowed | {("no-signal",), ("nearly-black",), ("uniform",)}
            shown = Frame.from_array(np.ascontiguousarray(pixels))
            for recipe, gate in gates:
                found = gate.reasons(recipe.tensor(shown), recipe.inner(shown))
                wrong += [] if found in allowed else [(row["file"], name, recipe.aspect, found)]
    assert len(rows) > 100
    assert not wrong, "\n".join(map(str, wrong[:20]))


def fibres() -> np.ndarray:
    """Muscle: bright lines along it, unrelated one cell across."""
    lines = np.random.default_rng(3).normal(0, 28, (144, 192))
    along = np.mean([np.roll(lines, shift, axis=1) for shift in range(8)], axis=0) * 2.5
    return (70 + along).clip(0, 255)


def wires() -> np.ndarray:
    """A phantom in a water bath: echoes of one cell each, on black."""
    image = np.zeros(144 * 192)
    image[np.random.default_rng(4).permutation(image.size)[:1200]] = 180
    return image.reshape(144, 192)


@pytest.mark.parametrize("recipe", RECIPES, ids=["stretch", "letterbox"])
@pytest.mark.parametrize("picture", [fibres, wires], ids=["fibres", "wires"])
def test_what_is_unrelated_one_way_only_or_on_black_is_no_noise(
    picture: Callable[[], np.ndarray], recipe: Preprocessing
) -> None:
    pixels = picture()
    across = np.corrcoef(pixels[:-1].ravel(), pixels[1:].ravel())[0, 1]
    assert across < QualityThresholds().min_correlation + 0.1
    assert reasons(pixels, recipe) == ()


def reference(tensor: np.ndarray, recipe: Preprocessing, limits: QualityThresholds) -> str:
    """The rules of the module's text, in float64 grey levels."""
    levels = (tensor[0, 0].astype(np.float64) * recipe.std + recipe.mean) * 255
    cells, right, below = levels[:-1:8, :-1:8], levels[:-1:8, 1::8], levels[1::8, :-1:8]
    black, lit = limits.black_level, (cells > limits.black_level).mean()
    if lit < limits.min_lit_share:
        return "nearly-black" if (levels > black).any() else "no-signal"
    if cells.std() < limits.min_deviation:
        return "uniform" if lit >= 0.5 else "nearly-black"
    if (cells >= limits.saturated_level).mean() > limits.max_saturated_share:
        return "saturated"
    likeness = [1 - ((side - cells) ** 2).mean() / (2 * cells.var()) for side in (right, below)]
    if max(likeness) < limits.min_correlation and lit >= 0.1:
        return "noise"
    shares = []
    for side, axis in ((below, 1), (right, 0)):
        same = (np.abs(side - cells) <= limits.repeat_level).all(axis=axis)
        counted = ~same | (np.maximum(cells, side) > black).any(axis=axis)
        shares.append(same[counted].mean() if counted.any() else 0.0)
    repeats = max(shares) > limits.max_repeated_share and max(likeness) >= 0.98
    return "test-pattern" if repeats else ""


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    smooth=st.integers(1, 40),
    low=st.integers(0, 255),
    high=st.integers(0, 255),
)
def test_the_gate_follows_its_written_rules(seed: int, smooth: int, low: int, high: int) -> None:
    rng = np.random.default_rng(seed)
    small = rng.random((144 // smooth + 1, 192 // smooth + 1))
    image = np.kron(small, np.ones((smooth, smooth)))[:144, :192]
    recipe = RECIPES[0]
    tensor = recipe.tensor((min(low, high) + image * abs(high - low)).astype(np.uint8))
    limits = QualityThresholds()
    expected = reference(tensor, recipe, limits)
    assert QualityGate(limits, recipe).reasons(tensor) == ((expected,) if expected else ())


@settings(max_examples=100, deadline=None)
@given(
    corner=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    size=st.tuples(st.integers(128, 132), st.integers(128, 144)),
    seed=st.integers(0, 2**31),
    smooth=st.integers(1, 30),
)
def test_what_lies_outside_the_inner_cells_changes_nothing(
    corner: tuple[int, int], size: tuple[int, int], seed: int, smooth: int
) -> None:
    (y, x), (height, width) = corner, size
    recipe, limits = Preprocessing(width=204, height=192, mean=0.2, std=0.25), QualityThresholds()
    rng = np.random.default_rng(seed)
    small = rng.random((height // smooth + 1, width // smooth + 1))
    image = np.kron(small, np.ones((smooth, smooth)))[:height, :width]
    tensor = rng.standard_normal((1, 1, 192, 204)).astype(np.float32) * 9
    tensor[0, 0, y : y + height, x : x + width] = (image - 0.2) / 0.25
    expected = reference(tensor[:, :, y : y + height, x : x + width], recipe, limits)
    found = QualityGate(limits, recipe).reasons(tensor, (x, y, width, height))
    assert found == ((expected,) if expected else ())


@pytest.mark.parametrize(
    "inner", [(-1, 0, 9, 9), (0, 0, 193, 9), (1, 0, 192, 9), (0, 140, 9, 5), (0, 0, 9, -1)]
)
def test_cells_outside_the_tensor_are_never_read(inner: tuple[int, int, int, int]) -> None:
    recipe = RECIPES[0]
    tensor = np.zeros((1, 1, recipe.height, recipe.width), np.float32)
    with pytest.raises(ValueError, match="inside the tensor"):
        QualityGate(QualityThresholds(), recipe).reasons(tensor, inner)
    with pytest.raises(FrameError, match="float32"):
        QualityGate(QualityThresholds(), recipe).reasons(tensor[..., :-1])


def test_a_flat_frame_is_turned_away_by_any_thresholds() -> None:
    recipe, limits = RECIPES[0], replace(QualityThresholds(), min_deviation=0.0)
    tensor = recipe.tensor(np.full((60, 80), 90, np.uint8))
    assert QualityGate(limits, recipe).reasons(tensor) == ("test-pattern",)


def test_a_small_input_is_sampled_too() -> None:
    recipe = Preprocessing(width=24, height=16)
    assert reasons(np.zeros((100, 100)), recipe) == ("no-signal",)
    y, x = np.mgrid[-1:1:100j, -1:1:100j]
    assert reasons(200 * np.exp(-3 * (x * x + y * y)), recipe) == ()


def test_thresholds_survive_their_dict() -> None:
    limits = replace(QualityThresholds(), min_deviation=7.5)
    assert QualityThresholds.from_dict(limits.to_dict()) == limits


@pytest.mark.parametrize(
    ("name", "value"), [("min_lit_share", 1.1), ("black_level", -1), ("black_level", True)]
)
def test_thresholds_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(ModelError, match=rf"sonogaze\.quality\.{name}"):
        QualityThresholds.from_dict(QualityThresholds().to_dict() | {name: value})


def diagonals(low: int, high: int) -> np.ndarray:
    """Half of it one level, half the other, and no row or column repeated."""
    return np.where(np.indices((600, 800)).sum(0) % 400 < 200, high, low)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.full((600, 800), 12), ("no-signal",)),
        (np.full((600, 800), 13), ("uniform",)),
        (diagonals(100, 107), ("uniform",)),
        (diagonals(90, 250), ("saturated",)),
        (diagonals(90, 249), ()),
    ],
    ids=["black", "not black", "flat", "saturated", "not saturated"],
)
def test_each_level_is_a_threshold_to_the_grey_level(
    pixels: np.ndarray, expected: tuple[str, ...]
) -> None:
    for recipe in RECIPES:
        assert reasons(pixels, recipe) == expected


def test_a_deviation_of_four_and_a_half_levels_is_not_uniform() -> None:
    for recipe in RECIPES:
        assert "uniform" not in reasons(diagonals(100, 109), recipe)


@pytest.mark.parametrize(("step", "expected"), [(1, ("test-pattern",)), (2, ())])
def test_columns_a_level_apart_repeat_and_two_levels_apart_do_not(
    step: int, expected: tuple[str, ...]
) -> None:
    recipe = RECIPES[0]
    waves = 70 * np.sin(np.arange(144) / 9.0)[:, None]  # rows unlike each other
    levels = 110 + waves + np.arange(192) % 2 * step
    tensor = ((levels / 255 - recipe.mean) / recipe.std).astype(np.float32)[None, None]
    assert QualityGate(QualityThresholds(), recipe).reasons(tensor) == expected


def test_levels_of_a_file_go_up_to_255_and_shares_to_1() -> None:
    good = QualityThresholds().to_dict()
    highest = {name: 1.0 if "share" in name or "correl" in name else 255.0 for name in good}
    assert QualityThresholds.from_dict(highest).to_dict() == highest
    for name, value in highest.items():
        with pytest.raises(ModelError, match=rf"quality\.{name} is .*allowed is a number in"):
            QualityThresholds.from_dict(good | {name: value * 1.001})


def test_thresholds_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        QualityThresholds().black_level = 0.0  # type: ignore[misc]
