"""JPEG frames: luma alone, scaled in the transform, close to a full decode."""

from __future__ import annotations

import builtins
import io
import time

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdk import _mjpeg
from sdk.errors import FrameError
from sdk.frame import Frame, Region
from sdk.preprocess import Preprocessing

# Deviation from a full decode in grey levels: what is finer than a scaled pixel is filtered
# differently. Speckle of a few pixels, as scanners draw it: mean over cells and any cell. White
# noise, the worst case, in any region: mean.
MEAN_BOUND, CELL_BOUND, NOISE_BOUND = 4.0, 32.0, 12.0


def speckle(seed: int, h: int, w: int, grain: int = 1) -> np.ndarray:
    """Smooth structure times noise whose grains are some pixels wide; three equal channels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    smooth = 90 + 60 * np.sin(x / 37) * np.cos(y / 23)
    noise = rng.gamma(8, 1 / 8, (h, w)) - 1
    kernel = np.ones(grain) / grain**0.5
    for axis in (0, 1):
        noise = np.apply_along_axis(np.convolve, axis, noise, kernel, "same")
    grey = np.clip(smooth * (1 + noise), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def encoded(image: np.ndarray, subsampling: str = "420") -> bytes:
    return simplejpeg.encode_jpeg(image, 90, "RGB", subsampling)


def full_decode(data: bytes) -> np.ndarray:
    return np.ascontiguousarray(simplejpeg.decode_jpeg(data, "GRAY")[..., 0])


@pytest.mark.parametrize("subsampling", ["444", "422", "420", "Gray"])
@pytest.mark.parametrize("aspect", ["stretch", "letterbox"])
def test_scaled_decode_stays_close_to_a_full_decode(subsampling: str, aspect: str) -> None:
    image = speckle(1, 540, 961, grain=4)
    if subsampling == "Gray":
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(image[..., :1]), 90, "GRAY", "Gray")
    else:
        data = encoded(image, subsampling)
    recipe = Preprocessing(64, 48, aspect=aspect)
    for region in (None, Region.rectangle(13, 7, 777, 501), Region.rectangle(501, 40, 100, 77)):
        got = recipe.tensor(Frame(data, format="MJPEG", region=region))
        want = recipe.tensor(Frame.from_array(full_decode(data), region=region))
        off = np.abs(got - want) * 255
        assert off.mean() < MEAN_BOUND
        assert off.max() < CELL_BOUND


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(32, 300), st.integers(32, 300), st.data())
def test_deviation_is_bounded_for_any_size_and_region(seed, h, w, data) -> None:
    jpeg = encoded(speckle(seed, h, w))
    x, y = data.draw(st.integers(0, w - 24)), data.draw(st.integers(0, h - 24))
    region = Region.rectangle(
        x, y, data.draw(st.integers(24, w - x)), data.draw(st.integers(24, h - y))
    )
    recipe = Preprocessing(data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40)))
    got = recipe.tensor(Frame(jpeg, format="MJPEG", region=region))
    want = recipe.tensor(Frame.from_array(full_decode(jpeg), region=region))
    assert np.abs(got - want).mean() * 255 < NOISE_BOUND


def test_gradient_keeps_its_place_at_every_scale() -> None:
    ramp = np.repeat(np.linspace(0, 255, 640).astype(np.uint8)[None, :, None], 480, 0)
    data = encoded(np.repeat(ramp, 3, 2), "444")
    for cells in (8, 16, 33, 64, 100, 150, 300):
        recipe = Preprocessing(cells, 3 * cells // 4, aspect="stretch")
        frame = Frame(data, format="MJPEG", region=Region.rectangle(101, 33, 431, 400))
        flat = Frame.from_array(full_decode(data), region=frame.region)
        off = np.abs(recipe.tensor(frame) - recipe.tensor(flat)) * 255
        assert off.max() < 1.5, cells


@pytest.mark.parametrize(
    ("box", "cells", "n"),
    [
        ((1400, 900), (192, 144), 2),
        ((1536, 1152), (192, 144), 1),
        ((1535, 1152), (192, 144), 2),
        ((192, 144), (192, 144), 8),
        ((10, 10), (192, 144), 8),
        ((384, 10_000), (192, 144), 4),
    ],
)
def test_smallest_scale_that_still_covers_the_input(box, cells, n) -> None:
    assert _mjpeg.eighths(box, cells) == n


@pytest.mark.parametrize("clip", [None, (40, 30, 200, 120)])
def test_sector_of_a_jpeg_equals_that_of_the_full_decode(clip: tuple | None) -> None:
    data = encoded(speckle(3, 200, 300))
    region = Region.sector(150, -10, 20, 190, -35, 35, clip=clip)
    recipe = Preprocessing(24, 18, pad_level=7)
    got = recipe.tensor(Frame(data, format="MJPEG", region=region))
    want = recipe.tensor(Frame.from_array(full_decode(data), region=region))
    np.testing.assert_array_equal(got, want)


def test_statistics_of_a_jpeg_have_no_colour() -> None:
    data = encoded(speckle(4, 100, 100))
    out = np.empty((12, 16), np.float32)
    measured = Preprocessing(16, 12).measure_into(Frame(data, format="MJPEG"), out)
    assert measured.colored is None
    assert measured.mean == pytest.approx(full_decode(data).mean(), abs=1.5)


def test_size_is_read_from_the_image() -> None:
    frame = Frame(encoded(speckle(5, 33, 57)), format="MJPEG")
    assert (frame.width, frame.height, frame.strides) == (57, 33, ())
    with pytest.raises(FrameError, match="width is 58, but the JPEG has 57") as caught:
        Frame(encoded(speckle(5, 33, 57)), format="MJPEG", width=58, height=33)
    assert caught.value.slug == "frame-size"


@pytest.mark.parametrize("cut", [0, 1, 2, 10, 100])
def test_image_without_header_is_refused(cut: int) -> None:
    with pytest.raises(FrameError, match="no JPEG image") as caught:
        Frame(encoded(speckle(6, 64, 64))[:cut], format="MJPEG")
    assert caught.value.slug == "jpeg-invalid"


def test_image_that_ends_early_is_refused() -> None:
    data = encoded(speckle(7, 64, 64))
    frame = Frame(data[: len(data) // 2], format="MJPEG")
    with pytest.raises(FrameError, match="cannot be decoded") as caught:
        Preprocessing(8, 8).tensor(frame)
    assert caught.value.slug == "jpeg-invalid"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_damaged_image_gives_a_tensor_or_a_frame_error(at: int, value: int) -> None:
    data = bytearray(encoded(speckle(8, 40, 56)))
    data[at % len(data)] = value
    slug = "jpeg-invalid"
    try:
        out = Preprocessing(8, 6).tensor(Frame(data, format="MJPEG"))
    except FrameError as error:
        slug, out = error.slug, np.zeros(1)
    assert slug in ("jpeg-invalid", "jpeg-unsupported", "frame-size")
    assert np.isfinite(out).all()


@pytest.mark.parametrize(
    ("change", "slug"),
    [({"strides": 3}, "strides-invalid"), ({"color": "bt601-full"}, "color-unexpected")],
)
def test_what_a_jpeg_does_not_have_is_refused(change: dict, slug: str) -> None:
    with pytest.raises(FrameError) as caught:
        Frame(encoded(speckle(9, 16, 16)), format="MJPEG", **change)
    assert caught.value.slug == slug


def pillow_jpeg(mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(speckle(9, 32, 48)).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def with_segments(data: bytes, marker: int, body: bytes, times: int = 1) -> bytes:
    segment = bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
    return data[:2] + segment * times + data[2:]


def by_component(data: bytes) -> bytes:
    """Say in the first scan's header that it has one component of three."""
    at = data.index(b"\xff\xda")
    return data[: at + 2] + b"\0\x08\x01\x01\0\0\x3f\0" + data[at + 14 :]


