"""The runtime's wheel works in an empty environment and holds what running needs, no more."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sdk
from tests.packaging.builds import ROOT, build_wheel, command, pip, run

CLASSIFY = "import {}, numpy as np; print({}.classify(np.zeros((600,800),'uint8')))"
ALLOWED = re.compile(
    r"""sonogaze/([a-z0-9_]+/)*[a-z0-9_]+\.py
    | sonogaze/_kernels\.(pyi|cpython-311-x86_64-linux-gnu\.so)
    | (sonogaze|sdk)/py\.typed
    | sonogaze/models/(default-(fp32|int8)\.onnx|ATTRIBUTION\.md|release\.json)
    | sonogaze/(report|live)/templates/[a-z]+\.(html|html\.j2|css|js)
    | sdk/__init__\.py
    | sdk/([a-z0-9_]+/)*[a-z0-9_]+\.pyi
    | sonogaze-[0-9.]+\.dist-info/
      (METADATA|WHEEL|RECORD|entry_points\.txt|licenses/(LICENSE|THIRD-PARTY-NOTICES))
    """,
    re.VERBOSE,
)


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return {name for name in file.namelist() if not name.endswith("/")}


def test_the_wheel_holds_nothing_beside_the_runtime(runtime_wheel: Path) -> None:
    assert [name for name in sorted(names(runtime_wheel)) if not ALLOWED.fullmatch(name)] == []


def test_the_wheel_holds_every_module_the_students_and_their_credits(runtime_wheel: Path) -> None:
    present = names(runtime_wheel)
    modules = {
        f"sonogaze/{path.relative_to(ROOT / 'sdk')}" for path in (ROOT / "sdk").rglob("*.py")
    }
    assert modules <= present
    pages = (ROOT / "sdk").rglob("templates/*")
    assert {f"sonogaze/{path.relative_to(ROOT / 'sdk')}" for path in pages} <= present
    needed = ("default-fp32.onnx", "default-int8.onnx", "ATTRIBUTION.md")
    assert {f"sonogaze/models/{name}" for name in needed} <= present
    assert any(re.fullmatch(r"sonogaze/_kernels\..*\.so", name) for name in present)
    assert {"sonogaze/py.typed", "sdk/py.typed", "sdk/errors.pyi"} <= present


def test_the_wheel_holds_the_licence_of_what_is_compiled_into_it(runtime_wheel: Path) -> None:
    with zipfile.ZipFile(runtime_wheel) as file:
        (name,) = (n for n in file.namelist() if n.endswith("licenses/THIRD-PARTY-NOTICES"))
        notices = file.read(name).decode()
    assert "Copyright (c) 2016 Wenzel Jakob" in notices
    assert "Redistributions in binary form must reproduce the above copyright notice" in notices
    assert any(n.endswith("licenses/LICENSE") for n in names(runtime_wheel))


def test_the_extension_is_stripped_and_names_no_folder_of_the_build(runtime_wheel: Path) -> None:
    with zipfile.ZipFile(runtime_wheel) as file:
        (name,) = (n for n in file.namelist() if n.endswith(".so"))
        binary = file.read(name)
    assert b".debug_info" not in binary
    assert b".symtab" not in binary
    for folder in (ROOT, runtime_wheel.parent, Path(sys.prefix)):
        assert str(folder).encode() not in binary


def test_another_folder_compiles_the_bytes_that_the_checkout_has(runtime_wheel: Path) -> None:
    (own,) = (ROOT / "sdk").glob("_kernels.*.so")
    with zipfile.ZipFile(runtime_wheel) as file:
        (name,) = (n for n in file.namelist() if n.endswith(".so"))
        assert file.read(name) == own.read_bytes(), "not the same, or `make setup` is to be run"


def test_packing_again_gives_the_same_file(runtime_wheel: Path, tmp_path: Path) -> None:
    folder = runtime_wheel.parent
    (source,) = (folder / "sources").iterdir()
    again = build_wheel(source, tmp_path, "-C", f"build-dir={folder}/build")
    assert again.read_bytes() == runtime_wheel.read_bytes()


def test_auditwheel_gives_it_a_manylinux_tag_and_adds_no_library(
    runtime_wheel: Path, tmp_path: Path
) -> None:
    bin_folder = Path(sys.executable).parent
    tools = {"PATH": f"{bin_folder}:/usr/bin:/bin"}
    words = ["repair", runtime_wheel, "-w", tmp_path]
    command(sys.executable, "-m", "auditwheel", *words, cwd=tmp_path, env=tools)
    (repaired,) = tmp_path.glob("*.whl")
    assert re.search(r"-manylinux_2_\d+_(x86_64|aarch64)\.whl$", repaired.name)
    assert [name for name in names(repaired) if ".libs/" in name] == []


@pytest.mark.parametrize("name", ["sdk", "sonogaze"])
def test_a_frame_is_classified_in_an_empty_environment(
    installed: Path, tmp_path: Path, name: str
) -> None:
    told = command(installed, "-c", CLASSIFY.format(name, name), cwd=tmp_path)
    assert told.startswith("Result(decision='reject'")


def test_the_empty_environment_has_no_tools_and_no_torch(installed: Path, tmp_path: Path) -> None:
    frozen = pip("--python", installed, "freeze", cwd=tmp_path)
    present = {re.split(r"[=@ ]", line)[0].lower() for line in frozen.splitlines()}
    assert not present & {"torch", "onnx", "pillow", "pydicom", "typer", "sonogaze-tools"}
    assert {"numpy", "onnxruntime", "sonogaze"} <= present
    for package in ("export", "benchmarks"):
        done = run(installed, "-c", f"import {package}", cwd=tmp_path)
        assert f"No module named '{package}'" in done.stderr


def test_the_command_says_what_it_needs(installed: Path, tmp_path: Path) -> None:
    done = run(installed.with_name("sonogaze"), "info", cwd=tmp_path)
    assert done.returncode == 1
    assert "pip install 'sonogaze[cli]'" in done.stderr


def test_an_extra_is_added_to_what_is_installed_though_no_index_has_it(
    installed: Path, tmp_path: Path
) -> None:
    words = ["--python", installed, "install", "--dry-run", "--no-index", "sonogaze[mjpeg]"]
    done = run(sys.executable, "-m", "pip", *words, cwd=tmp_path)
    assert "Requirement already satisfied: sonogaze[mjpeg]" in done.stdout
    # simplejpeg alone may be out of reach, where no folder of wheels holds it
    assert set(re.findall(r"No matching distribution found for (\w+)", done.stderr)) <= {
        "simplejpeg"
    }


def test_every_extra_resolves_and_is_known(
    runtime_wheel: Path, tools_wheel: Path, tmp_path: Path
) -> None:
    wanted = [
        f"{runtime_wheel}[dicom,images,mjpeg,cli,all]",
        f"{tools_wheel}[train,report,bench,all,dev]",
    ]
    done = run(
        sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", *wanted, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "does not provide the extra" not in done.stdout + done.stderr


def _unpacked(wheel: Path, folder: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return {"PYTHONPATH": str(folder)}


def test_an_sdk_installed_over_ours_leaves_sonogaze_whole(
    runtime_wheel: Path, tmp_path: Path
) -> None:
    env = _unpacked(runtime_wheel, tmp_path / "site")
    for name in ("__init__.py", "errors.py", "sources.py"):
        (tmp_path / "site" / "sdk" / name).write_text("OWNER = 'another'\n")
    code = CLASSIFY.format("sonogaze", "sonogaze")
    code += "; import sdk, sdk.errors; print(sdk.OWNER, sdk.errors.OWNER, sonogaze.__file__)"
    result, owners = command(sys.executable, "-c", code, cwd=tmp_path, env=env).splitlines()
    assert result.startswith("Result(decision='reject'")
    assert owners == f"another another {tmp_path}/site/sonogaze/__init__.py"


def test_modules_of_the_wheel_are_the_same_under_both_names(
    runtime_wheel: Path, tmp_path: Path
) -> None:
    env = _unpacked(runtime_wheel, tmp_path / "site")
    code = (
        "import sdk.sources.dicom, sonogaze.sources.dicom, sonogaze as s, sys\n"
        "assert sdk is s and sdk.sources.dicom is sys.modules['sonogaze.sources.dicom']\n"
        "print(s.FrameError, s.__version__)"
    )
    told = command(sys.executable, "-c", code, cwd=tmp_path, env=env)
    assert told == f"<class 'sonogaze.errors.FrameError'> {sdk.__version__}\n"


def test_type_checkers_know_both_names(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "host.py").write_text(
        "import sdk\nimport sonogaze\nfrom sdk.errors import FrameError\n"
        "def f(frame: sonogaze.Frame) -> sdk.Result:\n"
        "    try:\n        return sonogaze.classify(frame)\n"
        "    except FrameError as error:\n        raise ValueError(error.slug) from None\n"
        "wrong: int = sdk.__version__\n"
        "also: FrameError = sonogaze.ModelError('x', 'y')\n"
    )
    words = ["--strict", "--python-executable", installed, "host.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", tmp_path / "cache", *map(str, words)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    told = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.partition(": error: ")[0] for line in told] == ["host.py:9", "host.py:10"], told
