"""An editable install keeps no list of modules, so none is lost when one moves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import sys
for finder in sys.meta_path:
    for name in getattr(finder, "known_source_files", ()):
        print(name)
import export, benchmarks, sonogaze
print(export.__file__, benchmarks.__file__, sonogaze._kernels.__file__, sep="\\n")
"""


def test_modules_are_found_in_the_tree_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    tools = [str(ROOT / package / "__init__.py") for package in ("export", "benchmarks")]
    *told, extension = done.stdout.splitlines()
    assert told == tools
    assert Path(extension).parent == ROOT / "sdk"