def changed(data: bytes, offset: int, value: int) -> bytes:
    """Change a byte of the frame header, counted from its marker."""
    at = data.index(b"\xff\xc0") + offset
    return data[:at] + bytes([value]) + data[at + 1 :]


BASELINE = encoded(speckle(9, 32, 48))
NOT_FRAMES = {
    "progressive": (pillow_jpeg(progressive=True), "jpeg-unsupported"),
    "CMYK": (pillow_jpeg("CMYK"), "jpeg-unsupported"),
    "lossless": (changed(BASELINE, 1, 0xC3), "jpeg-unsupported"),
    "arithmetic": (changed(BASELINE, 1, 0xC9), "jpeg-unsupported"),
    "hierarchical": (changed(BASELINE, 1, 0xC5), "jpeg-unsupported"),
    "12 bits": (changed(BASELINE, 4, 12), "jpeg-unsupported"),
    "one scan a component": (by_component(BASELINE), "jpeg-unsupported"),
    "a field": (with_segments(BASELINE, 0xE0, b"AVI1\1" + bytes(11)), "jpeg-unsupported"),
    "two components": (changed(BASELINE, 9, 2), "jpeg-invalid"),
    "two frame headers": (with_segments(BASELINE, 0xC0, bytes(15)), "jpeg-invalid"),
    "height 0": (changed(changed(BASELINE, 5, 0), 6, 0), "frame-size"),
    "no end of segments": (with_segments(BASELINE, 0xFE, b"", 200_000), "jpeg-invalid"),
    "lines counted later": (with_segments(BASELINE, 0xDC, b"\0\x20"), "jpeg-invalid"),
    "a picture inside": (BASELINE[:2] + BASELINE, "jpeg-invalid"),
    "only an end": (b"\xff\xd8\xff\xd9", "jpeg-invalid"),
    "fill bytes alone": (b"\xff\xd8" + b"\xff" * 100_000, "jpeg-invalid"),
    "PNG": (b"\x89PNG\r\n\x1a\n", "jpeg-invalid"),
}


