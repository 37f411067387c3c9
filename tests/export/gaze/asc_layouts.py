"""EyeLink ASC files of any layout, written from a known truth that the reader must give back.

Written from the EyeLink User Manual (4.9) and looks at real exports, not from the reader.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

NAN = float("nan")
STEPS_US = {60: 16_667, 125: 8000, 250: 4000, 500: 2000, 1000: 1000, 2000: 500}


@dataclass
class Truth:
    """What was recorded: microseconds, and x, y of the eyes (NaN where lost)."""

    times: list[int] = field(default_factory=list)
    left: list[tuple[float, float]] = field(default_factory=list)
    right: list[tuple[float, float]] = field(default_factory=list)

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean of the eyes that were tracked, by plain Python."""
        found = []
        for pair in zip(self.left, self.right, strict=True):
            seen = [p for p in pair if p[0] == p[0]]
            mean = [sum(p[i] for p in seen) / len(seen) if seen else NAN for i in (0, 1)]
            found.append(mean)
        array = np.array(found, dtype=float).reshape(-1, 2)
        return array[:, 0], array[:, 1]


@dataclass
class Block:
    """How one block is written."""

    eyes: str
    rate: int
    options: list[str]
    remote: bool
    flags: bool
    target: str  # of a remote recording: "behind" the flags, "before" them, or "absent"
    start: bool
    end: bool
    samples: list[str] = field(default_factory=list)


def _cell(value: float, comma: bool) -> str:
    text = "   ." if value != value else f"{value:7.1f}"
    return text.replace(".", ",") if comma and value == value else text


def _stamp(time_us: int, halves: bool, comma: bool) -> str:
    if not halves:
        return str(time_us // 1000)
    text = f"{time_us / 1000:.3f}".rstrip("0")
    text = text + "0" if text.endswith(".") else text
    return text.replace(".", ",") if comma else text


@st.composite
def asc_files(draw: st.DrawFn) -> tuple[bytes, Truth]:
    """A file and what it says: blocks on any millisecond, gaps, switches of eyes and rate."""
    truth, lines = Truth(), _header(draw)
    comma = draw(st.booleans())
    time = draw(st.integers(0, 10**9)) * 1000
    halves = draw(st.booleans())  # times to the half millisecond (edf2asc -ftime)
    last = Block("L", 500, [], False, True, "absent", True, True)
    for number in range(draw(st.integers(1, 4))):
        block = draw(blocks(halves))
        declared = number == 0 or draw(st.booleans())
        if not declared:  # the SAMPLES line of the block before holds on
            block = replace(last, start=block.start, end=block.end)
        last = block
        lines += _declarations(block, time, declared)
        time = _samples(draw, block, time, truth, lines, halves or block.rate == 60, comma)
        if block.end:
            lines.append(f"END\t{time // 1000} \tSAMPLES\tEVENTS\tRES\t  47.75\t  45.92")
        time += draw(st.integers(1, 40_000)) * 1000
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]))
    text = ending.join(lines) + draw(st.sampled_from(["", ending]))
    return text.encode(encoding), truth


def blocks(halves: bool) -> st.SearchStrategy[Block]:
    """Return blocks; 60 Hz needs decimals to be told exactly."""
    rates = st.sampled_from(sorted(STEPS_US) if halves else [125, 250, 500, 1000, 2000])
    return st.builds(
        Block,
        st.sampled_from(["L", "R", "LR"]),
        rates,
        st.lists(st.sampled_from(["VEL", "RES", "INPUT"]), unique=True),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["behind", "before", "absent"]),
        st.booleans(),
        st.booleans(),
    )


def _header(draw: st.DrawFn) -> list[str]:
    lines = [
        "** CONVERTED FROM scan.edf using edfapi 4.2.1 Linux",
        "** TYPE: EDF_FILE BINARY",
        "**",
        "",
    ]
    lines += [
        "MSG\t12 !CAL Gurke für Ä, 'é'",
        "     -0  187.55  7.0443  0.53469  0.55406",
        "\t  -63     7   -44     4",
    ]
    if draw(st.booleans()):
        lines.append("MSG\t13 DISPLAY_COORDS 0 0 1919 1079")
    if draw(st.booleans()):
        size = draw(st.sampled_from(["1919.00 1079.00", "1920.00 1080.00"]))
        lines.append(f"MSG\t13 GAZE_COORDS 0.00 0.00 {size}")
    return lines


