"""Damaged DICOM files: bytes changed at random, and elements changed as a parser sees them.

`python -m tests.sdk.dicom_matrix.mutate --count 40000 -o RESULT.json` opens them all through
`sdk.sources.open`. Run it from the project's root, with its environment.
"""

from __future__ import annotations

import argparse
import collections
import io
import json
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sdk import sources
from sdk.errors import FrameError, SourceError
from tests.sdk.dicom_matrix import codecs, compare, independent
from tests.sdk.dicom_matrix.cells import Cell, build
from tests.sdk.dicom_matrix.sampled import sample

_LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OV", b"UC", b"UR", b"OF", b"OD", b"OL")
_NUMBERS = (0, 1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 64, 255, 256, 32767, 32768, 65535)
_TEXTS = (
    b"0",
    b"-1",
    b"1e308",
    b"nan",
    b"99999999",
    b"1\\2",
    b"",
    b"\xff\xfe",
    b"RGB",
    b"YBR_FULL",
)
_TEXTS += (b"MONOCHROME1", b"YBR_FULL_422", b"PALETTE COLOR", b"YBR_RCT", b"HSV", b"SIGMOID")
_LENGTHS = (0, 1, 2, 0xFFFE, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
_MAX_SECONDS = 30.0

Element = tuple[int, int, int, bytes]  # where it begins, where its value begins, its length, its VR


def seeds(count: int, seed: int) -> list[tuple[Cell, bytes]]:
    """Valid files of every kind, small ones."""
    cells = sample(60_000, seed)[:count]
    return [(cell, codecs.saved(build(cell, number).dataset)) for number, cell in enumerate(cells)]


def elements(data: bytes) -> list[Element]:
    """The top-level elements of an explicit little-endian file, as far as they can be walked."""
    found, at = [], 132
    while at + 8 <= len(data):
        vr = data[at + 4 : at + 6]
        if vr in _LONG and at + 12 <= len(data):
            value, length = at + 12, struct.unpack_from("<I", data, at + 8)[0]
        else:
            value, length = at + 8, struct.unpack_from("<H", data, at + 6)[0]
        found.append((at, value, length, vr))
        at = value + (0 if length == 0xFFFFFFFF else length)
    return found


def mutate(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change a file in one to four ways."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(_WAYS)(data, other, chance)
        if len(data) < 140:
            break
    return data


def _flip(data: bytes, other: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        changed[chance.randrange(128, len(changed))] = chance.choice(
            (0, 1, 127, 128, 255, 216, 217)
        )
    return bytes(changed)


def _bit(data: bytes, other: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    changed[chance.randrange(128, len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _remove(data: bytes, other: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(128, len(data))
    return data[:at] + data[at + chance.choice((1, 2, 8, 100)) :]


def _insert(data: bytes, other: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(128, len(data))
    return data[:at] + chance.randbytes(chance.choice((1, 2, 8, 100))) + data[at:]


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(132, len(data))] + other[chance.randrange(132, len(other)) :]


def _value(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Give an element of the image another value, of its own kind."""
    at, value, length, vr = _pick(data, chance)
    if vr in (b"US", b"SS") and length % 2 == 0 and length:
        new = b"".join(struct.pack("<H", chance.choice(_NUMBERS)) for _ in range(length // 2))
        return data[:value] + new + data[value + length :]
    if vr in (b"CS", b"DS", b"IS", b"UI") and length < 1000:
        text = chance.choice(_TEXTS)
        text += b" " * (len(text) % 2)
        head = data[at : at + 6] + struct.pack("<H", len(text))
        return data[:at] + head + text + data[value + length :]
    return _bit(data, other, chance)


def _length(data: bytes, other: bytes, chance: random.Random) -> bytes:
    _, value, length, vr = _pick(data, chance)
    told = chance.choice((*_LENGTHS, length + 2, max(0, length - 2), length * 2))
    size, code = (4, "<I") if vr in _LONG else (2, "<H")
    return data[: value - size] + struct.pack(code, told & (2 ** (8 * size) - 1)) + data[value:]


def _representation(data: bytes, other: bytes, chance: random.Random) -> bytes:
    at = _pick(data, chance)[0]
    vr = chance.choice(
        (b"US", b"SS", b"OB", b"OW", b"UN", b"SQ", b"IS", b"DS", b"??", b"FD", b"AT")
    )
    return data[: at + 4] + vr + data[at + 6 :]


def _drop(data: bytes, other: bytes, chance: random.Random) -> bytes:
    at, value, length, _ = _pick(data, chance)
    return data[:at] + data[value + (0 if length == 0xFFFFFFFF else length) :]


def _double(data: bytes, other: bytes, chance: random.Random) -> bytes:
    at, value, length, _ = _pick(data, chance)
    end = value + (0 if length == 0xFFFFFFFF else length)
    return data[:end] + data[at:end] + data[end:]


def _borrow(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Put an element of another file before one of this."""
    at = _pick(data, chance)[0]
    start, value, length, _ = _pick(other, chance)
    end = value + (0 if length == 0xFFFFFFFF else length)
    return data[:at] + other[start:end][:5000] + data[at:]


def _pixels(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change bytes at the beginning of the pixels: tables, item headers, codestream headers."""
    at = data.rfind(b"\xe0\x7f\x10\x00")
    if at < 0:
        return _bit(data, other, chance)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 5))):
        place = min(len(changed) - 1, at + chance.randrange(12, 200))
        changed[place] = chance.choice((0, 1, 2, 255, chance.randrange(256)))
    return bytes(changed)


def _pick(data: bytes, chance: random.Random) -> Element:
    found = elements(data)
    image = [element for element in found if data[element[0] : element[0] + 2] == b"\x28\0"]
    return chance.choice(image if image and chance.random() < 0.7 else found)


Way = Callable[[bytes, bytes, random.Random], bytes]
_WAYS: tuple[Way, ...] = (_flip, _bit, _cut, _remove, _insert, _splice, _length, _representation)
_WAYS += (_drop, _double, _borrow, _value, _value, _value, _pixels, _pixels, _pixels)


def outcome(data: bytes) -> str:
    """`frames` or the slug of the refusal; whatever else is raised passes.

    The work is that of the decoding process, whose limits of memory and CPU time hold.
    """
    try:
        for frame, info in sources.open(io.BytesIO(data)):
            assert 1 <= frame.width <= 16_384
            assert info.frame_count is not None
            assert info.index < info.frame_count
    except (SourceError, FrameError) as error:
        slug, message = error.slug, str(error)
    else:
        return "frames"
    assert len(message) < 2000
    assert message.isprintable()
    return slug


def compared(cell: Cell, data: bytes, folder: Path) -> str:
    """Hold a changed file that both read against dcmtk."""
    ours = compare.frames_of(data)
    if isinstance(ours, str):
        return "refused"
    if b"\x00\x52\x29\x92" in data or b"\x00\x52\x30\x92" in data:
        return "has functional groups, which dcmtk doesn't look at"
    path = folder / "cell.dcm"
    path.write_bytes(data)
    theirs = independent.dcmtk_levels(cell, path, folder)
    if theirs is None:
        return "dcmtk refuses"
    if ours[0].ndim == 2:
        theirs = [independent.as_grey(levels) for levels in theirs]
    return compare.outcome(ours, theirs, independent.tolerance(cell))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--compared", type=int, default=600, help="held against dcmtk's rendering")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    files = seeds(400, arguments.seed)
    began, slowest = time.monotonic(), 0.0
    counts: collections.Counter[str] = collections.Counter()
    for _ in range(arguments.count):
        data = mutate(chance.choice(files)[1], chance.choice(files)[1], chance)
        start = time.monotonic()
        counts[outcome(data)] += 1
        slowest = max(slowest, time.monotonic() - start)
        assert slowest < _MAX_SECONDS
    agreed, differing = against_dcmtk(arguments.compared, chance)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    record = {
        "what": "mutated DICOM files through sdk.sources.open: frames or a typed error",
        "command": "python -m tests.sdk.dicom_matrix.mutate " + " ".join(sys.argv[1:]),
        "commit": commit,
        "seed": arguments.seed,
        "files": sum(counts.values()),
        "outcomes": dict(counts.most_common()),
        "escapes, crashes of the host, hangs": 0,  # any would have ended this run
        "slowest_s": round(slowest, 2),
        "host_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "held against dcmtk": dict(agreed.most_common()),
        "differing": differing,
        "seconds": round(time.monotonic() - began),
    }
    arguments.output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


def against_dcmtk(count: int, chance: random.Random) -> tuple[collections.Counter[str], list[str]]:
    cells = [
        cell
        for cell in sample(3000, 2)
        if independent.dcmtk_shows(cell)
        and cell.syntax.startswith("explicit")
        # changed chroma leaves what RGB can hold, and dcmtk's rendering is RGB
        and not cell.photometric.startswith("YBR")
    ][:60]
    shown = [(cell, codecs.saved(build(cell, number).dataset)) for number, cell in enumerate(cells)]
    agreed: collections.Counter[str] = collections.Counter()
    differing = []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(count):
            cell, data = chance.choice(shown)
            changed = mutate(data, chance.choice(shown)[1], chance)
            result = compared(cell, changed, Path(name))
            agreed[result] += 1
            if result == "differs":
                differing.append(str(cell))
    return agreed, differing


if __name__ == "__main__":
    np.seterr(all="raise")
    main()
