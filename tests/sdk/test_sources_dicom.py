"""DICOM pixels become the grey that the standard says; whatever is wrong is a typed error."""

from __future__ import annotations

import io
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    MPEG2MPML,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from sdk import Region, SdkError, sources
from sdk.preprocess import Preprocessing
from sdk.sources import pool
from tests.sdk.dicom_files import make_dataset, write
from tests.sdk.frames_shown import read

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
REAL = Path(pydicom.data.__file__).parent / "test_files"
WHOLE = Region.rectangle(0, 0, 320, 240)
H, W = 40, 48
RNG = np.random.default_rng(11)
GREY = RNG.integers(0, 256, (H, W)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (H, W, 3)).astype(np.uint8)


def luma(rgb: np.ndarray) -> np.ndarray:
    wide = rgb.astype(np.int64)
    return (wide[..., 0] * 9798 + wide[..., 1] * 19235 + wide[..., 2] * 3735 + 16384) >> 15


def exact(frame: object, height: int = H, width: int = W) -> np.ndarray:
    recipe = Preprocessing(width=width, height=height, aspect="stretch")
    return recipe.tensor(frame)[0, 0] * 255  # type: ignore[arg-type]


def only_frame(dataset: pydicom.Dataset, tmp_path: Path) -> np.ndarray:
    frames = list(sources.open(write(dataset, tmp_path / "a.dcm")))
    assert len(frames) == 1
    return exact(frames[0][0])


def slug_of(path: Path) -> str:
    with pytest.raises(SdkError) as caught:
        list(sources.open(path))
    return caught.value.slug


def dataset_slug(dataset: pydicom.Dataset, tmp_path: Path) -> str:
    return slug_of(write(dataset, tmp_path / "a.dcm"))


SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEGLSLossless]
SYNTAXES += [JPEG2000Lossless]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda uid: uid.keyword)
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_lossless_transfer_syntaxes_are_exact(
    tmp_path: Path, syntax: pydicom.uid.UID, pixels: np.ndarray
) -> None:
    if syntax.is_compressed:
        dataset = make_dataset(pixels)
        dataset.compress(syntax)
    else:
        dataset = make_dataset(pixels, syntax)
    expected = luma(pixels) if pixels.ndim == 3 else pixels
    np.testing.assert_allclose(only_frame(dataset, tmp_path), expected, atol=1e-4)


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    dataset = make_dataset(GREY, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_allclose(only_frame(dataset, tmp_path), 255 - GREY, atol=1e-4)


def test_planar_configuration_1(tmp_path: Path) -> None:
    dataset = make_dataset(COLOUR, PlanarConfiguration=1)
    dataset.PixelData = COLOUR.transpose(2, 0, 1).tobytes()
    np.testing.assert_allclose(only_frame(dataset, tmp_path), luma(COLOUR), atol=1e-4)


@pytest.mark.parametrize("planar", [0, 1])
def test_ybr_full_is_its_own_luma(tmp_path: Path, planar: int) -> None:
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_FULL")
    if planar:
        dataset.PlanarConfiguration = 1
        dataset.PixelData = COLOUR.transpose(2, 0, 1).tobytes()
    np.testing.assert_allclose(only_frame(dataset, tmp_path), COLOUR[..., 0], atol=1e-4)


def test_uncompressed_ybr_full_422_is_its_own_luma(tmp_path: Path) -> None:
    # PS3.3 C.7.6.3.1.2: two luma samples, then the chroma pair they share
    packed = np.full((H, W // 2, 4), 90, np.uint8)
    packed[..., 0], packed[..., 1] = GREY[:, ::2], GREY[:, 1::2]
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_FULL_422")
    dataset.PixelData = packed.tobytes()
    np.testing.assert_allclose(only_frame(dataset, tmp_path), GREY, atol=1e-4)


def test_jpeg_baseline_is_the_luma_that_the_jpeg_holds(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(COLOUR).save(buffer, "JPEG", quality=90, subsampling=1)
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_FULL_422")
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([buffer.getvalue()])
    held = Image.open(buffer)
    held.draft("L", held.size)
    np.testing.assert_allclose(only_frame(dataset, tmp_path), np.asarray(held), atol=1e-4)


def test_palette_color_is_looked_up_in_its_tables(tmp_path: Path) -> None:
    tables = RNG.integers(0, 65536, (3, 256)).astype("<u2")
    dataset = make_dataset(GREY, PhotometricInterpretation="PALETTE COLOR")
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{name}PaletteColorLookupTableData", table.tobytes())
    expected = luma((tables.T >> 8)[GREY])
    np.testing.assert_allclose(only_frame(dataset, tmp_path), expected, atol=1e-4)


def windowed(value: float, center: float, width: float) -> float:
    """PS3.3 C.11.2.1.2.1, as it is written there, with ymin 0 and ymax 255."""
    if value <= center - 0.5 - (width - 1) / 2:
        return 0.0
    if value > center - 0.5 + (width - 1) / 2:
        return 255.0
    return ((value - (center - 0.5)) / (width - 1) + 0.5) * 255.0


@pytest.mark.parametrize(("center", "width"), [(600.0, 800.0), (0.0, 100.0), (2048.0, 4096.0)])
def test_a_window_of_12_bits_follows_the_standard(
    tmp_path: Path, center: float, width: float
) -> None:
    values = RNG.integers(0, 4096, (H, W)).astype(np.uint16)
    dataset = make_dataset(
        values, BitsStored=12, HighBit=11, WindowCenter=center, WindowWidth=width,
        RescaleSlope=0.5, RescaleIntercept=-20.0,
    )  # fmt: skip
    expected = [[windowed(v * 0.5 - 20.0, center, width) for v in row] for row in values.tolist()]
    np.testing.assert_allclose(only_frame(dataset, tmp_path), expected, atol=0.501)


def test_signed_values_are_windowed_as_signed(tmp_path: Path) -> None:
    values = RNG.integers(-500, 500, (H, W)).astype(np.int16)
    dataset = make_dataset(values, PixelRepresentation=1, WindowCenter=0, WindowWidth=1001)
    expected = (values / 1000 + 0.5) * 255 + 0.1275
    np.testing.assert_allclose(only_frame(dataset, tmp_path), expected, atol=0.7)


def test_of_several_windows_the_first_counts(tmp_path: Path) -> None:
    dataset = make_dataset(GREY, WindowCenter=[50, 128], WindowWidth=[1, 256])
    np.testing.assert_allclose(only_frame(dataset, tmp_path), (GREY > 49.5) * 255, atol=1e-4)


def test_16_bits_without_a_window_are_shown_over_their_whole_range(tmp_path: Path) -> None:
    values = RNG.integers(0, 65536, (H, W)).astype(np.uint16)
    np.testing.assert_allclose(only_frame(make_dataset(values), tmp_path), values / 257, atol=0.501)


def test_a_cine_comes_frame_by_frame_with_its_times(tmp_path: Path) -> None:
    cine = RNG.integers(0, 256, (4, H, W)).astype(np.uint8)
    dataset = make_dataset(GREY, NumberOfFrames=4, FrameTime=33.5)
    dataset.PixelData = cine.tobytes()
    read = list(sources.open(write(dataset, tmp_path / "a.dcm")))
    assert [info.timestamp_us for _, info in read] == [0, 33_500, 67_000, 100_500]
    assert {(info.frame_count, info.kind) for _, info in read} == {(4, "dicom")}
    for (frame, _), pixels in zip(read, cine, strict=True):
        np.testing.assert_allclose(exact(frame), pixels, atol=1e-4)


@pytest.mark.parametrize("compressed", [False, True], ids=["native", "rle"])
def test_one_frame_of_a_cine_is_in_memory_at_a_time(tmp_path: Path, compressed: bool) -> None:
    height, width, count = 200, 300, 120
    cine = RNG.integers(0, 4, (count, height, width)).astype(np.uint8)
    dataset = make_dataset(cine[0], NumberOfFrames=count)
    dataset.PixelData = cine.tobytes()
    if compressed:
        dataset.compress(RLELossless)
    path = write(dataset, tmp_path / "a.dcm")
    next(sources.open(path))
    tracemalloc.start()
    frames = sum(1 for _ in sources.open(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert frames == count
    assert peak < cine.nbytes / 5


def test_the_real_cine_equals_an_independent_reading() -> None:
    dataset = pydicom.dcmread(REAL / "examples_ybr_color.dcm")
    jpegs = generate_frames(dataset.PixelData, number_of_frames=30)
    count = 0
    for (frame, info), jpeg in zip(
        sources.open(REAL / "examples_ybr_color.dcm", region=WHOLE), jpegs, strict=True
    ):
        held = Image.open(io.BytesIO(jpeg))
        held.draft("L", held.size)
        x, y, width, height = frame.region_box
        expected = np.asarray(held)[y : y + height, x : x + width]
        np.testing.assert_allclose(exact(frame, height, width), expected, atol=1e-4)
        assert info.timestamp_us == round(count * 33_333)
        count += 1
    assert count == 30


@pytest.mark.parametrize("name", ["examples_rgb_color", "examples_jpeg2k", "ExplVR_BigEnd"])
def test_the_real_colour_images_equal_pydicoms_reading(name: str) -> None:
    frame, _ = next(sources.open(REAL / f"{name}.dcm"))
    expected = luma(pydicom.dcmread(REAL / f"{name}.dcm").pixel_array)
    np.testing.assert_allclose(exact(frame, *expected.shape), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("tags", "slug"),
    [
        ({"PhotometricInterpretation": "HSV"}, "source-unsupported"),
        ({"BitsStored": 32}, "source-malformed"),
        ({"BitsStored": None}, "source-malformed"),
        ({"Rows": None}, "source-no-pixels"),
        ({"Rows": 0}, "source-malformed"),
        ({"Rows": 60_000, "Columns": 60_000}, "source-too-large"),
        ({"NumberOfFrames": 2_000_000}, "source-malformed"),
        ({"NumberOfFrames": 3}, "source-truncated"),
        ({"Rows": H + 1}, "source-truncated"),
        ({"WindowCenter": 1, "WindowWidth": 0}, "source-malformed"),
        ({"WindowCenter": 1, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, "source-unsupported"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "source-malformed"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_bad_header_is_a_typed_error(
    tmp_path: Path, tags: dict[str, object], slug: str
) -> None:
    assert dataset_slug(make_dataset(GREY, **tags), tmp_path) == slug


def test_a_file_without_pixels(tmp_path: Path) -> None:
    dataset = make_dataset(GREY)
    del dataset.PixelData
    assert dataset_slug(dataset, tmp_path) == "source-no-pixels"


def test_video_is_unsupported(tmp_path: Path) -> None:
    dataset = make_dataset(GREY)
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset.PixelData = encapsulate([b"\0\0\1\xb3" * 20])
    assert dataset_slug(dataset, tmp_path) == "source-unsupported"


@pytest.mark.parametrize(
    "syntax", [JPEGBaseline8Bit, RLELossless, JPEGLSLossless, JPEG2000Lossless]
)
def test_encapsulated_garbage_is_malformed(tmp_path: Path, syntax: pydicom.uid.UID) -> None:
    dataset = make_dataset(GREY)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([RNG.bytes(200)])
    assert dataset_slug(dataset, tmp_path) in {"source-malformed", "source-truncated"}


@settings(max_examples=60, deadline=None)
@given(length=st.integers(132, 15_000))
def test_a_truncated_file_is_a_typed_error(length: int) -> None:
    data = (REAL / "ExplVR_BigEnd.dcm").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dcm"
        path.write_bytes(data[:length])
        # a transfer syntax cut short reads as one that is not supported
        assert slug_of(path).removeprefix("source-") in {
            "truncated", "malformed", "no-pixels", "unsupported"
        }  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_a_frame_or_a_typed_error(data: st.DataObject) -> None:
    raw = bytearray(DAMAGED_FROM)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(132, len(raw) - 1))] = data.draw(st.integers(0, 255))
    shown = read(bytes(raw))
    assert isinstance(shown, str) or all(frame.size > 0 for frame in shown)


def _small_rle_file() -> bytes:
    dataset = make_dataset(GREY, WindowCenter=128, WindowWidth=256, FrameTime=30)
    dataset.compress(RLELossless)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


DAMAGED_FROM = _small_rle_file()


def test_without_pydicom_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pydicom.py").write_text("raise ModuleNotFoundError('gone', name='pydicom')")
    pool.end_idle()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SdkError, match=r"pip install 'sonogaze\[dicom\]'") as caught:
        list(sources.open(REAL / "examples_palette.dcm"))
    assert caught.value.slug == "dependency-missing"
    pool.end_idle()
