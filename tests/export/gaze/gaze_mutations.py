"""Mutated recordings: only samples or typed errors come of them, and no silent difference.

Bytes are changed at random (whatever comes, no other exception, no more than the memory allowed),
and whole lines are dropped, doubled, swapped, cut out in blocks or joined: what is then read must
be exactly what the lines left say, by a reading of their cells that shares nothing with the
readers, or be refused.

Long form::

    python -m tests.export.gaze.gaze_mutations 100000 docs/results/gaze-mutations.json
"""

from __future__ import annotations

import json
import math
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from export.gaze import Display, GazeError, read_gaze
from export.gaze.settings import read_session
from tests.export.gaze.gaze_files import (
    DISPLAY_AND_IMAGE,
    EYELINK,
    PRO_LAB_HEADER,
    TX300_HEADER,
    pro_lab_text,
    tx300_row,
)

SCREEN = Display(1920, 1080, 0.2665, 620.0)
MEMORY_BYTES = 3 * 2**30  # of address space: what is imported takes most of it
JUNK = (
    b"\0", b"\xff\xfe", b"\x1b[31m", b"nan", b"inf", b"1e999", b"-", b"9" * 400, b",", b"\t", b"\n",
    b"\r", b'"', b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"1_0", b"0x1f", "١".encode(),
)  # fmt: skip

Sample = tuple[int, float, float]
Cells = Callable[[str], "Sample | None"]


def _eyelink_line(line: str) -> Sample | None:
    """Read a sample line of one eye or two by its tokens alone."""
    if not line[:1].isdigit():
        return None
    cells = line.split()
    numbers = [c for c in cells[1:] if not set(c) <= set(".CR") or c == "."]
    pairs = [cells[1:3], cells[4:6]] if len(numbers) >= 6 else [cells[1:3]]
    return _mean(round(float(cells[0]) * 1000), pairs, lost=".")


def _mean(time_us: int, pairs: list[list[str]], lost: str = "") -> Sample:
    seen = [(float(x), float(y)) for x, y in pairs if x != lost]
    if not seen:
        return (time_us, math.nan, math.nan)
    return (time_us, *(sum(p[i] for p in seen) / len(seen) for i in (0, 1)))


def _pro_lab_line(line: str) -> Sample | None:
    cells = line.split("\t")
    if len(cells) < 10 or cells[1] != "Eye Tracker":
        return None
    return _mean(int(cells[0]), [cells[5:7], cells[7:9]])


def _smi_line(line: str) -> Sample | None:
    cells = line.split("\t")
    return _mean(int(cells[0]), [cells[3:5]], lost="0.00") if "SMP" in cells[1:2] else None


def _csv_line(line: str) -> Sample | None:
    cells = line.split(",")
    return _mean(int(cells[0]), [cells[1:3]]) if cells[0].isdigit() else None


def _sdk_line(line: str) -> Sample | None:
    cells = line.split(";")
    if not cells[0].isdigit():
        return None
    x, y = cells[1].strip("()").split(", ")
    return (int(cells[0]), float(x) * 1920, float(y) * 1080)


def _tx300_line(line: str) -> Sample | None:
    cells = dict(zip(TX300_HEADER, line.split("\t"), strict=False))
    if not cells["Time"].isdigit():
        return None
    x, y = float(cells["LGazePos2dx"]), float(cells["LGazePos2dy"])
    return (int(cells["Time"]), x * 1920, y * 1080)


def _studio_line(line: str) -> Sample | None:
    cells = line.split("\t")
    if len(cells) < 8 or not cells[0].isdigit() or not cells[4]:
        return None
    return _mean(int(cells[1]), [cells[2:4], cells[5:7]])


