"""How much of the frames their gaze covers: reckoned for each recording, judged before training.

Gaze that lies at another time, on another clip, beside the frame or nowhere leaves maps empty; a
network trains on empty maps without a word. So a recording that covers less than the stated share
of its frames is refused, or passed over by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.data.dataset import FrameRecord
from export.errors import ExportError
from export.gaze.errors import GazeError, bounded, shown
from export.gaze.samples import GazeSamples

FASTEST_US = 100  # between two samples; trackers reach 500 us (2000 Hz)
SLOWEST_US = 200_000
FASTEST_FRAMES_US = 1000
MOST_NAMED = 20
FEW_FRAMES = 5  # of fewer, one blink decides the share: they are judged together


@dataclass(frozen=True)
class RecordingCoverage:
    """What one recording has to say of the frames that name it.

    Attributes:
        recording: Its path below the data folder.
        clip: The file of the first of these frames.
        frames, covered: How many frames name it, and how many of them have gaze on them.
        frames_us: When the first and the last of them were shown, on the tracker's clock.
        gaze_us: The first and the last sample, on the tracker's clock.
        first_shown_us: When the first frame was shown, on the frames' clock.
        samples, tracked: Samples, and those that are not lost.
        near: Samples within the frames' windows, lost ones and those beside the frame included.
        undated, coarse: See ``Tally``.
        clock: Which of the file's clocks.
        simulated: True when nobody looked.
    """

    recording: str
    clip: str
    frames: int
    covered: int
    frames_us: tuple[int, int]
    gaze_us: tuple[int, int]
    first_shown_us: int
    samples: int
    tracked: int
    near: int
    undated: int
    coarse: int
    clock: str
    simulated: bool

    @property
    def share(self) -> float:
        """Share of the frames that have gaze on them."""
        return self.covered / self.frames

    def falls_short(self, least: float) -> bool:
        """Say whether it covers less than ``least`` of its frames.

        Where fewer than five frames name it, that is left to chance; whether any sample lies within
        the frames' time, and is tracked, is not.
        """
        if self.frames < FEW_FRAMES and self.near and self.tracked:
            return False
        return self.share < least


@dataclass(frozen=True)
class GazeCoverage:
    """Coverage of all frames; ``with_recording`` counts those that name one."""

    frames: int
    with_recording: int
    covered: int
    simulated: bool
    recordings: tuple[RecordingCoverage, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of all frames that have gaze on them; 0 for none."""
        return self.covered / self.frames if self.frames else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return all of it, for the record of a run."""
        return {**asdict(self), "share": round(self.share, 4)}

    def brief(self) -> dict[str, Any]:
        """Return what a model file and its card tell."""
        return {
            "frames": self.frames,
            "covered": self.covered,
            "recordings": len(self.recordings),
            "lowest_share": round(min((r.share for r in self.recordings), default=self.share), 4),
            "simulated": self.simulated,
            "passed_over": list(self.passed_over[:MOST_NAMED]),
        }


def coverage_of(
    recording: str,
    samples: GazeSamples,
    records: Sequence[FrameRecord],
    offsets_us: Sequence[int],
    points: NDArray[np.int64],
    near: NDArray[np.int64],
) -> RecordingCoverage:
    """Reckon the coverage of the frames of one recording; arrays have one entry a frame."""
    times = [r.shown_us - offset for r, offset in zip(records, offsets_us, strict=True)]
    first = int(np.argmin(times))
    tally = samples.tally
    return RecordingCoverage(
        recording=recording,
        clip=records[first].path.name,
        frames=len(records),
        covered=int((points > 0).sum()),
        frames_us=(min(times), max(times)),
        gaze_us=(int(samples.timestamp_us[0]), int(samples.timestamp_us[-1])),
        first_shown_us=records[first].shown_us,
        samples=len(samples),
        tracked=int(samples.valid.sum()),
        near=int(near.sum()),
        undated=tally.undated if tally else 0,
        coarse=tally.coarse if tally else 0,
        clock=tally.clock if tally else "",
        simulated=samples.simulated,
    )


def check_units(recording: str, samples: GazeSamples, frame_times_us: Sequence[int]) -> None:
    """Refuse times that no tracker and no clip has: their unit is another one.

    Raises:
        GazeError: ``gaze-time``.
    """
    if len(samples) > 2:
        step = float(np.median(np.diff(samples.timestamp_us)))
        if not FASTEST_US <= step <= SLOWEST_US:
            raise GazeError(
                "gaze-time",
                f"{recording}: samples follow each other by {step:,.0f} us (median), which is "
                f"{1e6 / step:,.1f} a second; trackers take 5 to 10,000. Its times are probably "
                "of another unit than its column says",
            )
    steps = np.diff(np.unique(np.array(frame_times_us, dtype=np.int64)))
    if len(steps) > 1 and float(np.median(steps)) < FASTEST_FRAMES_US:
        raise GazeError(
            "gaze-time",
            f"{recording}: its frames follow each other by {np.median(steps):,.0f} us (median); "
            "timestamp_us of labels.csv is probably in milliseconds: write microseconds",
        )


def judged(
    coverage: GazeCoverage,
    records: Sequence[FrameRecord],
    root: Path,
    least: float,
    passed: Sequence[str],
) -> GazeCoverage:
    """Return the coverage with what was passed over, or refuse it.

    Args:
        coverage: The coverage.
        records: The frames.
        root: The data folder, which recordings are named from.
        least: The smallest share of its frames that each recording must cover (see
            ``falls_short`` for one of few frames), and all of them together of all frames, those
            that name no recording included.
        passed: Recordings that may cover less; their frames don't count in the whole either.

    Raises:
        ExportError: ``gaze-coverage`` or ``gaze-shared``.
    """
    known = {r.recording for r in coverage.recordings}
    strange = sorted(set(passed) - known)
    if strange:
        raise _refused(
            f"pass_coverage names {shown(strange[0])}, which no frame to train on does; known are "
            f"{sorted(known)[:8]}"
        )
    _refuse_shared(records, root, passed)
    for recording in coverage.recordings:
        if recording.falls_short(least) and recording.recording not in passed:
            raise _refused(_low(recording, least))
    apart = [r for r in coverage.recordings if r.recording in passed]
    frames = coverage.frames - sum(r.frames for r in apart)
    covered = coverage.covered - sum(r.covered for r in apart)
    if covered < least * frames or not coverage.covered:
        raise _refused(
            f"gaze lies on {covered} of {frames} frames to train on ({_percent(covered, frames)}); "
            f"{least:.0%} are required (least_coverage of the recipe). "
            f"{coverage.with_recording} of {coverage.frames} frames name a recording in the column "
            "'gaze' of labels.csv: give more of them one, or require less"
        )
    below = tuple(r.recording for r in apart if r.share < least)
    return replace(coverage, passed_over=below)


def _low(part: RecordingCoverage, least: float) -> str:
    first, last = part.frames_us
    begin, end = part.gaze_us
    return (
        f"{part.recording}: gaze lies on {part.covered} of {part.frames} frames "
        f"({_percent(part.covered, part.frames)}); {least:.0%} are required. Its frames "
        f"({part.clip}) were shown from {_s(first)} to {_s(last)} s of the tracker's clock"
        f"{f' ({part.clock})' if part.clock else ''}, its samples reach from {_s(begin)} to "
        f"{_s(end)} s; {part.tracked} of {part.samples} samples are tracked, {part.near} lie "
        f"within the frames' time{_why(part)}. Correct gaze_offset_us in labels.csv or offset_us "
        f"in gaze.toml (frames' clock minus tracker's clock; {part.first_shown_us - begin} puts "
        "the first frame at the first sample), or name the recording in pass_coverage of the recipe"
    )


def _why(recording: RecordingCoverage) -> str:
    if not recording.tracked:
        return ": the tracker never saw the eyes"
    if recording.near and not recording.covered:
        return ", none of them on the frame: look at [image] and [display] in gaze.toml"
    return ""


def _refuse_shared(records: Sequence[FrameRecord], root: Path, passed: Sequence[str]) -> None:
    """Refuse two clips, or two stills, of one recording at one time: nobody looks at both.

    A still within a clip may be a frozen frame of it.
    """
    spans: dict[Path, dict[Path, list[int]]] = {}
    for r in records:
        if r.gaze is not None and _name(r.gaze, root) not in passed:
            time = r.shown_us - (r.gaze_offset_us or 0)
            spans.setdefault(r.gaze, {}).setdefault(r.path, []).append(time)
    for gaze, files in spans.items():
        for clips in (True, False):
            ordered = sorted(
                (min(times), max(times), path.name)
                for path, times in files.items()
                if (len(times) > 1) == clips
            )
            shared = next((two for two in pairwise(ordered) if two[1][0] <= two[0][1]), None)
            if shared:
                raise ExportError("gaze-shared", bounded(_both(_name(gaze, root), *shared)))


def _both(gaze: str, one: tuple[int, int, str], other: tuple[int, int, str]) -> str:
    return (
        f"{gaze}: {one[2]} was shown from {_s(one[0])} to {_s(one[1])} s, and {other[2]} from "
        f"{_s(other[0])} s: nobody looks at two of them at once. Give each the recording of its "
        "own, or say by timestamp_us when it was shown"
    )


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _refused(message: str) -> ExportError:
    return ExportError("gaze-coverage", bounded(message))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _s(time_us: int) -> str:
    return f"{time_us / 1e6:,.3f}"