def _declarations(block: Block, time: int, declared: bool) -> list[str]:
    eyes = "\t".join({"L": ["LEFT"], "R": ["RIGHT"], "LR": ["LEFT", "RIGHT"]}[block.eyes])
    lines = [f"START\t{time // 1000} \t{eyes}\tSAMPLES\tEVENTS"] if block.start else []
    if declared:
        more = [*block.options, *(["HTARGET"] if block.remote and not time % 2000 else [])]
        what = f"GAZE\t{eyes}\t" + ("HTARGET\t" if block.remote and time % 2000 else "")
        what += f"RATE\t{block.rate:7.2f}\tTRACKING\tCR\tFILTER\t2"
        lines += ["PRESCALER\t1", "VPRESCALER\t1", "PUPIL\tAREA", f"EVENTS\t{what}"]
        lines.append("\t".join([f"SAMPLES\t{what}", *more]))
    return lines


def _samples(draw, block, time, truth, lines, halves, comma) -> int:
    """Write samples; return the time behind the last."""
    values = st.one_of(st.just(NAN), st.integers(-20_000, 40_000).map(lambda v: v / 10))
    step = STEPS_US[block.rate]
    fast = block.rate == 2000 and not halves
    for _ in range(draw(st.integers(1, 8))):
        for part in (0, 500) if fast else (0,):
            _sample(draw, block, time + part, truth, lines, halves, comma, values)
        time += 1000 if fast else step
        if draw(st.integers(0, 5)) == 0:
            time += draw(st.integers(1, 50)) * 1000  # a gap inside the block
        if draw(st.integers(0, 3)) == 0:
            lines.append(draw(st.sampled_from(_events(time))))
    return time


def _sample(draw, block, time, truth, lines, halves, comma, values) -> None:
    cells = [_stamp(time, halves, comma)]
    for eye, places in (("L", truth.left), ("R", truth.right)):
        if eye not in block.eyes:
            places.append((NAN, NAN))
            continue
        x, y = draw(values), draw(values)
        cells += [_cell(x, comma), _cell(y, comma), "  288.0"]
        places.append((x, y) if x == x and y == y else (NAN, NAN))
    extra = {"VEL": 2 * len(block.eyes), "RES": 2, "INPUT": 1}
    for option in ("VEL", "RES", "INPUT"):
        cells += ["  12.5"] * extra[option] if option in block.options else []
    cells += _ending(draw, block, lost=all(c.strip() == "." for c in cells[1:3]))
    truth.times.append(time)
    lines.append("\t".join(cells))


def _ending(draw, block: Block, lost: bool) -> list[str]:
    """Flags and target, in the orders that real files have them."""
    one = len(block.eyes) == 1
    flags = ["..." if one else ".....", draw(st.sampled_from(["C..", ".R."])) if one else ".C.C."]
    more = "............." if one else "...CF.B.RTB.R...."
    target = [" 4583.0", " 6891.0", "  575.3"] if block.remote else []
    if not block.flags or (lost and len(block.eyes) == 1 and draw(st.booleans())):
        return target if block.target != "absent" and not block.flags else []
    if not target or block.target == "absent":
        return [draw(st.sampled_from(flags))]
    if block.target == "before":
        return [*target, more]
    return [draw(st.sampled_from(flags)), *target, more]


def _events(time: int) -> list[str]:
    ms = time // 1000
    return [
        f"EFIX L   {ms - 90}\t{ms - 400}\t107\t  961.2\t  540.5\t    284",
        f"SSACC R  {ms - 30}", f"EBLINK R {ms - 80}\t{ms - 5}\t80", f"INPUT\t{ms}\t127",
        f"MSG\t{ms - 7} 3 SYNCTIME ü", f"MSG {ms + 4} READING.STOP", "",
        "ESACC  L  2091\t2094\t3\t 1018.9\t 1195.7\t  160.8\t  438.2\t  17.38\t    461",
    ]  # fmt: skip
