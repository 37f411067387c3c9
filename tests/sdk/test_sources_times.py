"""When each frame of an animation is shown: the sum of the durations before it, or not known."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from sdk.sources.images import image_kind, read_images
from sdk.sources.images.common import times_of

FRAMES = [np.full((6, 8), 40 * k, np.uint8) for k in range(4)]


def animation(kind: str, durations_ms: list[int]) -> bytes:
    buffer = io.BytesIO()
    first, *rest = [Image.fromarray(frame) for frame in FRAMES[: len(durations_ms)]]
    first.save(buffer, kind, save_all=True, append_images=rest, duration=durations_ms)
    return buffer.getvalue()


def times(data: bytes) -> list[int | None]:
    kind = image_kind(data[:132])
    assert kind is not None
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return [info.timestamp_us for _, info in read_images(file, "a", kind, None)]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_a_frame_is_shown_when_those_before_it_were(kind: str) -> None:
    assert times(animation(kind, [30, 40, 500, 60])) == [0, 30_000, 70_000, 570_000]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_a_frame_shown_for_no_time_leaves_all_times_open(kind: str) -> None:
    assert times(animation(kind, [30, 0, 50])) == [None] * 3
    assert times(animation(kind, [30, 50, 0])) == [0, 30_000, 80_000]  # nothing follows the last


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG"])
def test_a_still_has_no_time(kind: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(FRAMES[1]).save(buffer, kind)
    assert times(buffer.getvalue()) == [None]


def test_the_pages_of_a_tiff_have_no_times() -> None:
    assert times(animation("TIFF", [30, 30])) == [None, None]


def delayed(*delays: tuple[int, int]) -> bytes:
    """An APNG whose frames have these delays: numerator and denominator, in seconds."""
    data, at, left = bytearray(animation("PNG", [30] * len(delays))), 8, list(delays)
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"fcTL":
            struct.pack_into(">HH", data, at + 8 + 20, *left.pop(0))
            crc = zlib.crc32(data[at + 4 : at + 8 + length])
            struct.pack_into(">I", data, at + 8 + length, crc)
        at += 12 + length
    return bytes(data)


def test_thirds_of_a_second_add_up_without_drift() -> None:
    assert times(delayed(*[(1, 3)] * 4)) == [0, 333_333, 666_666, 1_000_000]


def test_a_delay_in_no_unit_is_in_hundredths() -> None:
    assert times(delayed((7, 0), (5, 1000))) == [0, 70_000]


def test_years_between_frames_are_no_times() -> None:
    longest = Fraction(65_535)
    assert times_of([longest] * 1526) is not None
    assert times_of([longest] * 1527) is None
