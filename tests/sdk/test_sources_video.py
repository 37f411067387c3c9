"""Video files: pixels as they were coded, colour as the stream says, times, turns, refusals."""

from __future__ import annotations

import contextlib
import ctypes
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg

from sdk import FrameError, Region, SourceError, sources
from sdk.sources.video import library
from sdk.sources.video.planes import Unread, picture_of
from tests.sdk.video_files import (
    SIZE,
    index_first,
    last_packet_bytes,
    pictures,
    turned,
    written,
    y4m,
)

WIDTH, HEIGHT = SIZE
RANDOM = np.random.default_rng(11)


def read(data: bytes, **options: Any) -> list[Any]:
    return list(sources.open(io.BytesIO(data), **options))


def bytes_of(frame: Any) -> bytes:
    return bytes(np.ascontiguousarray(frame._data).reshape(-1).view(np.uint8))


def test_ffmpeg_has_no_part_under_the_gpl() -> None:
    ffmpeg = library.load()
    folder = Path(library._folder())
    assert not [p.name for p in folder.iterdir() if "x264" in p.name or "x265" in p.name]
    codec = ffmpeg.avcodec_get_name
    assert codec(27) == b"h264"
    for name in ("avutil", "avcodec", "avformat"):
        loaded = ctypes.CDLL(str(next(folder.glob(f"lib{name}-*"))))
        license_ = getattr(loaded, f"{name}_license")
        license_.restype = ctypes.c_char_p
        assert license_().startswith(b"LGPL version 2.1")


@pytest.mark.parametrize(
    ("chroma", "format_", "share"),
    [("420jpeg", "I420", 1.5), ("422", "I422", 2), ("444", "I444", 3), ("420p10", "I010", 3)],
)
def test_planes_come_out_as_they_were_coded(chroma: str, format_: str, share: float) -> None:
    top = 4 if chroma.endswith("p10") else 256
    frames = [RANDOM.integers(0, top, int(WIDTH * HEIGHT * share)).astype(np.uint8).tobytes()
              for _ in range(3)]  # fmt: skip
    found = read(y4m(frames, SIZE, chroma))
    assert [str(frame.format) for frame, _ in found] == [format_] * 3
    assert [bytes_of(frame) for frame, _ in found] == frames
    assert [info.timestamp_us for _, info in found] == [0, 40_000, 80_000]


def test_odd_sides_have_their_last_chroma_sample() -> None:
    planes = RANDOM.integers(0, 256, 7 * 5 + 2 * 4 * 3).astype(np.uint8).tobytes()
    ((frame, _),) = read(y4m([planes], (7, 5)))
    assert (frame.width, frame.height, bytes_of(frame)) == (7, 5, planes)


