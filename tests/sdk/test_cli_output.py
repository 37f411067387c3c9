"""Standard output of the command: results alone, and an exit code when they get lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sdk.model_file.known_answers import pattern_frame

COMMAND = f"{sys.executable} -m sdk.cli"
CASES = ("classify PICTURE", "classify --json PICTURE PICTURE", "info", "info --json", "--help")
CASES += ("--version", "classify --help")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "ring.png"
    Image.fromarray(pattern_frame("ring", 320, 240)).save(path)
    return path


def shell(line: str, picture: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = line.replace("sonogaze ", COMMAND + " ").replace("PICTURE", str(picture))
    words = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("where", "why"), [("> /dev/full", "No space left on device"), (">&-", "it is closed")]
)
def test_results_that_cannot_be_written_are_told_in_one_line(
    case: str, where: str, why: str, picture: Path
) -> None:
    done = shell(f"sonogaze {case} {where}", picture)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"sonogaze: standard output cannot be written: {why}")


@pytest.mark.parametrize("case", ["--help", "--version"])
@pytest.mark.parametrize("tool", ["benchmarks", "export"])
def test_the_other_commands_do_as_this_one(tool: str, case: str) -> None:
    name = "sonogaze-" + tool.replace("benchmarks", "bench")
    line = f"{sys.executable} -m {tool}.cli {case}"
    for where, why in (("> /dev/full", "No space left on device"), (">&-", "it is closed")):
        done = shell(f"{line} {where}")
        assert done.returncode == 3
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith(f"{name}: standard output cannot be written: {why}")
    gone = shell(f"{line} | true")
    assert (gone.returncode, gone.stderr) == (141, "")


@pytest.mark.parametrize("case", CASES)
def test_a_reader_that_has_gone_ends_the_command_without_a_word(case: str, picture: Path) -> None:
    done = shell(f"sonogaze {case} | true", picture)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_exit_code_of_a_bad_file_is_not_covered_up(picture: Path) -> None:
    assert shell("sonogaze classify /nowhere", picture).returncode == 1
    assert shell("sonogaze classify --nonsense", picture).returncode == 2
    assert shell("sonogaze info /nowhere > /dev/full", picture).returncode == 1


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "<&-", "2>&- <&-"])
def test_other_streams_may_be_closed(where: str, picture: Path) -> None:
    done = shell(f"sonogaze classify --json PICTURE /nowhere {where}", picture)
    assert done.returncode == 1
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["result"]["decision"]
    assert second["error"]["slug"] == "source-not-found"


def test_what_libraries_print_does_not_stand_among_the_results(picture: Path) -> None:
    code = """
import os, sys
import sdk.cli, sdk.sources
real = sdk.sources.open
def noisy(*arguments, **named):
    print("from Python")
    os.write(1, b"from C\\n")
    return real(*arguments, **named)
sdk.sources.open = noisy
sys.argv = ["sonogaze", "classify", "--json", *sys.argv[1:]]
sdk.cli.main()
"""
    command = [sys.executable, "-c", code, str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["result"]
    assert "from Python" in done.stderr
    assert "from C" in done.stderr


def test_a_model_that_onnxruntime_refuses_prints_one_object(tmp_path: Path, picture: Path) -> None:
    import onnx

    from export.packaging.packaging import package
    from sdk.model_file.digest import seal
    from tests.sdk.toy_student import CARD, toy_model

    model = onnx.load_from_string(package(toy_model(), CARD))
    del model.metadata_props[-1]
    # shapes that fit one by one, and not together
    del model.graph.node[0].attribute[:]
    path = tmp_path / "refused.onnx"
    path.write_bytes(seal(model.SerializeToString()))
    done = shell(f"sonogaze classify --json --model {path} PICTURE", picture)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["error"]["slug"].startswith("model-")
    assert done.stderr == ""


def test_after_the_command_standard_output_is_what_it_was_before() -> None:
    code = """
import os
from sdk.cli.output import results_alone
with results_alone("test"):
    print("result")
    os.write(1, b"noise\\n")
os.write(1, b"after\\n")
os.write(2, b"error\\n")
print("last")
"""
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", code]  # of what is left open
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("result\nafter\nlast\n", "noise\nerror\n")
