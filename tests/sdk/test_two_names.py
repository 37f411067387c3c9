"""`import sonogaze` is `import sdk`, also for a host that has an `sdk` of its own."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

import sdk
import sonogaze
from sdk import _alias

MODULES = sorted(
    module.name.partition(".")[2]
    for module in pkgutil.walk_packages(sdk.__path__, "sdk.")
    if not module.name.endswith("__main__")
)


def python(folder: Path, code: str, *options: str) -> str:
    """Run code in a process whose first entry on sys.path is `folder`."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder that holds a host's own package `sdk`."""
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "__init__.py").write_text("OWNER = 'host'\n")
    (tmp_path / "sdk" / "errors.py").write_text("OWNER = 'host'\n")
    Image.new("L", (64, 48)).save(tmp_path / "black.png")
    return tmp_path


def test_both_names_are_one_package() -> None:
    assert sonogaze is sdk


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_the_same_under_both_names(name: str) -> None:
    one, other = (importlib.import_module(f"{package}.{name}") for package in ("sdk", "sonogaze"))
    assert one is other
    assert one.__spec__ is not None
    assert one.__spec__.name == f"sonogaze.{name}"


@pytest.mark.parametrize("names", [("sdk", "sonogaze"), ("sonogaze", "sdk")])
def test_either_name_may_be_imported_first(names: tuple[str, str], tmp_path: Path) -> None:
    first, second = names
    code = f"""
import {first}.sources
import {second}.errors, {second}.sources, {second}
from {first}.errors import FrameError
from {second} import FrameError as Same
assert Same is FrameError and {first} is {second} and {first}.sources is {second}.sources
try:
    {first}.Frame(b"", width=1, height=1, format="GRAY8")
except {second}.SdkError as error:
    print(type(error).__module__, error.slug)
"""
    assert python(tmp_path, code) == "sonogaze.errors buffer-truncated\n"


def test_what_was_pickled_under_one_name_loads_under_the_other() -> None:
    error = sdk.FrameError("buffer-truncated", "width is 0, allowed is 1 to 16384")
    data = pickle.dumps(error)
    assert b"sonogaze.errors" in data
    assert type(pickle.loads(data)) is sonogaze.FrameError
    assert pickle.loads(b"csdk.errors\nFrameError\n.") is sonogaze.FrameError


@pytest.mark.parametrize("name", ["sdk.nothing", "sdk.sources.nothing", "sdk.errors.nothing"])
def test_a_module_that_isnt_there_is_named(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=f"No module named '{name}'"):
        importlib.import_module(name)


@pytest.mark.parametrize("name", ["sources", "model_file.shapes", "errors"])
def test_a_module_is_found_where_it_lies_before_it_is_imported(name: str) -> None:
    own, real = _alias._Finder("sdk").find_spec(f"sdk.{name}"), find_spec(f"sonogaze.{name}")
    assert own is not None
    assert real is not None
    assert (own.name, own.origin) == (f"sdk.{name}", real.origin)
    # a package's parts are looked for there, by whoever lists or runs them
    assert own.submodule_search_locations == real.submodule_search_locations


def test_names_that_only_begin_alike_are_of_somebody_else() -> None:
    assert _alias._Finder("sdk").find_spec("sdk_of_a_host.errors") is None


@pytest.mark.parametrize("name", ["sdk", "sonogaze"])
def test_the_command_runs_as_a_module_of_either_name(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"{name}.cli", "--version"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"sonogaze {sdk.__version__}\n", "")


@pytest.mark.parametrize("hosts_first", [True, False])
def test_a_host_with_its_own_sdk_has_both(host: Path, hosts_first: bool) -> None:
    imports = ["import sdk, sdk.errors", "import sonogaze, sonogaze.errors, sonogaze.sources"]
    code = "\n".join(imports if hosts_first else imports[::-1])
    code += """
assert sdk.OWNER == sdk.errors.OWNER == "host"
((frame, info),) = sonogaze.sources.open("black.png")
print(sonogaze.classify(frame).decision)
try:
    sonogaze.Frame(b"", width=1, height=1, format="GRAY8")
except sonogaze.SdkError as error:
    print(error.slug)
import os
os.environ["SONOGAZE_ISA"] = "sse9"
try:
    frame = sonogaze.Frame(bytes(64 * 64), width=64, height=64, format="GRAY8")
    sonogaze.Classifier().classify(frame)
except sonogaze.SdkError as error:
    print(error.slug)
"""
    assert python(host, code).splitlines() == ["reject", "buffer-truncated", "isa-unavailable"]


def test_the_command_works_beside_a_hosts_own_sdk(host: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sonogaze.cli", "classify", "black.png"],
        cwd=host, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "reject" in done.stdout


def test_an_sdk_put_in_place_of_the_alias_finds_its_own_modules(host: Path) -> None:
    code = """
import sys
sys.path.remove("")
import sdk, sonogaze
assert sdk is sonogaze
del sys.modules["sdk"]
sys.path.insert(0, ".")
import sdk, sdk.errors
print(sdk.errors.OWNER)
"""
    assert python(host, code) == "host\n"