def _remote() -> str:
    head = (
        "** CONVERTED FROM a.edf\nSTART\t2001 \tLEFT\tRIGHT\tSAMPLES\tEVENTS\nSAMPLES\tGAZE\tLEFT\t"
        "RIGHT\tRATE\t 500.00\tTRACKING\tCR\tFILTER\t2\tINPUT\tHTARGET\n"
    )
    rows = "".join(
        f"{2001 + 2 * i}\t {10.5 + i}\t 20.0\t 300.0\t {12.5 + i}\t 22.0\t 310.0\t 127.0\t.....\t"
        f" 4583.0\t 6891.0\t 575.3\t.................\n"
        for i in range(8)
    )
    second = ("END\t2020 \tSAMPLES\tEVENTS\nSTART\t3000 \tRIGHT\tSAMPLES\tEVENTS\n"
              "SAMPLES\tGAZE\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2\n")  # fmt: skip
    return (
        head + rows + second + "".join(f"{3000 + i}.5\t {i}.0\t 9.0\t 1.0\t...\n" for i in range(8))
    )


def _files() -> dict[str, tuple[str, Cells]]:
    tracker = ("Eye Tracker", "", "1920", "1080")
    pro_lab = tuple(
        (
            str(8333 * i),
            *tracker,
            f"{900 + i}.5",
            "540.25",
            "970",
            "560",
            "Valid",
            "Valid",
            "600",
            "",
        )
        for i in range(12)
    )
    smi = "## [iView]\n## Calibration Area:\t1920\t1080\n"
    smi += "Time\tType\tTrial\tL POR X [px]\tL POR Y [px]\n"
    smi += "".join(
        f"{100_000 + 2000 * i}\tSMP\t1\t{10 + i}.25\t20.50\n"
        + ("5\tMSG\t1\t# Message: x\n" if i == 3 else "")
        for i in range(12)
    )
    sdk = ("device_time_stamp;left_gaze_point_on_display_area;left_gaze_point_validity;"
           "right_gaze_point_on_display_area;right_gaze_point_validity\n")  # fmt: skip
    sdk += "".join(f"{11_000 * i};(0.{10 + i}, 0.5);1;(nan, nan);0\n" for i in range(12))
    studio = (
        "Recording resolution:\t1920 x 1080\n\nTimestamp\tMicroSecondTimestamp\tGazePointXLeft\t"
        "GazePointYLeft\tValidityLeft\tGazePointXRight\tGazePointYRight\tValidityRight\tEvent\n"
    )
    studio += "".join(
        f"{16 * i}\t{16_667 * i}\t{10 + i}\t20\t0\t{30 + i}\t40\t0\t\n"
        + ("9\t\t\t\t\t\t\t\tClick\n" if i == 5 else "")
        for i in range(12)
    )
    tx300 = "\n".join(
        ["\t".join(TX300_HEADER)]
        + [tx300_row(3333 * i, (f"0.{10 + i}", "0.5", 0), ("-1", "-1", 4)) for i in range(12)]
    )
    own = "timestamp_us,x_px,y_px,valid\n" + "".join(f"{8000 * i},{i}.5,20,1\n" for i in range(12))
    return {
        "eyelink": (EYELINK, _eyelink_line),
        "eyelink-remote": (_remote(), _eyelink_line),
        "pro-lab": (pro_lab_text(PRO_LAB_HEADER, pro_lab), _pro_lab_line),
        "studio": (studio, _studio_line),
        "sdk": (sdk, _sdk_line),
        "smi": (smi, _smi_line),
        "tx300": (tx300 + "\n", _tx300_line),
        "csv": (own, _csv_line),
    }


FILES = _files()
TOML = (
    DISPLAY_AND_IMAGE
    + """[map]
width = 24
sigma_deg = 1.0
offset_us = 0
[recording]
time_unit = "ms"
"""
)


def _bytes_changed(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + rng.choice(JUNK) + data[at + rng.randint(0, 8) :]
        elif kind == 2:
            data = data[:at] + data[at + rng.randint(1, 60) :]
        elif kind == 3:
            data = data[:at] + data[at : at + rng.randint(1, 300)] * rng.randint(2, 9) + data[at:]
        elif kind == 4:
            data = data[:at]
        else:
            data = data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:]
        data = data or b"\n"
    return data


