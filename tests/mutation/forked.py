"""Runs tests on a mutant in a forked child, so that large libraries are imported once.

Nothing that is mutated may be imported here: the child must read the mutated file itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_HYPOTHESIS_SEED = "1"
_MEMORY_BYTES = 8 << 30
_PR_SET_CHILD_SUBREAPER = 36
_SWITCH = "ORT_DISABLE_TELEMETRY"


def preload(modules: tuple[str, ...]) -> None:
    """Import what tests need and isn't under test, where it is installed."""
    before = os.environ.get(_SWITCH)
    # onnxruntime's telemetry starts a thread, and what that holds at a fork stays locked for good
    os.environ[_SWITCH] = "1"
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    os.environ.pop(_SWITCH)
    if before is not None:
        os.environ[_SWITCH] = before
    ours = [name for name in sys.modules if name.partition(".")[0] in ("sdk", "export")]
    assert not ours, f"{ours} would not be mutated"
    # a mutant's decoding process may not end with its host: it becomes a child of this one then
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


@contextlib.contextmanager
def planted(path: Path, code: str) -> Iterator[None]:
    """Put other code into a file, and the file back as it was, time stamp included."""
    before, stamp = path.read_bytes(), path.stat()
    try:
        path.write_text(code)
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def run(tests: list[str], plugins: tuple[str, ...], limit_s: float, log: Path) -> str:
    """Run tests until one fails.

    Returns:
        `passed`, `failed`, `timeout`, or `unusable` when pytest ended before it could test.
    """
    child = os.fork()
    if child == 0:
        _be_pytest(tests, plugins, log)
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end_group(child)
            _end_orphans()
            return _outcome(status)
        time.sleep(0.005)
    _end_group(child)
    os.waitpid(child, 0)
    _end_orphans()
    return "timeout"


def _be_pytest(tests: list[str], plugins: tuple[str, ...], log: Path) -> None:
    code = 70
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for standard in (1, 2):
            os.dup2(out, standard)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES + _address_space(), -1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # for commands that tests start
        with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
            options = ["-x", "-p", "no:cacheprovider", "--basetemp", f"{folder}/t", "-p",
                       "tests.mutation.quick", "--hypothesis-seed", _HYPOTHESIS_SEED]  # fmt: skip
            # warnings are errors, but neither what is preloaded nor a mutant's `is 8` is one
            options += ["-W", "ignore:Module already imported", "-W", "ignore::SyntaxWarning"]
            for plugin in plugins:
                options += ["-p", plugin]
            code = int(pytest.main([*options, *tests]))
        sys.stdout.flush()
    finally:
        os._exit(code)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _outcome(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "passed"
    # 2: a test file cannot be imported; 3 and up: pytest itself broke
    return "unusable" if code in (2, 4, 5) else "failed"


def _end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(leader, signal.SIGKILL)


def _end_orphans() -> None:
    """End what the tests started in sessions of its own, and all that this leaves behind."""
    pids = [1]
    while pids:
        listing = Path(f"/proc/self/task/{os.getpid()}/children")
        pids = [int(pid) for pid in listing.read_text().split()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
