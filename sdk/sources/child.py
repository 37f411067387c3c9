"""Starting a decoding process: which interpreter, with what of the host's surroundings.

A codec written in C cannot be bounded from inside: a file of 643 bytes took 7.5 s, one of 1,192
bytes 3.8 GB. Limits that the kernel enforces (`sdk.sources.limits`) need a process, whose death
costs an error and no more. Checks of headers alone would need a proof for every format, and a
thread cannot be ended. It is no sandbox: code that runs inside a codec can do what this user can.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from .._shown import shown
from ..errors import SourceError

PYTHON_VARIABLE = "SONOGAZE_PYTHON"
_IS_PYTHON = re.compile(r"python(\d+(\.\d+)?t?)?")
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "PATH", "SONOGAZE_ISA")
_FOLDER = Path(__file__).parents[1]
_NAME = __name__.partition(".")[0]
# The package is named, not run: its __init__ loads the inference runtime, which has no business in
# a process that opens hostile files.
_PROGRAM = """\
import importlib, json, sys, types
descriptor, name, folder, path = json.loads(sys.argv[1])
sys.path[:] = path
package = sys.modules[name] = types.ModuleType(name)
package.__path__ = [folder]
importlib.import_module(name + ".sources.worker").main(descriptor)
"""


def start(descriptor: int, lifeline: int) -> subprocess.Popen[bytes]:
    """Start a decoding process that is served on a socket.

    Args:
        descriptor: of its end of the socket; its standard error is a pipe until it has started.
        lifeline: of the reading end of a pipe; it ends as soon as nobody has the other end.

    Raises:
        SourceError: `source-decoder-unavailable`.
    """
    path = [os.path.abspath(entry) for entry in sys.path if entry]
    argument = json.dumps([descriptor, _NAME, str(_FOLDER), [*path, str(_FOLDER.parent)]])
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    try:
        return subprocess.Popen(
            [_python(), "-I", "-B", "-c", _PROGRAM, argument],
            stdin=lifeline,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            pass_fds=(descriptor,),
            start_new_session=True,  # Ctrl-C in a terminal is for the host
        )
    except OSError as error:
        raise unavailable(f"it cannot be started: {error.strerror}") from error


def _python() -> str:
    named = os.environ.get(PYTHON_VARIABLE)
    if named:
        return named
    program = sys.executable or ""
    if getattr(sys, "frozen", False) or not _IS_PYTHON.fullmatch(os.path.basename(program)):
        raise unavailable(f"this program ({shown(program)}) is no Python interpreter")
    return program


def unavailable(why: str) -> SourceError:
    """Build the error for a decoding process that cannot be had."""
    return SourceError(
        "source-decoder-unavailable",
        f"files are decoded by a process of their own: {shown(why, 400)}; name a Python "
        f"interpreter that can import sdk in the environment variable {PYTHON_VARIABLE}",
    )
