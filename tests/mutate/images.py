"""Damaged image files: bytes changed anywhere, and numbers changed where a format keeps them.

python -m tests.mutate.images 40000 --out docs/results/mutated-images.json
"""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Iterator

from tests.sdk import image_other_files as other
from tests.sdk import image_png_files as png
from tests.sdk import image_tiff_files as tiff
from tests.sdk.test_sources_matrix import jpegs
from tests.sdk.test_sources_refused import samples

from .driver import measure

NUMBERS = (0, 1, 2, 3, 7, 8, 9, 15, 16, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000,
           0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)  # fmt: skip
_SEGMENT = re.compile(rb"\xff[\xc0-\xfe]")


def seeds() -> dict[str, list[bytes]]:
    """Whole files of every family."""
    found: dict[str, list[bytes]] = {
        "png": [case[1] for case in png.stills()],
        "apng": [case[1] for case in png.animations()],
        "gif": [case[1] for case in other.gifs()],
        "bmp": [case[1] for case in other.bmps()],
        "pnm": [case[1] for case in other.pnms()],
        "webp": [case[1] for case in other.webps()],
        "jpeg2000": [case[1] for case in other.jpeg2000s()],
        "jpeg": [data for _, data in jpegs()],
        "tiff": [case[1] for at, case in enumerate(tiff.all_cases()) if at % 9 == 0],
    }
    for name, data in samples():
        found.setdefault(name.split()[0], []).append(data)
    return found


def mutated(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield so many damaged files; the same for the same seed."""
    random_ = random.Random(seed)
    families = seeds()
    for number in range(count):
        family = random_.choice(sorted(families))
        data = random_.choice(families[family])
        for _ in range(random_.choice((1, 1, 1, 2, 4))):
            data = changed(data, family, families[family], random_)
        if family in ("png", "apng") and random_.random() < 0.8:
            data = with_right_sums(data)
        yield f"{family} {seed}:{number}", data


def changed(data: bytes, family: str, others: list[bytes], random_: random.Random) -> bytes:
    """Return a file with one change, where its family keeps numbers or anywhere."""
    places = _places(data, family)
    deed = random_.choice(("byte", "number", "number", "place", "place", "cut", "copy", "splice"))
    at = random_.choice(places) if deed == "place" and places else random_.randrange(len(data) or 1)
    if deed == "byte":
        return data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]
    if deed in ("number", "place"):
        letter = random_.choice(("<B", "<H", ">H", "<I", ">I"))
        size = struct.calcsize(letter)
        value = random_.choice(NUMBERS) & ((1 << 8 * size) - 1)
        return data[:at] + struct.pack(letter, value) + data[at + size :]
    end = min(len(data), at + random_.choice((1, 2, 4, 16, 64, 1024)))
    if deed == "cut":
        return data[:at] if random_.random() < 0.3 else data[:at] + data[end:]
    if deed == "copy":
        return data[:end] + data[at:end] * random_.choice((1, 2, 50)) + data[end:]
    donor = random_.choice(others)
    return data[:at] + donor[min(at, len(donor)) :]


def _places(data: bytes, family: str) -> list[int]:
    """Return where a format keeps its numbers."""
    if family in ("png", "apng"):
        return [at + step for at, length in _chunks(data) for step in range(0, 8 + min(length, 26))]
    if family == "jpeg":
        return [m.start() + step for m in _SEGMENT.finditer(data, 0, 4096) for step in range(12)]
    if family in ("tiff", "big") and len(data) > 8:
        start = struct.unpack_from("<I" if data[:2] == b"II" else ">I", data, 4)[0]
        return list(range(min(start, len(data) - 1), min(start + 260, len(data))))
    return list(range(min(len(data), 128)))


def _chunks(data: bytes) -> Iterator[tuple[int, int]]:
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield at, min(length, len(data))
        at += 12 + length


def with_right_sums(data: bytes) -> bytes:
    """Return a PNG with the check sum of each chunk put right, so that damage gets further."""
    fixed = bytearray(data)
    for at, length in _chunks(data):
        body = bytes(fixed[at + 4 : at + 8 + length])
        if at + 12 + length <= len(fixed):
            struct.pack_into(">I", fixed, at + 8 + length, zlib.crc32(body))
    return bytes(fixed)


if __name__ == "__main__":
    measure("images", __doc__, mutated)
