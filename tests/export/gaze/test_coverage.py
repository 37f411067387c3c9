"""Gaze that covers too little is refused before anything trains, or passed over by its name."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import FrameRecord, load_records
from export.distill import pipeline
from export.errors import ExportError
from export.gaze import Display, GazeError, MapSettings
from export.gaze.obtain import obtain_gaze
from export.gaze.records import gaze_of
from export.gaze.settings import ImageArea, Session, write_session
from export.model_card.text import _facts
from export.recipe.read import load_recipe
from export.recipe.settings import GazeConfig
from export.release.provenance import _gaze
from export.workspace import Workspace

SESSION = Session(
    Display(1000, 500, 0.27, 600.0),
    ImageArea(0, 0, 1000, 500, letterbox=False),
    MapSettings(10, 5, before_us=50_000, after_us=50_000, fixations_only=False),
)
FRAMES, STEP_US, SAMPLE_US = 20, 100_000, 10_000
QUARTER_US = 15 * 60 * 1_000_000


class Folder:
    """Two clips, each with a recording that lies on all of its frames, until it is changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: list[dict[str, str]] = []
        self.shown: dict[str, list[int]] = {}
        for clip in ("one", "two"):
            pixels = np.full((50, 100), 90, np.uint8)
            images = [Image.fromarray(pixels + i) for i in range(FRAMES)]
            images[0].save(root / f"{clip}.tiff", save_all=True, append_images=images[1:])
            self.shown[clip] = [STEP_US * i for i in range(FRAMES)]
            self.gaze(clip, [SAMPLE_US * i for i in range(10 * FRAMES)])
        write_session(SESSION, root / "gaze.toml")

    def gaze(self, clip: str, times: list[int], x: float = 500, y: float = 250, valid: int = 1):
        lines = ["timestamp_us,x_px,y_px,valid", *(f"{t},{x},{y},{valid}" for t in times)]
        (self.root / f"{clip}.csv").write_text("\n".join(lines) + "\n")

    def records(self, recording: dict[str, str] | None = None, **more: str) -> list[FrameRecord]:
        names = {"one": "one.csv", "two": "two.csv"} | (recording or {})
        columns = ["file", "label", "group", "frame", "timestamp_us", "gaze", *more]
        with open(self.root / "labels.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(columns)
            for clip, times in self.shown.items():
                for frame, time in enumerate(times):
                    row = [f"{clip}.tiff", clip, clip, frame, time, names[clip], *more.values()]
                    table.writerow(row)
        return load_records(self.root, None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("SONOGAZE_DATA", str(tmp_path))
    return Folder(tmp_path)


def _obtain(records: list[FrameRecord], tmp_path: Path, **config: object):
    asked = GazeConfig("folder", **config)
    return obtain_gaze(asked, records, records, set(), tmp_path)


def _refused(records: list[FrameRecord], tmp_path: Path, slug: str = "gaze-coverage") -> str:
    with pytest.raises(ExportError) as caught:
        _obtain(records, tmp_path)
    assert caught.value.slug == slug
    return str(caught.value)


def test_gaze_on_every_frame_is_taken_and_its_coverage_told(folder: Folder, tmp_path: Path):
    found = _obtain(folder.records(), tmp_path).coverage
    assert found is not None
    assert (found.frames, found.covered, found.with_recording, found.share) == (40, 40, 40, 1.0)
    assert [(r.recording, r.frames, r.covered) for r in found.recordings] == [
        ("one.csv", 20, 20), ("two.csv", 20, 20)
    ]  # fmt: skip


def test_a_shift_by_a_quarter_of_an_hour_is_refused_with_both_times_and_the_way_out(
    folder: Folder, tmp_path: Path
):
    folder.gaze("two", [QUARTER_US + SAMPLE_US * i for i in range(10 * FRAMES)])
    told = _refused(folder.records(), tmp_path)
    assert "two.csv: gaze lies on 0 of 20 frames (0.0 %); 50% are required" in told
    assert "(two.tiff) were shown from 0.000 to 1.900 s of the tracker's clock" in told
    assert "its samples reach from 900.000 to 901.990 s" in told
    assert "-900000000 puts the first frame at the first sample" in told
    mended = folder.records(gaze_offset_us=str(-QUARTER_US))
    folder.gaze("one", [QUARTER_US + SAMPLE_US * i for i in range(10 * FRAMES)])
    coverage = _obtain(mended, tmp_path).coverage  # the advice works
    assert coverage is not None
    assert coverage.share == 1.0
    assert [r.frames_us for r in coverage.recordings] == [(QUARTER_US, QUARTER_US + 1_900_000)] * 2


def test_the_advice_for_a_clock_that_counts_from_1970_works(folder: Folder, tmp_path: Path):
    begin = 1_790_000_000_000_000
    for clip in ("one", "two"):
        folder.gaze(clip, [begin + SAMPLE_US * i for i in range(10 * FRAMES)])
    assert f"{-begin} puts the first frame at the first" in _refused(folder.records(), tmp_path)
    coverage = _obtain(folder.records(gaze_offset_us=str(-begin)), tmp_path).coverage
    assert coverage is not None
    assert coverage.share == 1.0
    write_session(replace(SESSION, map=replace(SESSION.map, offset_us=-begin)),
                  folder.root / "gaze.toml")  # fmt: skip
    coverage = _obtain(folder.records(), tmp_path).coverage
    assert coverage is not None
    assert coverage.share == 1.0


def test_gaze_that_was_never_tracked_or_lies_beside_the_frame_is_refused_with_the_reason(
    folder: Folder, tmp_path: Path
):
    times = [SAMPLE_US * i for i in range(10 * FRAMES)]
    folder.gaze("one", times, valid=0)
    assert "0 of 200 samples are tracked" in _refused(folder.records(), tmp_path)
    folder.gaze("one", times, x=1500, y=250)
    told = _refused(folder.records(), tmp_path)
    assert "none of them on the frame: look at [image] and [display]" in told


def test_the_recording_of_another_clip_is_refused(folder: Folder, tmp_path: Path):
    told = _refused(folder.records({"two": "one.csv"}), tmp_path, "gaze-shared")
    assert "one.csv: one.tiff was shown from 0.000 to 1.900 s, and two.tiff from 0.000" in told
    folder.shown["two"] = [60_000_000 + STEP_US * i for i in range(FRAMES)]
    assert "lies on 20 of 40" in _obtain_text(folder, tmp_path, least_coverage=0.6)


def _obtain_text(folder: Folder, tmp_path: Path, **config: object) -> str:
    with pytest.raises(ExportError) as caught:
        _obtain(folder.records({"two": "one.csv"}), tmp_path, **config)
    return str(caught.value)


@pytest.mark.parametrize("factor", [1000, 1_000_000, 0.001])
def test_gaze_in_another_unit_is_refused(factor: float, folder: Folder, tmp_path: Path):
    folder.gaze("one", [round(SAMPLE_US * factor * i) for i in range(10 * FRAMES)])
    with pytest.raises(GazeError, match="probably of another unit than its column says") as caught:
        _obtain(folder.records(), tmp_path)
    assert caught.value.slug == "gaze-time"


def test_frames_in_milliseconds_are_refused(folder: Folder, tmp_path: Path):
    folder.shown = {clip: [t // 1000 for t in times] for clip, times in folder.shown.items()}
    with pytest.raises(GazeError, match=r"follow each other by 100 us.*in milliseconds") as caught:
        _obtain(folder.records(), tmp_path)
    assert caught.value.slug == "gaze-time"


@pytest.mark.parametrize(
    ("covered", "least", "taken"),
    [(9, 0.5, False), (10, 0.5, True), (1, 0.05, True), (19, 1.0, False)],
)
def test_the_stated_share_is_the_border(
    covered: int, least: float, taken: bool, folder: Folder, tmp_path: Path
):
    # samples end so that `covered` windows of 50 ms before and after hold one
    folder.gaze("one", list(range(0, STEP_US * covered - STEP_US // 2, SAMPLE_US)))
    records = folder.records()
    if taken:
        coverage = _obtain(records, tmp_path, least_coverage=least).coverage
        assert coverage is not None
        assert coverage.recordings[0].covered == covered
    else:
        with pytest.raises(ExportError, match=f"one.csv: gaze lies on {covered} of 20 frames"):
            _obtain(records, tmp_path, least_coverage=least)


def test_a_recording_is_passed_over_by_its_name_and_told(folder: Folder, tmp_path: Path):
    folder.gaze("two", [QUARTER_US + SAMPLE_US * i for i in range(10 * FRAMES)])
    found = _obtain(folder.records(), tmp_path, pass_coverage=["two.csv"]).coverage
    assert found is not None
    assert found.passed_over == ("two.csv",)
    assert (found.covered, found.frames) == (20, 40)
    with pytest.raises(ExportError, match=r"pass_coverage names 'three.csv'.*known are \['one"):
        _obtain(folder.records(), tmp_path, pass_coverage=["three.csv"])


def test_frames_of_which_most_name_no_recording_are_refused(folder: Folder, tmp_path: Path):
    folder.shown["two"] = folder.shown["two"][:5]
    told = _refused(folder.records({"one": ""}), tmp_path)
    assert "gaze lies on 5 of 25 frames to train on (20.0 %)" in told
    assert "5 of 25 frames name a recording" in told
    nothing = _refused(folder.records({"one": "", "two": ""}), tmp_path)
    assert "0 of 25 frames name a recording" in nothing


def test_of_few_frames_a_blink_is_no_reason_and_another_time_is(folder: Folder, tmp_path: Path):
    folder.shown = {clip: times[:4] for clip, times in folder.shown.items()}
    times = [SAMPLE_US * i for i in range(10 * FRAMES)]
    folder.gaze("two", times, x=5000)  # looked away
    assert _obtain(folder.records(), tmp_path).coverage is not None
    folder.gaze("one", times, x=5000)
    assert "gaze lies on 0 of 8 frames to train on" in _refused(folder.records(), tmp_path)
    folder.gaze("one", times)
    folder.gaze("two", times, valid=0)
    assert "two.csv: gaze lies on 0 of 4" in _refused(folder.records(), tmp_path)
    folder.gaze("two", [QUARTER_US + t for t in times])
    assert "two.csv: gaze lies on 0 of 4" in _refused(folder.records(), tmp_path)


def test_looking_at_gaze_is_not_judged(folder: Folder):
    folder.gaze("two", [QUARTER_US + SAMPLE_US * i for i in range(10 * FRAMES)])
    _, has_gaze, _ = gaze_of(folder.records(), folder.root)
    assert has_gaze.sum() == 20


RECIPE = """base = "smoke"
name = "own"
labels = ["one", "two"]
[gaze.expert]
source = "folder"
{more}
[teacher]
datasets = ["own"]
[transfer]
datasets = ["own"]
[objectives.petra]
labels = 1.0
logits = 1.0
attention = 0.1
teacher = "expert"
"""


def _recipe(root: Path, more: str = "") -> str:
    (root / "own.toml").write_text(RECIPE.format(more=more))
    return str(root / "own.toml")


def _in_training(records: list[FrameRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both groups be of the training set, whatever their hash."""
    monkeypatch.setattr(FrameRecord, "split", "train")


def test_a_teacher_of_uncovered_gaze_is_refused_before_it_trains(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    folder.gaze("two", [QUARTER_US + SAMPLE_US * i for i in range(10 * FRAMES)])
    _in_training(folder.records(), monkeypatch)
    monkeypatch.setattr(pipeline, "train_teacher", lambda *a: pytest.fail("it trains"))
    with pytest.raises(ExportError, match=r"two.csv: gaze lies on 0 of 20") as caught:
        pipeline.teacher(Workspace.open(_recipe(tmp_path), tmp_path / "runs"), "expert")
    assert caught.value.slug == "gaze-coverage"


def test_the_run_and_the_card_tell_what_gaze_covers_and_what_was_passed_over(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    folder.gaze("two", [QUARTER_US + SAMPLE_US * i for i in range(10 * FRAMES)])
    records = folder.records()
    _in_training(records, monkeypatch)
    recipe = _recipe(tmp_path, 'pass_coverage = ["two.csv"]\nleast_coverage = 0.75')
    told = _gaze(Workspace.open(recipe, tmp_path / "runs").student("petra"))
    note = json.loads((tmp_path / "runs" / "gaze-expert.json").read_text())
    assert (note["covered"], note["frames"], note["share"]) == (20, 40, 0.5)
    assert note["least_coverage"] == 0.75
    assert note["recordings"][1]["gaze_us"] == [QUARTER_US, QUARTER_US + 1_990_000]
    report = {
        "labels": ["one"], "command": "x", "bytes": {"fp32": 1},
        "calibration": {"temperature": 1.0, "abstain_below": {"one": 0.5}},
        "provenance": {
            "training_data": [], "teacher_sha256": None, "recipe": "own", "objective": "petra",
            "seed": 1, "parameters": 1, "gaze": told,
        },
    }  # fmt: skip
    line = next(line for line in _facts(report) if line.startswith("- Gaze"))
    assert line == (
        "- Gaze `expert` (recorded): lies on 20 of 40 training frames (50.0 %) by 2 recordings, "
        "the lowest 0.0 % of its own; at least 75 % were required, of recordings of fewer than 5 "
        "frames together. **Passed over**: `two.csv`"
    )
    assert not any("Gaze" in line for line in _facts({**report, "provenance": {
        **report["provenance"], "gaze": {}}}))  # fmt: skip


@pytest.mark.parametrize(
    "more",
    ["least_coverage = 1.5", "pass_coverage = []", "least_coverage = true",
     'pass_coverage = "two.csv"', "least_coverage = nan"],
)  # fmt: skip
def test_a_recipe_that_says_it_wrong_is_refused(more: str, tmp_path: Path):
    with pytest.raises(ExportError, match=more.split(" ")[0]) as caught:
        load_recipe(_recipe(tmp_path, more))
    assert caught.value.slug == "recipe-field"
