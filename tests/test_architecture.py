"""Imports point one way; ruff refuses the other way, and this says which way inside the SDK."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Lower layers first; a module imports only from its own layer or below.
LAYERS = (
    ("errors", "result", "_alias", "_origin", "_interpreter", "_shown", "_signals"),
    ("fields", "_kernels", "runtime"),
    ("_formats",),
    ("_array_checks", "_frame_checks"),
    ("_mjpeg", "_region", "frame"),
    ("preprocess",),
    ("quality",),
    ("precision", "model_file"),
    ("session", "classifier"),
    ("sources",),
    ("cli",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def _imports(path: Path) -> set[str]:
    """Return what a module imports of the SDK, as names in LAYERS."""
    package = path.relative_to(ROOT / "sdk").parts[:-1]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            module = (*above, *(node.module.split(".") if node.module else ()))
            names |= {module[0]} if module else {alias.name for alias in node.names}
    return {name for name in names if name in RANK}


def _absolute_imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
    return names


def _modules() -> list[Path]:
    return sorted(p for p in (ROOT / "sdk").rglob("*.py") if p.name != "__init__.py")


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_its_own_layer_or_below(path):
    name = path.relative_to(ROOT / "sdk").parts[0].removesuffix(".py")
    assert name in RANK, f"{name} has no layer yet"
    above = {other for other in _imports(path) if RANK[other] > RANK[name]}
    assert not above


@pytest.mark.parametrize(
    "path", sorted((ROOT / "sdk").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_sdk_never_imports_itself_by_name(path):
    assert not _absolute_imports(path) & {"sdk", "sonogaze"}


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("sdk", "import torch"),
        ("sdk", "from export.errors import ExportError"),
        ("sdk", "import benchmarks"),
        ("export", "from benchmarks.cli import app"),
    ],
)
def test_the_linter_refuses_an_import_in_the_wrong_direction(package, line, tmp_path):
    source = f'"""A module."""\n\n{line}\n'
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "-"]
    command += ["--stdin-filename", str(ROOT / package / "probe.py")]
    result = subprocess.run(
        command, input=source, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 1
    assert "TID251" in result.stdout
