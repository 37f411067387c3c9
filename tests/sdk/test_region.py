"""`find_region` on drawn screens whose image lies where the test put it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

import sdk
from sdk.region import MAX_FRAMES, find_regions, regions_on

WIDTH, HEIGHT = 1280, 720
SECTOR = (640.0, 20.0, 90.0, 640.0, -34.0, 34.0)
RECTANGLE = (300, 80, 560, 520)
FORMATS = ["GRAY8", "RGB24", "BGRA32", "NV12", "YUYV", "GRAY16", "MJPEG"]


def _speckle(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)), (0, 0), 2)
    broad = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)), (0, 0), 40)
    return np.clip(70 + 30 * broad / broad.std() + 28 * field / field.std(), 3, 255)


def _inside(region: sdk.Region) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    if region.kind == "rectangle":
        left, top, width, height = region.numbers
        return (x >= left) & (x < left + width) & (y >= top) & (y < top + height)
    cx, cy, r_min, r_max, low, high = region.numbers
    radius, angle = np.hypot(x - cx, y - cy), np.degrees(np.arctan2(cx - x, y - cy))
    left, top, width, height = region.clip or (0, 0, WIDTH, HEIGHT)
    window = (x >= left) & (x < left + width) & (y >= top) & (y < top + height)
    return window & (radius >= r_min) & (radius <= r_max) & (angle >= low) & (angle <= high)


def _screen(*regions: sdk.Region, ground: int = 0, seed: int = 1) -> np.ndarray:
    """Text, a grey bar and a ruler around images."""
    screen = np.full((HEIGHT, WIDTH), ground, np.uint8)
    ink = 230 if ground < 128 else 30
    for row in range(60, 420, 26):
        cv2.putText(screen, "Gn 62  DR 66", (1110, row), 0, 0.6, ink, 1)
        cv2.putText(screen, "Pwr 100", (14, row), 0, 0.5, ink, 1)
    screen[420:660, 60:78] = np.linspace(255, 0, 240)[:, None]
    for tick in range(80, 680, 30):
        screen[tick, 1050:1062] = ink
    for n, region in enumerate(regions):
        mask = _inside(region)
        screen[mask] = _speckle(seed + n)[mask]
    return screen


def _overlap(region: sdk.Region, truth: sdk.Region) -> tuple[float, float]:
    found, true = _inside(region), _inside(truth)
    return (found & true).sum() / true.sum(), (found & ~true).sum() / found.sum()


def _frame(grey: np.ndarray, name: str) -> sdk.Frame:
    rgb = np.repeat(grey[..., None], 3, 2)
    if name == "GRAY8":
        return sdk.Frame.from_array(grey)
    if name == "GRAY16":
        return sdk.Frame.from_array(
            grey.astype(np.uint16) * 257, format="GRAY16", window=(0, 65535)
        )
    if name == "MJPEG":
        return sdk.Frame(simplejpeg.encode_jpeg(rgb, 92), format="MJPEG")
    if name == "NV12":
        data = np.concatenate([grey.ravel(), np.full(grey.size // 2, 128, np.uint8)])
        return sdk.Frame(data, width=WIDTH, height=HEIGHT, format="NV12", color="bt709-full")
    if name == "YUYV":
        pairs = np.stack([grey, np.full_like(grey, 128)], 2)
        return sdk.Frame.from_array(pairs, format="YUYV", color="bt601-full")
    pixels = rgb if name == "RGB24" else np.dstack([rgb, np.full_like(grey, 255)])
    return sdk.Frame.from_array(np.ascontiguousarray(pixels), format=name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_sector_is_found_in_its_true_geometry_in_every_kind_of_format(name: str) -> None:
    truth = sdk.Region.sector(*SECTOR)
    region = sdk.find_region(_frame(_screen(truth), name))
    assert (region.kind, region.origin) == ("sector", "found")
    np.testing.assert_allclose(region.numbers[:2], SECTOR[:2], atol=12)
    np.testing.assert_allclose(region.numbers[3:], SECTOR[3:], atol=8)
    covered, spilled = _overlap(region, truth)
    assert covered > 0.97
    assert spilled < 0.03
    assert 0.6 < region.confidence <= 1


def test_a_fan_that_a_window_cuts_off_is_found_with_its_window() -> None:
    truth = sdk.Region.sector(640.0, -30.0, 90.0, 760.0, -40.0, 40.0, clip=(360, 40, 560, 600))
    region = sdk.find_region(_screen(truth))
    assert region.kind == "sector"
    assert region.clip is not None
    left, _, width, _ = region.clip
    np.testing.assert_allclose((left, left + width), (360, 920), atol=6)
    covered, spilled = _overlap(region, truth)
    assert covered > 0.97
    assert spilled < 0.03


def test_a_fan_whose_half_is_dark_is_not_taken_for_one_cut_off() -> None:
    truth = sdk.Region.sector(*SECTOR)
    screen = _screen(truth).astype(np.float32)
    fading = np.clip(np.linspace(2.2, -0.6, WIDTH), 0, 1)
    screen[:, 330:1000] *= fading[330:1000]
    assert sdk.find_region(screen.astype(np.uint8)).clip is None


def test_tissue_that_compression_left_flat_is_part_of_the_fan() -> None:
    truth = sdk.Region.sector(*SECTOR)
    screen, inside = _screen(truth), _inside(truth)
    screen[inside & (np.arange(WIDTH) < 560)] = 2
    region = sdk.find_region(screen)
    assert region.kind == "sector"
    covered, spilled = _overlap(region, truth)
    assert covered > 0.95
    assert spilled < 0.05


def test_a_panel_nearly_as_dark_as_the_screen_stays_outside() -> None:
    truth = sdk.Region.sector(*SECTOR)
    screen = _screen(truth)
    screen[20:700, 60:300] = np.maximum(screen[20:700, 60:300], 2)
    covered, spilled = _overlap(sdk.find_region(screen), truth)
    assert covered > 0.97
    assert spilled < 0.03


def test_the_black_corners_of_a_pane_on_grey_stay_outside() -> None:
    truth = sdk.Region.sector(400.0, 50.0, 20.0, 262.0, -38.0, 38.0, clip=(250, 60, 300, 250))
    screen, black = _screen(ground=12), _screen()
    pane = np.s_[60:312, 250:550]
    screen[pane] = black[pane]
    inside = _inside(truth)
    screen[inside] = _speckle(3)[inside]
    covered, spilled = _overlap(sdk.find_region(screen), truth)
    assert covered > 0.97
    assert spilled < 0.03


def test_two_images_of_one_size_one_below_the_other_are_two_panes() -> None:
    panes = [sdk.Region.rectangle(300, y, 560, 190) for y in (70, 400)]
    found = find_regions(_screen(*panes))
    assert len(found) == 2
    assert all(max(_overlap(one, pane)[0] for one in found) > 0.95 for pane in panes)


@given(
    st.integers(1, 3), st.integers(16, 90), st.integers(16, 90), st.integers(0, 2**32),
    st.sampled_from(["noise", "nan", "huge", "blocks"]),
)  # fmt: skip
def test_whatever_the_cells_hold_a_region_lies_in_the_frame(
    frames: int, rows: int, columns: int, seed: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.uniform(0, 255, (frames, rows, columns)).astype(np.float32)
    if kind == "nan":
        cells[rng.random(cells.shape) < 0.3] = np.nan
    elif kind == "huge":
        cells *= rng.choice(np.float32([1, -1e30, 1e30, np.inf]), cells.shape)
    elif kind == "blocks":
        cells[:, : rows // 2, columns // 3 :] = 0
    for region in regions_on(list(cells), 4 * columns, 3 * rows):
        frame = sdk.Frame.from_array(np.zeros((3 * rows, 4 * columns), np.uint8), region=region)
        assert min(frame.region_box[2:]) >= 1
        assert 0 <= region.confidence <= 1


@pytest.mark.parametrize("ground", [0, 48, 230])
def test_a_rectangle_is_found_on_a_dark_and_on_a_bright_interface(ground: int) -> None:
    truth = sdk.Region.rectangle(*RECTANGLE)
    region = sdk.find_region(_screen(truth, ground=ground))
    assert region.kind == "rectangle"
    np.testing.assert_allclose(region.numbers, RECTANGLE, atol=5)


def test_all_panes_are_found_and_the_one_that_moves_is_the_first() -> None:
    still, live = sdk.Region.rectangle(120, 60, 420, 560), sdk.Region.rectangle(580, 60, 400, 560)
    first = _screen(still, live)
    second = first.copy()
    second[_inside(live)] = _speckle(9)[_inside(live)]
    assert min(_overlap(find_regions(first)[0], still)[0], len(find_regions(first)) / 2) > 0.97
    regions = find_regions([first, second])
    assert [_overlap(r, t)[0] > 0.97 for r, t in zip(regions, (live, still), strict=True)] == [
        True,
        True,
    ]
    assert regions[0].confidence > 1.5 * regions[1].confidence


def test_a_part_that_is_dark_at_first_is_found_with_later_frames() -> None:
    truth = sdk.Region.rectangle(*RECTANGLE)
    screens = [_screen(truth, seed=seed) for seed in (1, 2)]
    screens[0][360:600] = 0
    covered, _ = _overlap(sdk.find_region(screens[0]), truth)
    assert covered < 0.7
    covered, spilled = _overlap(sdk.find_region(screens), truth)
    assert covered > 0.95
    assert spilled < 0.05


def test_a_frame_that_is_nothing_but_an_image_is_its_own_region() -> None:
    region = sdk.find_region(_speckle(3).astype(np.uint8))
    assert region == sdk.Region.rectangle(0, 0, WIDTH, HEIGHT)
    assert region.confidence > 0.7


@pytest.mark.parametrize(
    "screen",
    [
        np.zeros((HEIGHT, WIDTH), np.uint8),
        np.full((HEIGHT, WIDTH), 255, np.uint8),
        _screen(),
        _screen(ground=230),
        np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1)),
    ],
    ids=["black", "white", "text", "bright text", "ramp"],
)
def test_a_screen_without_an_image_is_never_given_a_guess(screen: np.ndarray) -> None:
    assert find_regions(screen) == ()
    with pytest.raises(sdk.FrameError, match="no image was found") as error:
        sdk.find_region(screen)
    assert error.value.slug == "region-not-found"


def test_a_region_that_a_frame_has_already_has_no_say() -> None:
    screen = _screen(sdk.Region.sector(*SECTOR))
    cut = sdk.Frame.from_array(screen, region=sdk.Region.rectangle(5, 5, 20, 20))
    assert sdk.find_region(cut) == sdk.find_region(screen)


@pytest.mark.parametrize(
    ("frames", "slug"),
    [
        ([], "region-frames"),
        ([np.zeros((32, 32), np.uint8)] * (MAX_FRAMES + 1), "region-frames"),
        ([np.zeros((32, 32), np.uint8), np.zeros((32, 33), np.uint8)], "region-frames"),
        (np.zeros((4, 4, 3), np.uint8), "format-missing"),
        ("screen.png", "frame-type"),
    ],
)
def test_what_is_no_frames_of_one_size_is_refused(frames: object, slug: str) -> None:
    with pytest.raises(sdk.FrameError) as error:
        sdk.find_region(frames)
    assert error.value.slug == slug


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 5), (17, 16)])
def test_frames_of_any_size_are_searched(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    for region in find_regions(noise):
        sdk.Frame.from_array(noise, region=region)


def test_another_region_of_the_same_pixels() -> None:
    frame = sdk.Frame.from_array(np.zeros((50, 60), np.uint8))
    region = sdk.Region.rectangle(1, 2, 3, 4)
    cut = frame.with_region(region)
    assert (cut.region, cut.region_box, frame.region) == (region, (1, 2, 3, 4), None)
    assert cut._data is frame._data
    for wrong, slug in (("all", "region-invalid"), (SECTOR, "region-invalid")):
        with pytest.raises(sdk.FrameError) as error:
            frame.with_region(wrong)
        assert error.value.slug == slug
    with pytest.raises(sdk.FrameError, match="inside the frame"):
        frame.with_region(sdk.Region.rectangle(1, 2, 300, 4))
