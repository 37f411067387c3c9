"""Each distribution is built once, and installed once into an environment that was empty."""

from __future__ import annotations

import venv
from pathlib import Path

import pytest

from tests.packaging.builds import CONSTRAINTS, ROOT, build_wheel, pip, unpacked_sdist
from tests.shared import once


@pytest.fixture(scope="session")
def runtime_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the sdist gives, in a folder that isn't the checkout.

    The checkout has compiled the same sources already: one more compilation is enough to see that
    nothing is missing in the sdist and that the folder leaves no trace in the bytes.
    """
    folder = once(
        tmp_path_factory, "runtime", lambda folder: build_wheel(unpacked_sdist(folder), folder)
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def tools_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = once(tmp_path_factory, "tools", lambda folder: build_wheel(ROOT / "tools", folder))
    return next(folder.glob("*.whl"))


def _environment(folder: Path, *requirements: object) -> None:
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    pip("--python", python, "install", "--quiet", *CONSTRAINTS, *requirements, cwd=folder)


@pytest.fixture(scope="session")
def installed(runtime_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the runtime's wheel and what it needs, and nothing else."""
    folder = once(tmp_path_factory, "installed", lambda folder: _environment(folder, runtime_wheel))
    return folder / "venv" / "bin" / "python"


@pytest.fixture(scope="session")
def installed_tools(
    runtime_wheel: Path, tools_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A Python that has both wheels, the command's extra with them, and nothing else."""
    folder = once(
        tmp_path_factory,
        "installed-tools",
        lambda folder: _environment(folder, f"{runtime_wheel}[cli]", tools_wheel),
    )
    return folder / "venv" / "bin" / "python"
