"""Imports point one way; ruff refuses the other way, and this says which way within packages."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Lower layers first; a module imports only from its own layer or below.
LAYERS = (
    (
        *(
            "errors",
            "_alias",
            "_answer",
            "_cpu",
            "_origin",
            "_files",
            "_sha256",
            "_interpreter",
            "_lifetime",
            "_shown",
            "_signals",
        ),
        "codestreams",
    ),
    ("fields", "_kernels", "runtime"),
    ("_formats",),
    ("_layouts",),
    ("_array_checks", "_frame_checks", "_mjpeg_header"),
    ("_mjpeg", "_region", "frame"),
    ("_placement",),
    ("drawing",),
    ("result",),
    ("preprocess",),
    ("region",),
    ("region_tracker",),
    ("quality", "_watch", "novelty"),
    ("precision", "model_file"),
    ("slot",),
    # a classifier makes its streams
    ("session", "classifier", "stream", "audit"),
    ("sources",),
    ("report", "live"),
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


# Of export, lower layers first. A name with a dot is a module of a package that lies elsewhere.
EXPORT_LAYERS = (
    ("errors", "checkout"),
    ("files", "registry", "sources", "proportions", "drawing", "compiler_cache", "parallel"),
    ("recipe",),
    ("display",),
    ("data",),
    ("annotate",),
    ("models",),
    ("gaze",),
    ("runs", "evaluation"),
    (
        "distill.formulas", "distill.targets", "distill.losses", "distill.objectives",
        "distill.task", "distill.loop", "distill.schedule", "distill.training_run",
        "distill.checkpoint", "distill.weight_average", "distill.metric_log",
        "distill.validation", "distill.monitoring", "distill.inputs",
    ),
    ("workspace",),
    ("distill",),
    ("packaging",),
    ("evidence",),
    ("model_card",),
    ("release",),
    ("studies",),
    ("commands",),
    ("cli",),
)  # fmt: skip
EXPORT_RANK = {name: rank for rank, names in enumerate(EXPORT_LAYERS) for name in names}


def _layer(dotted: str) -> str:
    """Return the layer of a module below `export`, by its dotted name without `export.`."""
    two = ".".join(dotted.split(".")[:2])
    return two if two in EXPORT_RANK else dotted.split(".")[0]


def _export_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "export":
            inner = (node.module or "").removeprefix("export").lstrip(".")
            names = (
                [inner] if "." in inner else [f"{inner}.{a.name}".lstrip(".") for a in node.names]
            )
            found |= {_layer(name) for name in names}
        elif isinstance(node, ast.Import):
            found |= {_layer(a.name.removeprefix("export.")) for a in node.names
                      if a.name.startswith("export.")}  # fmt: skip
    return found


def _above(name: str, imported: set[str]) -> set[str]:
    return {other for other in imported if EXPORT_RANK[other] > EXPORT_RANK[_layer(name)]}


def _export_modules() -> list[Path]:
    return sorted(p for p in (ROOT / "export").rglob("*.py") if p.name != "__init__.py")


@pytest.mark.parametrize("path", _export_modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_of_export_imports_only_from_its_own_layer_or_below(path):
    name = ".".join(path.relative_to(ROOT / "export").with_suffix("").parts)
    assert _layer(name) in EXPORT_RANK, f"{name} has no layer yet"
    assert not _above(name, _export_imports(path))


def test_nothing_that_ships_a_student_imports_a_study():
    for path in _export_modules():
        inner = path.relative_to(ROOT / "export").parts[0]
        if inner not in ("studies", "commands.py"):
            assert "studies" not in _export_imports(path), path


def test_settings_are_a_leaf():
    folder = ROOT / "export" / "recipe" / "settings"
    assert {name for path in folder.glob("*.py") for name in _export_imports(path)} == {"recipe"}
    assert _export_imports(ROOT / "export" / "recipe" / "constants.py") == set()


@pytest.mark.parametrize(
    ("name", "line", "above"),
    [
        ("recipe.settings", "from export.data.augment import random_view", {"data"}),
        ("workspace", "from export.distill.pipeline import teacher", {"distill"}),
        ("workspace", "from export.distill import pipeline", {"distill"}),
        ("distill.inputs", "from export.workspace import Workspace", {"workspace"}),
        ("release.release", "import export.studies.quantisation", {"studies"}),
        ("distill.pipeline", "from export.distill.inputs import tensors", set()),
    ],
)
def test_an_arrow_back_up_is_seen(tmp_path, name, line, above):
    path = tmp_path / "probe.py"
    path.write_text(line)
    assert _above(name, _export_imports(path)) == above


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


def test_no_package_binds_a_submodules_name_to_something_else():
    # importing the submodule by the other of the two names would put the module there again
    for package in sorted((ROOT / "sdk").rglob("__init__.py")):
        for node in ast.parse(package.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                names = {alias.asname or alias.name for alias in node.names}
                assert node.module not in names, (package, node.module)
