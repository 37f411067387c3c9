"""The tools' wheel: data inside, nothing outside, one version with the runtime's."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

import sdk
from tests.packaging.builds import ROOT, command, run

ALLOWED = re.compile(
    r"""(export|benchmarks)/([a-z0-9_]+/)*[a-z0-9_]+\.py
    | (export|benchmarks)/([a-z0-9_]+/)*[a-z0-9_-]+\.(toml|json|txt|j2|css|html\.j2|md\.j2)
    | export/data/annotations/README\.md
    | sonogaze_tools-[0-9.]+\.dist-info/
      (METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)
    """,
    re.VERBOSE,
)
TOOLS = ("sonogaze-export", "sonogaze-bench")


def test_the_wheel_holds_the_tools_and_their_data_alone(tools_wheel: Path) -> None:
    with zipfile.ZipFile(tools_wheel) as file:
        names = {name for name in file.namelist() if not name.endswith("/")}
    assert [name for name in sorted(names) if not ALLOWED.fullmatch(name)] == []
    for package in ("export", "benchmarks"):
        files = (ROOT / package).rglob("*.py")
        assert {str(path.relative_to(ROOT)) for path in files} <= names
    assert "export/evidence/teacher-logits.json" in names


def test_the_tools_need_the_runtime_of_their_own_version() -> None:
    project = tomllib.loads((ROOT / "tools" / "pyproject.toml").read_text())["project"]
    assert project["version"] == sdk.__version__
    own = f"sonogaze[cli]=={sdk.__version__}"
    assert project["dependencies"] == [own, "msgspec>=0.20,<1"]


@pytest.mark.parametrize("tool", ["sonogaze", *TOOLS])
def test_each_command_tells_its_version(installed_tools: Path, tmp_path: Path, tool: str) -> None:
    told = command(installed_tools.with_name(tool), "--version", cwd=tmp_path)
    assert told == f"{tool} {sdk.__version__}\n"


def test_the_command_classifies_a_file(installed_tools: Path, tmp_path: Path) -> None:
    (tmp_path / "black.pgm").write_bytes(b"P5 64 48 255\n" + bytes(64 * 48))
    told = command(installed_tools.with_name("sonogaze"), "classify", "black.pgm", cwd=tmp_path)
    assert "reject" in told


@pytest.mark.parametrize("words", [[], ["--help"], ["teacher"], ["release", "--json"]])
@pytest.mark.parametrize("way", ["script", "module"])
def test_training_without_its_extra_is_one_line_that_names_it(
    installed_tools: Path, tmp_path: Path, way: str, words: list[str]
) -> None:
    begin: list[object] = [installed_tools.with_name("sonogaze-export")]
    if way == "module":
        begin = [installed_tools, "-m", "export.cli"]
    done = run(*begin, *words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"sonogaze-export: the command needs \w+: pip install 'sonogaze-tools\[train\]'", line
    )


def test_an_installed_package_looks_at_nothing_beside_itself(
    installed_tools: Path, tmp_path: Path
) -> None:
    code = "from export.checkout import CHECKOUT; print(CHECKOUT)"
    assert command(installed_tools, "-c", code, cwd=tmp_path) == "None\n"


def test_only_one_module_finds_its_way_out_of_its_package() -> None:
    outside = {
        str(path.relative_to(ROOT))
        for package in ("sdk", "export", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
        for match in re.finditer(r"parents\[(\d+)\]", path.read_text(encoding="utf-8"))
        if "__file__" in path.read_text(encoding="utf-8")
        and int(match[1]) >= len(path.relative_to(ROOT).parts) - 1
    }
    assert outside == {"export/checkout.py"}
