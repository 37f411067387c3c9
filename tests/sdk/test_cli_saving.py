"""What `sonogaze classify` keeps: CSV, PNGs, films; and what it reads beside image files."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image
from typer.testing import CliRunner

import sdk.sources
from sdk.cli.app import app
from sdk.cli.classify import Asked, classify_files
from sdk.cli.saving import Keepers, NotSaved
from sdk.model_file.known_answers import pattern_frame
from sdk.sources.live.source import Waiting
from tests.sdk.test_sources_live import Server, answering, multipart
from tests.sdk.video_files import written


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    frames = [cv2.merge([np.roll(pattern_frame("ring", 320, 240), i, 1)] * 3) for i in range(4)]
    written(tmp_path / "clip.mp4", "mp4v", frames, fps=50)
    return tmp_path / "clip.mp4"


@pytest.fixture
def run(toy_path: Path) -> Any:
    def invoke(*arguments: object, stdin: bytes | None = None) -> Any:
        words = ["classify", "--model", str(toy_path), *map(str, arguments)]
        return CliRunner().invoke(app, words, input=stdin)

    return invoke


def test_a_video_is_classified_frame_by_frame(run: Any, clip: Path) -> None:
    done = run("--json", clip)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [line["timestamp_us"] for line in lines] == [0, 20_000, 40_000, 60_000]
    assert {line["kind"] for line in lines} == {"video"}
    assert {line["color_origin"] for line in lines} == {"assumed"}


@pytest.mark.parametrize("what", ["video", "image"])
def test_a_dash_is_standard_input(run: Any, clip: Path, what: str) -> None:
    memory = io.BytesIO()
    Image.fromarray(pattern_frame("ring", 320, 240)).save(memory, "PNG")
    data = clip.read_bytes() if what == "video" else memory.getvalue()
    done = run("--json", "-", stdin=data)
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == (4 if what == "video" else 1)


def test_nothing_on_standard_input_is_an_error(run: Any) -> None:
    done = run("-", stdin=b"")
    assert done.exit_code == 1
    assert "source-unknown-kind" in done.stderr


def test_the_attention_map_is_in_the_json_when_asked_for(run: Any, clip: Path) -> None:
    first = [json.loads(run("--json", *more, clip).stdout.splitlines()[0])["result"]
             for more in ([], ["--attention"])]  # fmt: skip
    assert "attention" not in first[0]
    assert np.isclose(np.sum(first[1].pop("attention")), 1, atol=1e-5)
    first[0].pop("timing")
    first[1].pop("timing")
    assert first[0] == first[1]


def test_csv_has_a_row_for_each_frame_and_each_error(run: Any, clip: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    done = run("--json", "--csv", table, clip, tmp_path / "none")
    assert done.exit_code == 1
    told = [json.loads(line) for line in done.stdout.splitlines()]
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    for row, line in zip(rows[:4], told, strict=False):
        assert (row["path"], row["index"]) == (str(clip), str(line["index"]))
        assert row["decision"] == line["result"]["decision"]
        for label, share in line["result"]["probabilities"].items():
            assert float(row[f"p_{label}"]) == pytest.approx(share, abs=1e-6)
    assert (rows[4]["path"], rows[4]["error"]) == (str(tmp_path / "none"), "source-not-found")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_pictures_show_the_frame_untouched(run: Any, tmp_path: Path) -> None:
    picture = pattern_frame("ring", 500, 450)
    Image.fromarray(picture).save(tmp_path / "a b.png")
    assert run("--save", tmp_path / "out", tmp_path / "a b.png").exit_code == 0
    (saved,) = (tmp_path / "out").iterdir()
    assert saved.name == "001-a_b-000000.png"
    shown = np.asarray(Image.open(saved))
    assert shown.shape == (450, 780, 3)
    assert np.array_equal(shown[:, :500], np.repeat(picture[:, :, None], 3, 2))
    assert np.ptp(shown[:, 500:]) > 200


def test_a_film_has_the_frames_and_the_rate_of_the_clip(
    run: Any, clip: Path, tmp_path: Path
) -> None:
    assert run("--save", tmp_path / "out.mp4", clip).exit_code == 0
    film = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert film.get(cv2.CAP_PROP_FPS) == 50
    count = 0
    while (got := film.read())[0]:
        count += 1
        assert got[1].shape == (420, 600, 3)
    assert count == 4


def test_a_film_of_one_picture_has_even_sides_and_the_default_rate(
    run: Any, tmp_path: Path
) -> None:
    picture = tmp_path / "odd.png"
    Image.fromarray(pattern_frame("ring", 501, 451)).save(picture)
    assert run("--save", tmp_path / "out.mp4", picture).exit_code == 0
    film = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert film.get(cv2.CAP_PROP_FPS) == 25
    found, shown = film.read()
    assert found
    assert shown.shape == (452, 782, 3)
    assert not film.read()[0]


class Broken:
    """A keeper whose disk is full."""

    def __init__(self, error: OSError) -> None:
        self.error, self.dropped = error, False

    def keep(self, *_: object) -> None:
        raise self.error

    fail = finish = keep

    def drop(self) -> None:
        self.dropped = True


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device", "a.csv"), "No space left on device: a.csv"),
        (OSError("odd"), "odd: "),
    ],
)
@pytest.mark.parametrize("step", ["keep", "fail", "finish"])
def test_whatever_step_the_disk_is_full_at_is_told_and_nothing_is_kept(
    step: str, error: OSError, told: str
) -> None:
    keeper: Any = Broken(error)
    arguments: list[Any] = [1, None, None, None] if step == "keep" else ["a", None]

    def save() -> None:
        with Keepers([lambda: keeper]) as keepers:
            if step != "finish":  # which is what leaving does
                getattr(keepers, step)(*arguments)

    with pytest.raises(NotSaved) as caught:
        save()
    assert str(caught.value) == f"results cannot be saved: {told}"
    assert keeper.dropped


@pytest.mark.parametrize("option", ["--csv", "--save"])
def test_a_place_that_cannot_be_written_is_exit_code_3(
    run: Any, clip: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = run(option, tmp_path / "file" / "out.mp4", clip)
    assert done.exit_code == 3
    assert "cannot be saved" in done.stderr


def test_a_file_whose_results_cannot_be_saved_is_closed_at_once(
    toy_path: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, closed = list(sdk.sources.open(clip)), []

    def frames(*_: object, **__: object) -> Any:
        try:
            yield from opened
        finally:
            closed.append(True)

    monkeypatch.setattr("sdk.sources.open", frames)
    (tmp_path / "file").write_bytes(b"")
    asked = Asked({}, None, False, False, False, None, tmp_path / "file" / "out.mp4")
    with pytest.raises(NotSaved) as held:
        classify_files(sdk.Classifier(toy_path), [str(clip)], asked)
    assert closed == [True]  # while the exception, and so its frames, are still held
    assert held.value.__traceback__ is not None


def test_what_is_not_whole_has_no_name(
    run: Any, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    done = run("--csv", tmp_path / "out.csv", "--save", tmp_path / "out.mp4", clip)
    assert done.exit_code == 3
    assert "No space left" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


def test_a_sector_and_a_colour_can_be_given(run: Any, clip: Path) -> None:
    done = run("--json", "--region", "160,-20,30,250,-40,40", "--color", "bt709-full", clip)
    line = json.loads(done.stdout.splitlines()[0])
    assert line["result"]["region"]["kind"] == "sector"
    assert (line["color"], line["color_origin"]) == ("bt709-full", "given")
    assert "color-unknown" in run("--color", "bt709", clip).stderr
    assert "source-option" in run("--fps", "0", clip).stderr


def test_frames_without_times_get_those_of_the_rate(run: Any, tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        Image.fromarray(pattern_frame("ring", 32, 24)).save(tmp_path / name)
    done = run("--json", "--fps", "20", tmp_path / "1.png", tmp_path)
    assert [json.loads(line)["timestamp_us"] for line in done.stdout.splitlines()] == [0, 0, 50_000]


def test_smoothed_answers_are_those_of_a_stream(run: Any, clip: Path, toy_path: Path) -> None:
    lines = [json.loads(line) for line in run("--json", "--smooth", clip).stdout.splitlines()]
    stream = sdk.Classifier(toy_path).stream()
    for line, (frame, info) in zip(lines, sdk.sources.open(clip), strict=True):
        expected = stream.push(frame, info.timestamp_us)
        assert line["result"]["probabilities"] == pytest.approx(dict(expected.probabilities or {}))
        assert line["result"]["events"] == list(expected.events)
        assert "attention" not in line["result"]["frame"]
        assert line["region_origin"] == "whole"
    assert len(lines) == 4


def test_smoothed_answers_are_saved_as_well(run: Any, clip: Path, tmp_path: Path) -> None:
    options = ["--smooth", "--csv", tmp_path / "a.csv", "--save", tmp_path / "out"]
    assert run(*options, clip).exit_code == 0
    assert len(list((tmp_path / "out").iterdir())) == 4
    with (tmp_path / "a.csv").open(newline="") as file:
        events = [row["events"].split() for row in csv.DictReader(file)]
    told = [json.loads(line) for line in run("--json", "--smooth", clip).stdout.splitlines()]
    assert events == [line["result"]["events"] for line in told]
    assert len(events) == 4


@pytest.mark.parametrize(
    ("region", "numbers"),
    [
        ("10,20,200,100", [10, 20, 200, 100]),
        ("160,-40,60,250,-30.5,30", [160, -40, 60, 250, -30.5, 30]),
    ],
)
def test_csv_gives_the_region_as_the_option_takes_it(
    run: Any, clip: Path, tmp_path: Path, region: str, numbers: list[float]
) -> None:
    assert run("--region", region, "--csv", tmp_path / "a.csv", clip).exit_code == 0
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(n) for n in rows[0]["region"].split(",")] == numbers
    assert run("--region", rows[0]["region"], clip).exit_code == 0
    whole = run("--csv", tmp_path / "b.csv", clip)
    assert whole.exit_code == 0
    with (tmp_path / "b.csv").open(newline="") as file:
        assert {row["region"] for row in csv.DictReader(file)} == {""}


@pytest.mark.parametrize("option", ["--csv", "--save"])
def test_a_dash_is_no_file_of_that_name(run: Any, clip: Path, option: str) -> None:
    done = run(option, "-", clip)
    assert done.exit_code == 2
    assert "--json" in done.stderr
    assert not Path("-").exists()


@pytest.mark.parametrize("name", ["out.avi", "out.MOV", "out.png", "out.gif"])
def test_a_name_of_another_kind_of_file_is_no_folder(
    run: Any, clip: Path, tmp_path: Path, name: str
) -> None:
    done = run("--save", tmp_path / name, clip)
    assert done.exit_code == 2
    assert not (tmp_path / name).exists()
    (tmp_path / name).mkdir()  # one that is a folder already can't be meant otherwise
    assert run("--save", tmp_path / name, clip).exit_code == 0
    assert run("--save", tmp_path / "scan.2026-11-26", clip).exit_code == 0


def test_a_live_source_is_classified_until_its_sender_is_gone(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonogaze.sources.live.Waiting", lambda: Waiting(8, 5.0, 0.3))
    images = [simplejpeg.encode_jpeg(pattern_frame("ring", 320, 240)[..., None], 90, "GRAY", "")]
    bodies = iter([multipart(images, True)])
    server = Server(lambda handler: answering(next(bodies, b""))(handler))
    done = run("--json", server.url)
    server.close()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["kind"] for line in lines[:-1]] == ["mjpeg"]
    assert lines[-1]["error"]["slug"] == "source-disconnected"
