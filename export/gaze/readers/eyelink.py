"""EyeLink ASC files, as ``edf2asc`` writes them: every sample has the time that its line states.

No rate and no block decides when a sample was: blocks on odd milliseconds, gaps, missing ``START``
and ``END`` lines, and changes of eyes or rate between blocks leave times as they are.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.eyelink_lines import (
    Layout,
    gaze_of,
    layout_of,
    looks_like_sample,
    stamp_us,
)
from export.gaze.readers.text import Line, lines_of, open_recording
from export.gaze.samples import MAX_SAMPLES, Eye, GazeSamples, Tally, combine_eyes, from_points

_COORDS = re.compile(
    r"MSG\s+\S+\s+(?:-?\d+\s+)?(DISPLAY_COORDS|GAZE_COORDS)\s*[=:]?"
    r"((?:[\s,]+-?\d+(?:\.\d+)?){4})(?=\s|$)",
    re.ASCII,
)
_KNOWN = frozenset(
    ("MSG", "START", "END", "PRESCALER", "VPRESCALER", "PUPIL", "EVENTS", "SAMPLES", "SFIX", "EFIX",
     "SSACC", "ESACC", "SBLINK", "EBLINK", "INPUT", "BUTTON")
)  # fmt: skip
_HALF_MS_US = 500


def read_eyelink(path: str | Path, display: Display) -> GazeSamples:
    """Read an ASC file; both eyes are combined.

    Timestamps keep the tracker's clock (milliseconds there, microseconds here), which the file's
    own messages use, so that a message can give the offset between clocks. At 2000 Hz two samples
    may share a whole millisecond: the second is half a millisecond later (User Manual, 4.9.2); one
    that stands alone keeps the millisecond, and is counted as ``coarse``.

    Args:
        path: The file.
        display: Checked against the display coordinates where the file names them.

    Raises:
        GazeError: The file is not usable.
    """
    samples = _Samples(Path(path), display)
    with open_recording(path) as file:
        samples.take(lines_of(path, file, latin=True))
    return samples.recording()


class _Samples:
    """What was read so far: samples, and what the lines above declare of the next ones."""

    def __init__(self, path: Path, display: Display) -> None:
        self._path, self._display = path, display
        self._layout: Layout | None = None
        self._started, self._fresh = "", False  # the eyes that START names; no sample since it
        self._origin = (0.0, 0.0)
        self._corners: dict[str, tuple[float, float]] = {}
        self._times = array("q")
        self._gaze = array("d")  # left x, left y, right x, right y of each sample
        self._pair = _Pair()
        self._cut = 0

    def take(self, lines: Iterator[Line]) -> None:
        """Read all lines."""
        for number, line, ended in lines:
            if "0" <= line[:1] <= "9":
                self._sample(number, line.split(), ended)
            elif line[:1] not in ("", "*", "#", "/", ";", ">"):
                self._other(number, line)

    def recording(self) -> GazeSamples:
        """Return the recording, eyes combined."""
        if not self._times:
            raise GazeError(
                "gaze-file-empty",
                f"{self._path} holds no sample; convert with samples (edf2asc without -e)",
            )
        left_x, left_y, right_x, right_y = (
            np.frombuffer(self._gaze, dtype=np.float64).reshape(-1, 4).T
        )
        eyes = [
            Eye(x, y, np.isfinite(x) & np.isfinite(y))
            for x, y in ((left_x, left_y), (right_x, right_y))
        ]
        gaze = combine_eyes(*eyes)
        lines = len(self._times) + self._cut
        tally = Tally(lines, self._cut, coarse=self._pair.alone(), clock="tracker")
        return from_points(
            np.array(self._times, dtype=np.int64), gaze.x, gaze.y, gaze.valid, tally=tally
        )

    def _sample(self, number: int, tokens: list[str], ended: bool) -> None:
        layout = self._layout
        if layout is None:
            raise GazeError(
                "gaze-columns",
                f"{self._path}, line {number}: a sample, but no SAMPLES line above it says whether "
                "it holds gaze, and of which eye; convert with events too (edf2asc without -s)",
            )
        if len(self._times) >= MAX_SAMPLES:
            raise GazeError(
                "gaze-file-too-large", f"{self._path} has more than {MAX_SAMPLES:,} samples"
            )
        if self._started and self._started != layout.eyes:
            raise GazeError(
                "gaze-columns",
                f"{self._path}, line {number}: the block's START names the eyes "
                f"{self._started!r}, its SAMPLES line {layout.eyes!r}; they must agree",
            )
        try:
            time = stamp_us(tokens[0])
        except ValueError as error:
            raise GazeError(
                "gaze-number", f"{self._path}, line {number}: time {tokens[0][:40]!r} {error}"
            ) from error
        try:
            places = gaze_of(tokens[1:], layout)
        except ValueError as error:
            if not ended:  # the last line, of a file that was cut
                self._cut = 1
                return
            raise GazeError(
                "gaze-row", f"{self._path}, line {number}: a sample that {error}"
            ) from error
        self._append(number, tokens[0], time, layout, places)

    def _append(
        self, number: int, token: str, time: int, layout: Layout, places: tuple[float, ...]
    ) -> None:
        self._fresh = False
        dated = self._pair.dated(token, time, layout.rate_hz)
        if self._times and dated <= self._times[-1]:
            raise GazeError("gaze-time", self._falls(number, dated, layout.rate_hz))
        self._times.append(dated)
        if layout.eyes == "R":
            self._gaze.extend((np.nan, np.nan))
        x0, y0 = self._origin
        self._gaze.extend(v - (x0, y0)[i % 2] for i, v in enumerate(places))
        if layout.eyes == "L":
            self._gaze.extend((np.nan, np.nan))

    def _falls(self, number: int, time: int, rate_hz: float | None) -> str:
        at = f"{self._path}, line {number}"
        problem = f"sample time {_ms(time)} ms follows {_ms(self._times[-1])} ms; times must rise"
        if time // 1000 < self._times[-1] // 1000:
            return f"{at}: {problem}. If the tracker was started anew, split the file there"
        return (
            f"{at}: {problem}. The block declares {rate_hz or 'no'} Hz; for a 2000 Hz recording, "
            "convert with times to the half millisecond (edf2asc -ftime)"
        )

    def _other(self, number: int, line: str) -> None:
        tokens = line.split()
        if not tokens:
            return
        if tokens[0] == "MSG":
            self._message(number, line)
        elif tokens[0] in ("SAMPLES", "START", "PRESCALER") and line[0] not in " \t":
            self._declared(number, tokens)
        elif tokens[0] not in _KNOWN and looks_like_sample(line, self._layout):
            raise GazeError(
                "gaze-row",
                f"{self._path}, line {number} looks like a sample, but begins with {line[:20]!r} "
                "instead of a time",
            )

    def _declared(self, number: int, tokens: list[str]) -> None:
        if tokens[0] == "START":
            self._started = ("L" if "LEFT" in tokens else "") + ("R" if "RIGHT" in tokens else "")
            self._fresh = True
            return
        if tokens[0] == "PRESCALER":
            if tokens[1:] not in (["1"], ["1.0"]):
                raise GazeError(
                    "gaze-columns",
                    f"{self._path}, line {number}: PRESCALER is {' '.join(tokens[1:])[:40]!r}; "
                    "only 1 is read, which edf2asc writes",
                )
            return
        if tokens[1:2] != ["GAZE"]:
            raise GazeError(
                "gaze-columns",
                f"{self._path} holds {' '.join(tokens[1:2])[:20]} samples; convert with gaze "
                f"positions (edf2asc -sg), line {number}",
            )
        try:
            self._layout = layout_of(tokens)
        except ValueError as error:
            raise GazeError(
                "gaze-columns", f"{self._path}, line {number}: the SAMPLES line {error}"
            ) from error
        self._pair.new_block()
        if not self._fresh:
            self._started = ""  # that of another block: this one has none

    def _message(self, number: int, line: str) -> None:
        coords = _COORDS.match(line[:300])
        if not coords:
            return
        left, top, right, bottom = (float(w) for w in coords[2].replace(",", " ").split())
        size = right - left, bottom - top
        screen = self._display.width_px, self._display.height_px
        # the last pixel is width - 1; some software writes the width
        if size not in ((screen[0] - 1, screen[1] - 1), screen):
            raise GazeError(
                "gaze-display",
                f"{self._path}, line {number} ({coords[1]}): was recorded on {size[0] + 1:g}x"
                f"{size[1] + 1:g} pixels, the display given has {screen[0]}x{screen[1]}; give the "
                "display that was recorded",
            )
        self._corners[coords[1]] = (left, top)
        if len(set(self._corners.values())) > 1:
            raise GazeError(
                "gaze-display",
                f"{self._path}, line {number}: DISPLAY_COORDS and GAZE_COORDS begin at "
                f"{self._corners['DISPLAY_COORDS']} and {self._corners['GAZE_COORDS']}; they must "
                "agree on where the display's upper left corner is",
            )
        self._origin = (left, top)


class _Pair:
    """Dates samples that share a whole millisecond at 2000 Hz."""

    def __init__(self) -> None:
        self._last, self._coarse = -1, 0
        self._open = False

    def dated(self, token: str, time: int, rate_hz: float | None) -> int:
        """Return the time, us: half a millisecond later for the second of a pair."""
        whole = "." not in token and "," not in token and rate_hz == 2000
        if whole and self._open and time == self._last:
            self._open, self._coarse = False, self._coarse - 1
            return time + _HALF_MS_US
        self._last, self._open = time, whole
        self._coarse += whole
        return time

    def new_block(self) -> None:
        """Begin a block: no pair reaches across."""
        self._open = False

    def alone(self) -> int:
        """Return how many samples stand alone in their millisecond."""
        return self._coarse


def _ms(time_us: int) -> str:
    return f"{time_us / 1000:.3f}".rstrip("0").rstrip(".")