def _lines_changed(rng: random.Random, lines: list[str], header: int) -> tuple[str, list[str]]:
    """Change whole lines below the header; return what was done, and the lines."""
    lines, kind = list(lines), rng.choice(["drop", "double", "swap", "cut", "move"])
    at = rng.randrange(header, len(lines))
    if kind == "drop":
        del lines[at]
    elif kind == "double":
        lines.insert(rng.randrange(at, len(lines) + 1), lines[at])
    elif kind == "swap":
        other = rng.randrange(header, len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "cut":
        del lines[at : at + rng.randint(2, 12)]
    else:
        block = lines[at : at + rng.randint(2, 8)]
        del lines[at : at + len(block)]
        into = rng.randrange(header, len(lines) + 1)
        lines[into:into] = block
    return kind, lines


def run(count: int, seed: int = 1) -> dict[str, object]:
    """Read ``count`` mutants; return what came of them.

    Raises:
        AssertionError: A mutant gave another exception than ``GazeError``, or a silent difference.
    """
    rng, outcomes, began = random.Random(seed), Counter(), time.perf_counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant"
        for number in range(count):
            name = rng.choice(list(FILES))
            start = time.perf_counter()
            if number % 10 == 9:
                path.write_bytes(_bytes_changed(rng, TOML.encode()))
                outcomes["gaze.toml", "bytes", _settings_of(path)] += 1
            elif number % 2:
                path.write_bytes(_bytes_changed(rng, FILES[name][0].encode()))
                outcomes[name, "bytes", _result(path)[0]] += 1
            else:
                outcomes[(name, *_with_lines(rng, path, name))] += 1
            slowest = max(slowest, time.perf_counter() - start)
    return {
        "mutants": count,
        "seed": seed,
        "escapes": 0,
        "silent_differences": 0,
        "seconds": round(time.perf_counter() - began, 1),
        "slowest_s": round(slowest, 3),
        "outcomes": {" / ".join(key): n for key, n in sorted(outcomes.items())},
    }


def _settings_of(path: Path) -> str:
    try:
        read_session(path)
    except GazeError as error:
        return error.slug
    return "read"


def _result(path: Path) -> tuple[str, list[Sample]]:
    try:
        found = read_gaze(path, SCREEN)
    except GazeError as error:
        told = error
    else:
        return "read", list(zip(found.timestamp_us.tolist(), found.x_px, found.y_px, strict=True))
    assert len(str(told)) <= 1000
    assert str(told).isprintable()
    return told.slug, []


def _with_lines(rng: random.Random, path: Path, name: str) -> tuple[str, str]:
    text, cells = FILES[name]
    header = 0 if name.startswith("eyelink") else _header_lines(text, cells)
    kind, lines = _lines_changed(rng, text.splitlines(), header)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    slug, found = _result(path)
    if slug == "read":
        told = [s for s in map(cells, lines) if s is not None]
        assert _same(found, told), f"silent difference: {name}, {kind}: {lines}"
        assert all(a[0] < b[0] for a, b in pairwise(told))
    return kind, slug


def _header_lines(text: str, cells: Cells) -> int:
    lines = text.splitlines()
    return next(i for i, line in enumerate(lines) if i and _is_row(line, cells))


def _is_row(line: str, cells: Cells) -> bool:
    try:
        return cells(line) is not None
    except (ValueError, IndexError):
        return False


def _same(found: list[Sample], told: list[Sample]) -> bool:
    return len(found) == len(told) and all(
        a[0] == b[0]
        and all(
            math.isclose(p, q, rel_tol=1e-9) or (p != p and q != q)
            for p, q in zip(a[1:], b[1:], strict=True)
        )
        for a, b in zip(found, told, strict=True)
    )


def main() -> None:
    """Run the long form and write its record."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    count, target = int(sys.argv[1]), Path(sys.argv[2])
    record = run(count)
    record["command"] = f"python -m tests.export.gaze.gaze_mutations {count} {target.as_posix()}"
    record["memory_limit_bytes"] = MEMORY_BYTES
    record["peak_rss_bytes"] = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
