"""`sonogaze classify` and `sonogaze info`: lines, JSON and exit codes a script can rely on."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import sdk
from sdk.cli import options
from sdk.cli.app import app
from sdk.model_file.known_answers import pattern_frame

REAL = Path(pydicom.data.__file__).parent / "test_files"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.png" for name in ("good", "black", "bad")}
    Image.fromarray(pattern_frame("ring", 320, 240)).save(paths["good"])
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(paths["black"])
    paths["bad"].write_bytes(b"no image")
    return paths


@pytest.fixture
def run(toy_path: Path):  # type: ignore[no-untyped-def]
    def invoke(*arguments: object) -> Result:
        words = [str(argument) for argument in arguments]
        if words[0] == "classify" and "--model" not in words:
            words[1:1] = ["--model", str(toy_path)]
        return CliRunner().invoke(app, words)

    return invoke


def test_each_frame_is_one_line_and_the_exit_code_0(run, files) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", files["good"], files["black"])
    assert done.exit_code == 0, done.output
    good, black = done.stdout.splitlines()
    assert good.startswith(f"{files['good']}: head ")
    assert good.endswith(" ms")
    assert f"{files['black']}: reject: no-signal" in black


def test_a_bad_file_is_reported_with_its_slug_and_the_rest_goes_on(run, files) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", files["bad"], files["good"], files["good"].with_name("none"))
    assert done.exit_code == 1
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        "source-unknown-kind",
        "source-not-found",
    ]
    assert len(done.stdout.splitlines()) == 1


def test_json_is_one_object_a_line_errors_included(run, files) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", "--json", files["good"], files["bad"], files["black"])
    assert done.exit_code == 1
    good, bad, black = (json.loads(line) for line in done.stdout.splitlines())
    assert good["result"]["label"] == "head"
    assert (good["path"], good["index"], good["frame_count"]) == (str(files["good"]), 0, 1)
    assert bad["error"]["slug"] == "source-unknown-kind"
    assert bad["path"] == str(files["bad"])
    assert black["result"]["decision"] == "reject"
    assert done.stderr == ""


def test_every_frame_of_a_cine_is_classified(run) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", "--json", "--region", "0,0,320,240", REAL / "examples_ybr_color.dcm")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["index"] for line in lines] == list(range(30))
    assert {line["region_origin"] for line in lines} == {"given"}


def test_a_folder_is_every_file_in_it_and_a_bad_one_stops_no_other(run, files, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / ".hidden").write_bytes(b"no image")
    (tmp_path / "inner").mkdir()
    done = run("classify", "--json", tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert [Path(line["path"]).name for line in lines] == [
        "bad.png",
        "black.png",
        "good.png",
        "inner",
    ]
    assert [line.get("error", {}).get("slug") for line in lines] == [
        "source-unknown-kind",
        None,
        None,
        "source-unreadable",
    ]
    (tmp_path / "inner").rmdir()
    files["bad"].unlink()
    assert run("classify", tmp_path).exit_code == 0


def test_an_empty_folder_is_an_error(run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", tmp_path)
    assert done.exit_code == 1
    assert "source-no-pixels" in done.stderr


def test_what_a_file_name_holds_reaches_no_terminal(run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    for content in (b"no image", None):
        path = tmp_path / "\x1b]0;owned\x07.png"
        if content is None:
            Image.fromarray(pattern_frame("ring", 320, 240)).save(path)
        else:
            path.write_bytes(content)
        done = run("classify", path)
        assert "\x1b" not in done.stdout + done.stderr
        assert "\\x1b]0;owned\\x07.png" in done.stdout + done.stderr


def test_a_region_can_be_given(run, files) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", "--json", "--region", "10,20,100,90", files["good"])
    assert json.loads(done.stdout)["region_origin"] == "given"
    done = run("classify", "--region", "300,200,100,90", files["good"])
    assert done.exit_code == 1
    assert "region-outside" in done.stderr


def test_a_sector_can_be_given_with_the_window_that_cuts_it_off(run, files) -> None:  # type: ignore[no-untyped-def]
    sector, window = (100.0, 2.5, 10.0, 90.0, -40.0, 40.0), (60, 8, 80, 70)
    text = ",".join(map(str, (*sector, *window)))
    assert options.parse_region(text) == sdk.Region.sector(*sector, clip=window)
    done = run("classify", "--json", "--region", text, files["good"])
    assert json.loads(done.stdout)["region_origin"] == "given"
    done = run("classify", "--region", text.replace("60,8", "9000,8"), files["good"])
    assert (done.exit_code, "region-outside" in done.stderr) == (1, True)
    done = run("classify", "--region", text.replace("100.0", "nan"), files["good"])
    assert (done.exit_code, "region-invalid" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "region", ["1,2,3", "a,b,c,d", "", "1,2,3,4,5,6,7,8", "1,2,3,4,5,6,7,8,9,10.5", "1,2,3,4.0"]
)
def test_a_region_that_is_none_is_wrong_usage(run, files, region: str) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", "--region", region, files["good"])
    assert done.exit_code == 2
    assert "x,y,width,height" in done.stderr


def test_a_bad_model_is_reported_with_its_slug(run, files) -> None:  # type: ignore[no-untyped-def]
    done = run("classify", "--model", files["bad"], files["good"])
    assert done.exit_code == 1
    assert done.stderr.startswith("model-not-onnx")
    done = run("classify", "--json", "--model", files["bad"], files["good"])
    assert json.loads(done.stdout)["error"]["slug"] == "model-not-onnx"


def test_no_files_is_wrong_usage(run) -> None:  # type: ignore[no-untyped-def]
    assert run("classify").exit_code == 2


def test_info_describes_the_file(run, toy_int8_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = run("info", toy_int8_path, "--json")
    described = json.loads(done.stdout)
    assert described["student_id"] == "toy"
    assert described["precision"] == "int8"
    assert described["file_bytes"] == toy_int8_path.stat().st_size
    assert described["labels"] == ["head", "abdomen", "femur", "background"]
    assert described["provenance"]["training_data"] == [{"name": "none", "licence": "none"}]
    text = run("info", toy_int8_path).stdout
    assert "taught nothing" in text
    assert "known answers right on this machine" in text


def test_a_file_name_with_markup_is_printed_as_it_is(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "[bold]x.png"
    Image.fromarray(pattern_frame("ring", 320, 240)).save(path)
    assert run("classify", path).stdout.startswith(f"{path}: head")


def test_results_go_to_the_pipe_while_the_bar_is_on_the_screen(
    toy_path: Path, files: dict[str, Path]
) -> None:
    master, screen = pty.openpty()
    command = [sys.executable, "-m", "sdk.cli", "classify", "--model", str(toy_path)]
    done = subprocess.run(
        [*command, *map(str, [files["good"]] * 3)], stdout=subprocess.PIPE, stderr=screen,
        text=True, check=True, env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(screen)
    os.close(master)
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [str(files["good"])] * 3
    assert "\x1b" not in done.stdout


def test_without_typer_the_command_names_the_extra() -> None:
    code = "import sys; sys.modules['typer'] = None; import sdk.cli; sdk.cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "sonogaze: the command needs typer: pip install 'sonogaze[cli]'\n"


def test_info_tells_the_hash_that_sha256sum_prints(run, toy_path: Path) -> None:  # type: ignore[no-untyped-def]
    told = json.loads(run("info", toy_path, "--json").stdout)["sha256"]
    assert told == hashlib.sha256(toy_path.read_bytes()).hexdigest()