@pytest.mark.parametrize("what", NOT_FRAMES)
def test_what_could_cost_more_than_a_frame_is_refused_by_its_header(what: str) -> None:
    data, slug = NOT_FRAMES[what]
    with pytest.raises(FrameError) as caught:
        Frame(data, format="MJPEG")
    assert caught.value.slug == slug


def test_thousands_of_scans_behind_a_frame_cost_nothing() -> None:
    at = BASELINE.index(b"\xff\xda")
    data = BASELINE[:-2] + BASELINE[at:-2] * 20_000 + BASELINE[-2:]
    start = time.process_time()
    with pytest.raises(FrameError) as caught:
        Preprocessing(8, 6).tensor(Frame(data, format="MJPEG"))
    assert caught.value.slug == "jpeg-invalid"
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("notes", [b"AVI1\0" + bytes(11), b"JFIF\0\1\1" + bytes(7), b"any maker's"])
def test_notes_of_a_camera_change_nothing(notes: bytes) -> None:
    plain = Preprocessing(8, 6).tensor(Frame(BASELINE, format="MJPEG"))
    noted = with_segments(BASELINE, 0xE0, notes, 20)
    np.testing.assert_array_equal(plain, Preprocessing(8, 6).tensor(Frame(noted, format="MJPEG")))
    padded = BASELINE + bytes(999)  # a grabber's buffer is larger than its frame
    np.testing.assert_array_equal(plain, Preprocessing(8, 6).tensor(Frame(padded, format="MJPEG")))


@pytest.mark.parametrize("marker", [0xDD, 0xFE, *range(0xE1, 0xF0)], ids=hex)
def test_comments_intervals_and_makers_notes_are_passed_over(marker: int) -> None:
    # of an interval of restarts, 0 is none; to the others it is a note of two bytes
    Frame(with_segments(BASELINE, marker, b"\0\0"), format="MJPEG")


@pytest.mark.parametrize("rows", [15, 17])
def test_a_decoder_that_gives_another_size_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    class Odd:
        @staticmethod
        def decode_jpeg(*_: object, **__: object) -> np.ndarray:
            return np.zeros((rows, 16, 1), np.uint8)

    monkeypatch.setattr(_mjpeg, "_library", lambda: Odd)
    with pytest.raises(FrameError, match=rf"decoded to \({rows}, 16\) instead of \(16, 16\)"):
        _mjpeg.luma(b"", 16, 16, 8)


def test_missing_decoder_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "simplejpeg":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    data = encoded(speckle(9, 16, 16))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FrameError, match=r"pip install 'sonogaze\[mjpeg\]'") as caught:
        Frame(data, format="MJPEG")
    assert caught.value.slug == "jpeg-unavailable"
