"""Images become frames as they are shown; whatever is wrong is a typed error."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdk import Region, SdkError, SourceError, sources
from sdk.preprocess import Preprocessing
from sdk.sources import pool
from tests.sdk.frames_shown import read

H, W = 24, 32


def exact(frame: object) -> np.ndarray:
    """The grey levels of a frame, through the kernel at its own size."""
    recipe = Preprocessing(width=W, height=H, aspect="stretch")
    return recipe.tensor(frame)[0, 0] * 255  # type: ignore[arg-type]


def luma(red: int, green: int, blue: int) -> int:
    return (9798 * red + 19235 * green + 3735 * blue + 16384) >> 15


def only_frame(path: Path) -> np.ndarray:
    frames = list(sources.open(path))
    assert len(frames) == 1
    return exact(frames[0][0])


def slug_of(path: Path | str, **kwargs: object) -> str:
    with pytest.raises(SdkError) as caught:
        list(sources.open(path, **kwargs))  # type: ignore[arg-type]
    return caught.value.slug


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (H, W)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "pgm", "gif", "webp", "jp2"])
def test_lossless_grey_is_kept_exactly(tmp_path: Path, grey: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(grey).save(path, **options)
    np.testing.assert_allclose(only_frame(path), grey, atol=1e-4)


def test_the_name_of_a_file_means_nothing(tmp_path: Path, grey: np.ndarray) -> None:
    path = tmp_path / "a.dcm"
    Image.fromarray(grey).save(path, format="PNG")
    np.testing.assert_allclose(only_frame(path), grey, atol=1e-4)


def test_16_bits_are_shown_over_their_whole_range(tmp_path: Path) -> None:
    wide = np.arange(H * W, dtype=np.uint16).reshape(H, W) * 85
    for suffix in ("png", "tiff"):
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(wide).save(path)
        np.testing.assert_allclose(only_frame(path), wide * (255 / 65535), atol=0.501)


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    image = Image.new("P", (W, H), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.save(tmp_path / "a.png")
    np.testing.assert_allclose(only_frame(tmp_path / "a.png"), luma(10, 200, 30), atol=1e-4)


def test_alpha_is_laid_over_black(tmp_path: Path) -> None:
    Image.new("RGBA", (W, H), (200, 100, 50, 0)).save(tmp_path / "clear.png")
    Image.new("RGBA", (W, H), (200, 100, 50, 255)).save(tmp_path / "solid.png")
    Image.new("LA", (W, H), (200, 128)).save(tmp_path / "half.png")
    np.testing.assert_allclose(only_frame(tmp_path / "clear.png"), 0, atol=1e-4)
    np.testing.assert_allclose(only_frame(tmp_path / "solid.png"), luma(200, 100, 50), atol=1e-4)
    np.testing.assert_allclose(only_frame(tmp_path / "half.png"), 200 * 128 / 255, atol=1)


def test_one_bit_and_cmyk(tmp_path: Path) -> None:
    Image.new("1", (W, H), 1).save(tmp_path / "bit.png")
    Image.new("CMYK", (W, H), (0, 0, 0, 55)).save(tmp_path / "cmyk.tiff")
    np.testing.assert_allclose(only_frame(tmp_path / "bit.png"), 255, atol=1e-4)
    np.testing.assert_allclose(only_frame(tmp_path / "cmyk.tiff"), 200, atol=1)


def test_exif_orientation_turns_the_image_upright(tmp_path: Path, grey: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90 degrees clockwise
    turned = np.rot90(grey).copy()
    Image.fromarray(turned).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_allclose(only_frame(tmp_path / "a.png"), grey, atol=1e-4)


@pytest.mark.parametrize("suffix", ["gif", "tiff", "png", "webp"])
def test_pages_and_animations_come_frame_by_frame(tmp_path: Path, suffix: str) -> None:
    pages = [Image.new("RGB", (W, H), (level,) * 3) for level in (10, 90, 250)]
    path = tmp_path / f"a.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    pages[0].save(path, save_all=True, append_images=pages[1:], **options)
    read = list(sources.open(path))
    assert [info.index for _, info in read] == [0, 1, 2]
    assert {info.frame_count for _, info in read} == {3}
    for (frame, _), level in zip(read, (10, 90, 250), strict=True):
        np.testing.assert_allclose(exact(frame), level, atol=1e-4)


def test_a_region_is_applied_and_said(tmp_path: Path, grey: np.ndarray) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(grey).save(path)
    frame, info = next(sources.open(path, region=Region.rectangle(4, 5, 10, 8)))
    assert frame.region_box == (4, 5, 10, 8)
    assert (info.kind, info.region_origin, info.path) == ("image", "given", str(path))
    assert slug_of(path, region=Region.rectangle(30, 0, 10, 10)) == "region-outside"


@pytest.mark.parametrize("suffix", ["png", "jpeg", "tiff", "gif", "webp", "bmp"])
def test_half_a_file_is_an_error(tmp_path: Path, grey: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.kron(grey, np.ones((8, 8), np.uint8))).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert slug_of(path) in {"source-truncated", "source-malformed"}


def test_a_decompression_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    Image.new("1", (40_000, 30_000)).save(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size < 200_000
    assert slug_of(tmp_path / "a.png") == "source-too-large"
    Image.new("1", (9_000, 9_000)).save(tmp_path / "b.png")
    assert slug_of(tmp_path / "b.png") == "source-too-large"


def test_floating_point_pixels_are_unsupported(tmp_path: Path) -> None:
    Image.new("F", (W, H), 0.5).save(tmp_path / "a.tiff")
    assert slug_of(tmp_path / "a.tiff") == "source-unsupported"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_image_is_a_frame_or_a_typed_error(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]))
    buffer = io.BytesIO()
    Image.new("L", (W, H), 77).save(buffer, kind)
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    shown = read(bytes(raw))
    assert isinstance(shown, str) or all(frame.size > 0 for frame in shown)


AGAIN = "--force-reinstall Pillow"
BROKEN = {
    "missing": (
        "raise ModuleNotFoundError('gone', name='PIL')", "dependency-missing", "'sonogaze[images]'",
    ),
    "of a missing part": ("import no_such_module_of_pillow", "dependency-broken", AGAIN),
    "raises": ("raise RuntimeError('built for another Python')", "dependency-broken", AGAIN),
    "import error": ("raise ImportError('libtiff.so.5: cannot open')", "dependency-broken", AGAIN),
}  # fmt: skip


@pytest.fixture
def fresh_decoders() -> Iterator[None]:
    """Decoding processes that know nothing of those of other tests, nor leave any to them."""
    pool.end_idle()
    yield
    pool.end_idle()


@pytest.mark.usefixtures("fresh_decoders")
@pytest.mark.parametrize("how", BROKEN)
def test_without_a_sound_pillow_the_error_says_what_to_install(
    how: str, tmp_path: Path, grey: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, slug, hint = BROKEN[how]
    Image.fromarray(grey).save(tmp_path / "a.png")
    (tmp_path / "b.pgm").write_bytes(b"P5 1 1 255\n7")
    (tmp_path / "PIL").mkdir()
    (tmp_path / "PIL" / "__init__.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceError, match=re.escape(hint)) as caught:
        list(sources.open(tmp_path / "a.png"))
    assert caught.value.slug == slug
    assert len(list(sources.open(tmp_path / "b.pgm"))) == 1