@pytest.mark.parametrize(
    ("tag", "height", "given", "color", "origin"),
    [
        ("", 36, None, "bt601-limited", "assumed"),
        ("", 578, None, "bt709-limited", "assumed"),
        (" XCOLORRANGE=FULL", 36, None, "bt601-full", "assumed"),
        (" XCOLORRANGE=FULL", 36, "bt709-limited", "bt709-limited", "given"),
    ],
)
def test_colour_is_the_streams_or_the_callers_or_said_to_be_assumed(
    tag: str, height: int, given: str | None, color: str, origin: str
) -> None:
    planes = bytes(WIDTH * height * 3 // 2)
    ((_, info),) = read(y4m([planes], (WIDTH, height), tag=tag), color=given)
    assert (info.color, info.color_origin) == (color, origin)


def test_grey_of_a_lossless_codec_is_exact(tmp_path: Path) -> None:
    shown = pictures(4)
    data = written(tmp_path / "a.mkv", "FFV1", shown)
    found = read(data)
    assert len(found) == 4
    for (frame, info), picture in zip(found, shown, strict=True):
        luma = np.frombuffer(bytes_of(frame), np.uint8)[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
        assert (frame.format, info.kind) in (("GRAY8", "video"), ("I420", "video"))
        if frame.format == "GRAY8":
            assert np.array_equal(luma, picture)
        else:
            assert np.abs(luma - (16 + picture * (219 / 255))).max() <= 1


def test_a_motion_jpeg_has_the_luma_that_libjpeg_gives(tmp_path: Path) -> None:
    data = written(tmp_path / "a.avi", "MJPG", [cv2.merge([p] * 3) for p in pictures(3)])
    starts = [at for at in range(len(data)) if data[at : at + 3] == b"\xff\xd8\xff"]
    found = read(data)
    assert len(found) == len(starts) == 3
    for (frame, info), start in zip(found, starts, strict=True):
        assert str(info.color).endswith("-full")
        grey = simplejpeg.decode_jpeg(data[start:], "GRAY")[:, :, 0]
        luma = np.frombuffer(bytes_of(frame), np.uint8)[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
        assert np.abs(luma.astype(int) - grey).max() <= 2  # of two inverse transforms


@pytest.mark.parametrize(
    ("name", "fourcc"),
    [("a.mp4", "mp4v"), ("a.mov", "mp4v"), ("a.mkv", "MJPG"), ("a.webm", "VP80"),
     ("a.webm", "VP90"), ("a.ts", "mp4v"), ("a.avi", "XVID"), ("a.avi", "HFYU")],
)  # fmt: skip
def test_containers_and_codecs_give_what_opencv_gives(
    tmp_path: Path, name: str, fourcc: str
) -> None:
    path = tmp_path / name
    data = written(path, fourcc, [cv2.merge([p] * 3) for p in pictures(6, (64, 48))])
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    theirs = []
    while (got := capture.read())[0]:
        theirs.append(cv2.cvtColor(got[1], cv2.COLOR_BGR2GRAY))
    found = read(data)
    assert len(found) == len(theirs) > 0
    times = [info.timestamp_us for _, info in found]
    assert times == sorted(times)
    assert times[0] == 0
    assert abs(times[-1] / (len(times) - 1) - 40_000) < 1000
    for (frame, _), grey in zip(found, theirs, strict=True):
        ours = luma_shown(frame)
        assert np.abs(ours - grey).mean() < 2.5  # a wrong range is off by 8


def luma_shown(frame: Any) -> Any:
    """Luma of a frame as grey levels of 0 to 255, worked out here."""
    pixels = np.frombuffer(bytes_of(frame), np.uint8)
    size = frame.width * frame.height
    if frame.format in ("RGB24", "BGR24", "BGRA32"):
        return pixels.reshape(frame.height, frame.width, -1)[:, :, 1].astype(float)
    luma = pixels[:size].reshape(frame.height, frame.width).astype(float)
    full = frame._key.color is None or frame._key.color.endswith("full")
    return luma if full else np.clip((luma - 16) * 255 / 219, 0, 255)


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
        ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),  # a phone held upright: 90 degrees clockwise
        ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
    ],
)
def test_a_turn_that_the_track_asks_for_is_made(tmp_path: Path, matrix: Any, turn: Any) -> None:
    data = written(tmp_path / "a.mp4", "mp4v", [cv2.merge([p] * 3) for p in pictures(2)])
    (straight, _), _ = read(data)
    (frame, _), _ = read(turned(data, matrix))
    expected = turn(luma_shown(straight))
    assert (frame.height, frame.width) == expected.shape
    assert np.array_equal(luma_shown(frame), expected)


