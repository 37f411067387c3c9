"""Programs of the second tier: `.ci/run` installs them and sets SONOGAZE_SECOND_TIER=1.

Then a missing one is a failure; else the test is skipped, and says what to install.
"""

from __future__ import annotations

import os
import shutil

import pytest


def require(package: str, *programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    reason = f"second tier: apt-get install {package} ({', '.join(missing)})"
    if os.environ.get("SONOGAZE_SECOND_TIER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
