"""Nothing leaves the device, as far as Python itself can see: sockets, files, threads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.processes import environment
from sdk.model_file.known_answers import pattern_frame
from tests.privacy.watched import read

ROOT = Path(__file__).parents[2]
WATCHED = """
import os, sys
events = []
def hook(event, arguments):
    if not event.startswith("socket.") or event == "socket.__new__": return
    # to the decoding process, by the pair of sockets it was started with
    if event == "socket.sendmsg" and arguments[0].family == 1 and arguments[1] is None: return
    events.append((event, arguments))
sys.addaudithook(hook)
import numpy  # its linear algebra has threads of its own
before = len(os.listdir("/proc/self/task"))
from sdk.model_file.known_answers import pattern_frame
FRAME = pattern_frame("speckle", 640, 480)
"""
TOLD = """
print(events, len(os.listdir("/proc/self/task")) - before, file=sys.stderr)
"""
CASES = {
    "import": ("import sdk, sdk.sources; assert 'onnxruntime' not in sys.modules", 0),
    "classify": ("import sdk; sdk.classify(FRAME)", 0),
    "two threads": ("import sdk; c = sdk.Classifier(threads=2); c.classify(FRAME)", 1),
    "int8": ("import sdk; sdk.Classifier(precision='int8').classify(FRAME)", 0),
    "command": (
        "import sdk.cli; sys.argv[1:] = ['classify', '--json', 'ring.png']\n"
        "try: sdk.cli.main()\nexcept SystemExit: pass",
        0,
    ),
}


def quiet(folder: Path, code: str, **environment: str) -> str:
    """Run `code` with an empty home and an empty temporary folder; return what TOLD says."""
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    Image.fromarray(pattern_frame("ring", 320, 240)).save(folder / "work" / "ring.png")
    clean = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    clean |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED + code + TOLD],
        cwd=folder / "work", env=clean | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()


def left(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "ring.png")


@pytest.mark.parametrize("name", CASES)
def test_no_socket_no_file_and_no_thread_beyond_those_asked_for(name: str, tmp_path: Path) -> None:
    code, threads = CASES[name]
    assert quiet(tmp_path, code) == f"[] {threads}"
    assert left(tmp_path) == []


@pytest.mark.parametrize("value", [None, "0", "", "1", "yes"])
def test_the_hosts_environment_is_as_it_was(tmp_path: Path, value: str | None) -> None:
    code = f"""
given = dict(os.environ)
import sdk; sdk.classify(FRAME)
assert dict(os.environ) == given
assert os.environ.get("ORT_DISABLE_TELEMETRY") == {value!r}
"""
    environment = {} if value is None else {"ORT_DISABLE_TELEMETRY": value}
    assert quiet(tmp_path, code, **environment) == "[] 0"
    assert left(tmp_path) == []


def test_events_are_disabled_where_the_host_imported_onnxruntime_first(tmp_path: Path) -> None:
    code = """
import onnxruntime
asked = []
real = onnxruntime.disable_telemetry_events
onnxruntime.disable_telemetry_events = lambda: (asked.append(1), real())
import sdk; sdk.classify(FRAME); c = sdk.Classifier(threads=2)
assert asked
"""
    assert quiet(tmp_path, code, ORT_DISABLE_TELEMETRY="1") == "[] 1"
    assert left(tmp_path) == []


def test_onnxruntime_is_imported_where_its_telemetry_is_off_and_nowhere_else() -> None:
    direct = {}
    for package in ("sdk", "export", "benchmarks", "examples"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                else:
                    names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if any(name.split(".")[0] == "onnxruntime" for name in names):
                    direct[str(path.relative_to(ROOT))] = node.lineno
    # export.packaging's __init__ calls runtime.load() before any module of that package runs
    # and a worker of the benchmarks finds the variable in its environment
    assert environment(1)["ORT_DISABLE_TELEMETRY"] == "1"
    allowed = {"sdk/runtime.py", "benchmarks/subjects/runtimes.py"}
    assert {name for name in direct if not name.startswith("export/packaging/")} == allowed
    assert "runtime.load()" in (ROOT / "export/packaging/__init__.py").read_text()


LOG = """\
7 openat(AT_FDCWD</work>, "in.png", O_RDONLY|O_CLOEXEC) = 3</work/in.png>
7 openat(AT_FDCWD</work>, "out.png", O_WRONLY|O_CREAT, 0666) = 3</work/out.png>
7 mkdir("/home/u/.cache", 0777) = 0
7 mkdir("/home/u/.denied", 0777) = -1 EACCES (Permission denied)
7 openat(5</home/u>, "deviceid", O_WRONLY|O_CREAT|O_EXCL, 0600) = 6</home/u/deviceid>
8 connect(8<socket:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT
8 connect(8, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
8 connect(8, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0
8 connect(8, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("10.1.2.3")}, 16) = -1
8 bind(3, {sa_family=AF_INET6, sin6_port=htons(0), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0
8 bind(3, {sa_family=AF_INET6, sin6_port=htons(0), inet_pton(AF_INET6, "::", &sin6_addr)}, 28) = 0
9 openat(AT_FDCWD</work>, "/dev/null", O_RDWR) = 3</dev/null>
"""


def test_the_watch_tells_loopback_from_the_world_and_inside_from_outside(tmp_path: Path) -> None:
    seen = read(LOG, Path("/work"))
    assert [call.split("(")[0] + call[-9:] for call in seen.calls] == [
        "8 connect, 16) = 0", "8 connect 16) = -1", "8 bind, 28) = 0",
    ]  # fmt: skip
    assert seen.outside(Path("/work")) == {"/home/u/.cache", "/home/u/deviceid"}
