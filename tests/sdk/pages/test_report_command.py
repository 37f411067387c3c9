"""`sonogaze report`: one file that needs nothing else, whole or absent, and nothing of a person."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import sdk.cli.report
from sdk import Frame
from sdk.cli.app import app
from sdk.cli.progress import bar
from sdk.model_file.known_answers import pattern_frame
from sdk.sources import FrameInfo
from tests.sdk.video_files import written

REAL = Path(pydicom.data.__file__).parent / "test_files"
FETCHES = re.compile(r"""(?:src|href|action|data|poster|srcset)\s*=\s*"([^"]*)"|url\(([^)]*)\)""")


@pytest.fixture
def run(toy_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(
        app, ["report", "--model", str(toy_path), *map(str, words)]
    )


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    ring = pattern_frame("ring", 320, 240)
    written(path, "mp4v", [np.roll(ring, 4 * i, axis=1) for i in range(12)])
    return path


def test_a_clip_becomes_one_page_that_fetches_nothing(run, clip, tmp_path):
    done = run(clip, "-o", "a.html")
    assert (done.exit_code, done.stdout) == (0, "a.html\n")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    wanted = [one or two for one, two in FETCHES.findall(page)]
    assert all(re.match(r"#[\w-]+$|data:image/jpeg;base64,", place) for place in wanted), wanted
    assert sum(place.startswith("data:") for place in wanted) >= 2
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "Not a diagnostic device" in page
    assert "<dd>12</dd>" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "clip.mp4"]


def test_each_link_of_the_page_leads_to_a_place_in_it(run, clip, tmp_path):
    run(clip)
    page = (tmp_path / "report.html").read_text()
    links = re.findall(r'href="#([^"]+)"', page)
    assert "key-1" in links
    assert all(page.count(f'id="{link}"') == 1 for link in links)


def test_a_name_is_text_and_no_markup(run, tmp_path):
    path = tmp_path / '<img src=x onerror="1">&.png'
    Image.fromarray(pattern_frame("ring", 64, 48)).save(path)
    assert run(path).exit_code == 0
    page = (tmp_path / "report.html").read_text()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=&#34;1&#34;&gt;&amp;.png" in page


def test_nothing_that_a_dicom_header_says_of_a_person_is_shown(run, tmp_path):
    data = pydicom.dcmread(REAL / "examples_ybr_color.dcm")
    told = {
        "PatientName": "Zyxwvut^Qponm",
        "PatientID": "ID-998877",
        "InstitutionName": "Hospqq",
        "StudyDescription": "Descrqq",
        "OperatorsName": "Operqq",
        "AccessionNumber": "Accqq",
    }
    for name, value in told.items():
        setattr(data, name, value)
    data.save_as(tmp_path / "cine.dcm")
    assert run("cine.dcm", "--region", "0,0,320,240").exit_code == 0
    page = (tmp_path / "report.html").read_text()
    assert "<dd>dicom</dd>" in page
    for value in [
        *told.values(),
        "Zyxwvut",
        str(data.StudyInstanceUID),
        str(data.PatientBirthDate),
    ]:
        assert not value or value not in page


def test_a_clip_that_breaks_off_is_reported_as_far_as_it_goes(run, tmp_path):
    frames = [Image.fromarray(pattern_frame("ring", 64, 48)) for _ in range(3)]
    for index, frame in enumerate(frames):
        frame.save(tmp_path / f"{index}.png")
    folder = tmp_path / "folder"
    folder.mkdir()
    for index in range(2):
        (tmp_path / f"{index}.png").rename(folder / f"{index}.png")
    (folder / "2.png").write_bytes(b"no image")
    done = run("folder")
    assert done.exit_code == 1
    assert "source-unknown-kind" in done.stderr
    page = (tmp_path / "report.html").read_text()
    assert "could not be read to its end" in page
    assert "<dd>2</dd>" in page


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["none.mp4"], 1, "source-not-found"),
        (["bad.png"], 1, "source-unknown-kind"),
        (["http://127.0.0.1:1/a"], 2, "sonogaze live"),
        (["clip.mp4", "-o", "clip.mp4"], 2, "would replace the clip"),
        (["clip.mp4", "-o", "."], 2, "name a file"),
        (["clip.mp4", "-o", "none/a.html"], 3, "cannot be written"),
        (["clip.mp4", "--region", "1,2"], 2, "--region"),
        (["clip.mp4", "--fps", "nan"], 1, "fps is nan"),
    ],
)
def test_what_cannot_be_reported_leaves_no_file(run, clip, tmp_path, words, code, told):
    (tmp_path / "bad.png").write_bytes(b"no image")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = run(*words)
    assert done.exit_code == code, done.output
    assert told in done.output.replace("\n", " ")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_report_that_cannot_be_finished_leaves_the_one_before(run, clip, tmp_path, monkeypatch):
    (tmp_path / "report.html").write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sdk._files.os.replace", full)
    done = run(clip)
    assert done.exit_code == 3
    assert "No space left" in done.stderr
    assert (tmp_path / "report.html").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2


def test_without_pictures_the_page_holds_none(run, clip, tmp_path):
    assert run(clip, "--no-pictures").exit_code == 0
    assert "data:image" not in (tmp_path / "report.html").read_text()


def test_without_jinja2_the_error_says_what_to_install(run, clip, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    done = run(clip)
    assert done.exit_code == 1
    assert "pip install 'sonogaze[report]'" in done.stderr
    assert sdk.cli.report  # the command itself is there without it


@pytest.mark.parametrize(
    ("declared", "total"), [(None, None), (5, 5), (2, 3)], ids=["unknown", "more", "too few"]
)
def test_the_bar_counts_the_frames_that_are_done(declared, total):
    frame = Frame.from_array(pattern_frame("ring", 64, 48))
    made = ((frame, FrameInfo("a", i, declared, "video", None, "whole")) for i in range(3))
    with bar(Console(file=io.StringIO()), disable=True) as progress:
        assert len(list(sdk.cli.report._watched(progress, made))) == 3
        (task,) = progress.tasks
    assert (task.completed, task.total) == (3, total)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("sheet", ["report/templates/report.css", "live/templates/live.css"])
def test_text_is_readable_in_light_and_dark(sheet):
    css = (Path(sdk.__file__).parent / sheet).read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    for scheme in (light, dark):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        grounds = {"warn-ink": "warn-ground"}
        for name in {"ink", "faint", "link", "warn-ink", "accept", "abstain"} & set(colours):
            pair = (luminance(colours[name]), luminance(colours[grounds.get(name, "ground")]))
            assert (max(pair) + 0.05) / (min(pair) + 0.05) >= 4.5, name
