"""Run a few lines of Python in a process of their own, and wait no longer than it may take."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

PREPARED = """
import os, signal, sys, threading, time
import numpy as np
import sdk
from sdk.model_file.known_answers import pattern_frame
FRAME = pattern_frame("speckle", 640, 480)
"""


def run(
    code: str, *, timeout_s: float = 60, prepared: str = PREPARED, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `prepared` and `code`; a process that hangs fails the test by TimeoutExpired."""
    return subprocess.run(
        [sys.executable, "-c", prepared + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=os.environ | environment,
        check=False,
    )


def ran(code: str, **options: str) -> str:
    """Run it; it must end well and print nothing on standard error. Returns what it printed."""
    done = run(code, **options)
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr[-2000:])
    return done.stdout