def test_a_region_is_given_to_every_frame() -> None:
    region = Region.rectangle(2, 4, 8, 6)
    ((frame, info),) = read(y4m([bytes(WIDTH * HEIGHT * 3 // 2)], SIZE), region=region)
    assert (frame.region, info.region_origin) == (region, "given")
    with pytest.raises(FrameError, match="region") as caught:
        read(y4m([bytes(WIDTH * HEIGHT * 3 // 2)], SIZE), region=Region.rectangle(0, 0, 49, 3))
    assert caught.value.slug == "region-outside"


def refused(data: bytes) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(data)
    return caught.value


def test_frames_before_a_files_early_end_come_first(tmp_path: Path) -> None:
    data = written(tmp_path / "a.avi", "MJPG", [cv2.merge([p] * 3) for p in pictures(6)])
    cut = data[: data.rindex(b"\xff\xd8\xff") + 100]
    frames = sources.open(io.BytesIO(cut))
    assert [next(frames)[1].index for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(SourceError, match="after 5 packets") as caught:
        next(frames)
    assert caught.value.slug == "source-truncated"


def test_a_clip_cut_between_two_packets_of_its_index_is_truncated(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mp4", "mp4v", [cv2.merge([p] * 3) for p in pictures(6)])
    streamed = index_first(data)
    assert len(read(streamed)) == 6
    frames = sources.open(io.BytesIO(streamed[: -last_packet_bytes(data)]))
    assert [next(frames)[1].index for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(SourceError) as caught:
        next(frames)
    assert caught.value.slug == "source-truncated"


def decoded_picture(pixel_format: str, range_: int = 0, **options: Any) -> Any:
    """What becomes of a decoded picture of 4 x 2 pixels that stands in memory made here."""
    planes = [(ctypes.c_uint8 * 64)(*range(i, i + 64)) for i in range(3)]
    memory = (ctypes.c_uint8 * 400)()
    at = ctypes.addressof(memory)
    for i, plane in enumerate(planes):
        ctypes.c_void_p.from_address(at + library.FRAME_DATA + 8 * i).value = ctypes.addressof(
            plane
        )
        ctypes.c_int.from_address(at + library.FRAME_STRIDES + 4 * i).value = 16
    for place, value in ((library.FRAME_WIDTH, 4), (library.FRAME_HEIGHT, 2),
                         (library.FRAME_RANGE, range_), (library.FRAME_MATRIX, 2)):  # fmt: skip
        ctypes.c_int.from_address(at + place).value = value
    straight = (False, False, False)
    return picture_of(at, pixel_format, None, straight, **{"limited": False, **options})


def test_ffmpegs_formats_of_full_range_are_full_whatever_else_is_said() -> None:
    assert decoded_picture("yuvj420p").color == "bt601-full"
    assert decoded_picture("yuv420p").color == "bt601-limited"


def test_grey_of_limited_range_becomes_yuv_with_neutral_chroma() -> None:
    grey = decoded_picture("gray")
    assert (grey.format, grey.color) == ("GRAY8", None)
    for limited in (decoded_picture("gray", range_=1), decoded_picture("gray", limited=True)):
        assert (limited.format, limited.color) == ("I420", "bt601-limited")
        assert limited.pixels.tolist() == [0, 1, 2, 3, 16, 17, 18, 19, 128, 128, 128, 128]


def test_planar_rgb_is_interleaved_and_other_formats_are_named() -> None:
    picture = decoded_picture("gbrp")
    assert picture.format == "RGB24"
    assert picture.pixels[:6].tolist() == [2, 0, 1, 3, 1, 2]  # planes are green, blue, red
    with pytest.raises(Unread, match="yuv410p"):
        decoded_picture("yuv410p")


def test_an_mp4_without_its_index_is_malformed(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mp4", "mp4v", [cv2.merge([p] * 3) for p in pictures(6)])
    error = refused(data[: data.index(b"moov")])
    assert error.slug == "source-malformed"
    assert "container" in str(error)


def test_sound_alone_is_no_video() -> None:
    note = b"\0\0\0\x14ftypM4A \0\0\0\0M4A \0\0\0\x08mdat"
    assert refused(note + bytes(2000)).slug in ("source-malformed", "source-no-pixels")


def test_encrypted_video_is_refused_by_name(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mp4", "mp4v", [cv2.merge([p] * 3) for p in pictures(2)])
    error = refused(data.replace(b"mp4v", b"encv"))
    assert error.slug == "source-unsupported"
    assert "encrypted" in str(error)


def test_a_codec_that_is_not_there_is_named(tmp_path: Path) -> None:
    data = written(tmp_path / "a.avi", "XVID", [cv2.merge([p] * 3) for p in pictures(2)])
    error = refused(data.replace(b"XVID", b"AV01"))
    assert error.slug == "source-unsupported"
    assert "av1" in str(error)


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded() -> None:
    assert refused(y4m([bytes(16_386 * 3)], (16_386, 2))).slug == "source-too-large"


def test_a_still_in_mp4s_clothes_is_no_video() -> None:
    assert refused(b"\0\0\0\x1cftypavif" + bytes(200)).slug == "source-unknown-kind"


def test_without_the_extra_the_error_says_how_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda name: None)
    library.load.cache_clear()
    with pytest.raises(SourceError, match=r"pip install 'sonogaze\[video\]'") as caught:
        library.load()
    assert caught.value.slug == "dependency-missing"
    monkeypatch.undo()
    assert library.load()


def test_a_wheel_of_another_ffmpeg_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(library._MAJORS, "avcodec", 63)
    library.load.cache_clear()
    with pytest.raises(
        SourceError, match=r"FFmpeg 8.*--force-reinstall opencv-python-headless$"
    ) as caught:
        library.load()
    assert caught.value.slug == "dependency-broken"
    monkeypatch.undo()
    assert library.load()


CLIPS = [
    ("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.ts", "mp4v"), ("a.mkv", "FFV1"), ("a.webm", "VP80"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fourcc"), CLIPS)
def test_damage_ends_in_frames_or_a_typed_error(tmp_path: Path, name: str, fourcc: str) -> None:
    data = written(tmp_path / name, fourcc, [cv2.merge([p] * 3) for p in pictures(4)])
    random = np.random.default_rng(3)
    for _ in range(25):
        damaged = bytearray(data[: random.integers(1, len(data) + 1)])
        for _ in range(random.integers(0, 8)):
            damaged[random.integers(len(damaged))] = random.integers(256)
        with contextlib.suppress(SourceError):
            for frame, _ in sources.open(io.BytesIO(bytes(damaged))):
                assert 0 < frame.width <= 16_384
