"""Tables of Tobii and SMI exports, written from a known truth that the readers must give back."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

NAN = float("nan")
Pair = tuple[float, float]


@dataclass
class Truth:
    """Microseconds, and x, y in pixels of both eyes (NaN where lost)."""

    times: list[int]
    left: list[Pair]
    right: list[Pair]

    def points(self) -> np.ndarray:
        """Mean of the eyes that were tracked, (samples, 2), by plain Python."""
        found = []
        for pair in zip(self.left, self.right, strict=True):
            seen = [p for p in pair if p[0] == p[0]]
            found.append([sum(p[i] for p in seen) / len(seen) if seen else NAN for i in (0, 1)])
        return np.array(found, dtype=float).reshape(-1, 2)


@st.composite
def truths(draw: st.DrawFn, unit_us: int = 1, lowest: int = 0) -> Truth:
    """Any rate from 60 to 2000 Hz, with gaps; times are multiples of ``unit_us``."""
    step = draw(st.sampled_from([16_667, 8_333, 4_000, 3_333, 2_000, 1_000, 833, 500]))
    count = draw(st.integers(1, 12))
    jitter = draw(st.lists(st.integers(0, 100), min_size=count, max_size=count))
    gaps = draw(st.lists(st.sampled_from([0, 0, 0, 250_000]), min_size=count, max_size=count))
    start = draw(st.integers(lowest, 10**10))
    steps = np.cumsum(np.array(jitter) + np.array(gaps) + step)
    times = [(start + int(s)) // unit_us * unit_us for s in steps]
    times = sorted(set(times))
    place = st.integers(-5000, 25_000).map(lambda v: v / 8)
    pair = st.one_of(st.just((NAN, NAN)), st.tuples(place, place))
    eyes = [draw(st.lists(pair, min_size=len(times), max_size=len(times))) for _ in "LR"]
    return Truth(times, *eyes)


def text_of(
    draw: st.DrawFn, columns: dict[str, list[str]], events: list[dict[str, str]], above: str = ""
) -> bytes:
    """Write columns in any order, events between the rows, with any line end and encoding."""
    names = draw(st.permutations(list(columns)))
    rows = [[columns[name][index] for name in names] for index in range(len(columns[names[0]]))]
    for event in events:
        rows.insert(draw(st.integers(0, len(rows))), [event.get(name, "") for name in names])
    ending = draw(st.sampled_from(["\n", "\r\n", "\r\r\n"]))
    text = above + "".join("\t".join(row) + "\n" for row in [list(names), *rows])
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return text.replace("\n", ending).encode(
        draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-8"]))
    )


def numbers(values: list[float], comma: bool, lost: str = "") -> list[str]:
    """Write numbers exactly (they are eighths)."""
    cells = [lost if v != v else f"{v:.3f}" for v in values]
    return [c.replace(".", ",") for c in cells] if comma else cells


@st.composite
def pro_lab_files(draw: st.DrawFn) -> tuple[bytes, Truth]:
    """Pro Lab: time in ms or us, positions in px, other sensors or not."""
    truth = draw(truths(lowest=2_000_000))
    comma, sensor = draw(st.booleans()), draw(st.booleans())
    unit = draw(st.sampled_from(["[μs]", "[µs]", "[us]", "[ms]"]))
    times = [str(t) for t in truth.times]
    if unit == "[ms]":
        times = [f"{t / 1000:.3f}" for t in truth.times]
        times = [t.replace(".", ",") for t in times] if comma else times
    columns = {f"Recording timestamp {unit}": times}
    if draw(st.booleans()):
        columns["Eyetracker timestamp [μs]"] = [str(t + 77) for t in truth.times]
    for side, places in (("left", truth.left), ("right", truth.right)):
        for at, axis in enumerate("XY"):
            name = f"Gaze point {side} {axis} [DACS px]"
            columns[name] = numbers([p[at] for p in places], comma)
        words = draw(st.sampled_from([("Valid", "Invalid"), ("0", "4")]))
        columns[f"Validity {side}"] = [words[int(p[0] != p[0])] for p in places]
    columns["Event"] = [""] * len(times)
    columns["Participant name"] = ["Zoë"] * len(times)
    columns["Pupil diameter left [mm]"] = ["3,1"] * len(times)
    events = [{f"Recording timestamp {unit}": times[0], "Event": "KeyPress"}] * draw(
        st.integers(0, 2)
    )
    if sensor:
        columns["Sensor"] = ["Eye Tracker"] * len(times)
        events = [{**event, "Sensor": "Mouse"} for event in events]
    return text_of(draw, columns, events), truth


@st.composite
def studio_files(draw: st.DrawFn) -> tuple[bytes, Truth]:
    """Tobii Studio 3, or 1 and 2 with lines above the header."""
    old, comma = draw(st.booleans()), draw(st.booleans())
    truth = draw(truths(unit_us=1 if old else 1000, lowest=2_000_000))
    whole = [str(round(t / 1000)) for t in truth.times]
    if old:
        columns = {"Timestamp": whole, "MicroSecondTimestamp": [str(t) for t in truth.times]}
    else:
        columns = {"RecordingTimestamp": whole, "EyeTrackerTimestamp": ["1"] * len(whole)}
    for side, places in (("Left", truth.left), ("Right", truth.right)):
        for at, axis in enumerate("XY"):
            name = f"GazePoint{axis}{side}" if old else f"GazePoint{side}{axis} (ADCSpx)"
            columns[name] = numbers([p[at] for p in places], comma, "-1280" if old else "")
        codes = st.sampled_from(["0", "1"])
        columns[f"Validity{side}"] = ["4" if p[0] != p[0] else draw(codes) for p in places]
    columns[""] = [""] * len(whole)
    events = [{"Timestamp" if old else "RecordingTimestamp": whole[0]}] * draw(st.integers(0, 2))
    above = "Data properties:\n\nRecording resolution:\t 1920 x 1080\n\n" if old else ""
    return text_of(draw, columns, events, above), truth


@st.composite
def smi_files(draw: st.DrawFn) -> tuple[bytes, Truth]:
    """SMI: one eye or two, messages between the rows."""
    truth = draw(truths())
    eyes = draw(st.sampled_from(["L", "R", "LR"]))
    comma = draw(st.booleans())
    columns = {"Time": [str(t) for t in truth.times], "Type": ["SMP"] * len(truth.times)}
    columns["Trial"] = ["1"] * len(truth.times)
    for side, places in (("L", truth.left), ("R", truth.right)):
        if side not in eyes:
            places[:] = [(NAN, NAN)] * len(places)
            continue
        places[:] = [(NAN, NAN) if p == (0.0, 0.0) else p for p in places]
        for at, axis in enumerate("XY"):
            columns[f"{side} POR {axis} [px]"] = numbers([p[at] for p in places], comma, "0.00")
        columns[f"{side} Raw X [px]"] = ["12.50"] * len(places)
    message = {"Time": str(truth.times[0]), "Type": "MSG", "Trial": "1"}
    above = "## [iView]\n## Sample Rate:\t500\n## Calibration Area:\t1920\t1080\n##\n"
    return text_of(draw, columns, [message] * draw(st.integers(0, 2)), above), truth
