"""The SDK's tests with the oldest and the newest onnxruntime and numpy that pyproject.toml allows.

    python -m tests.ranges [-o docs/results/ranges.json]      (`make test-ranges`)

Each pair gets a throw-away environment that sees this one's other packages. After the tests a
student classifies a frame many times, and the growth of the process is recorded: versions 1.24 to
1.26 are left out for a leak that others reported, so they are measured here too.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# (onnxruntime, numpy): the ends of both ranges, and both sides of what is left out
PAIRS = (
    ("1.20.0", "2.0.0"),
    ("1.23.2", "2.2.6"),
    ("1.27.0", "2.3.5"),
    ("1.32.0", "2.4.6"),
)
LEFT_OUT = (("1.24.1", "2.4.6"), ("1.25.1", "2.4.6"), ("1.26.0", "2.4.6"))
CALLS = 3000
GROWTH = """
import sys
import sdk
from sdk.model_file.known_answers import pattern_frame

def rss_kib():
    return int(open("/proc/self/statm").read().split()[1]) * 4

classifier = sdk.Classifier()
frames = [pattern_frame("speckle", 320 + i, 240 + i) for i in range(10)]
for _ in range(300):
    classifier.classify(frames[_ % 10])
before = rss_kib()
for call in range(int(sys.argv[1])):
    classifier.classify(frames[call % 10])
print(rss_kib() - before)
"""


def environment(folder: Path, onnxruntime: str, numpy: str) -> Path:
    """Make an environment with these two versions before this environment's packages."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    wanted = [f"onnxruntime=={onnxruntime}", f"numpy=={numpy}"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "zz-others.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    return python


def measure(python: Path, *, tests: bool) -> dict[str, Any]:
    """Run the SDK's tests and the growth of a process in one environment."""
    found: dict[str, Any] = {}
    if tests:
        command = [python, "-m", "pytest", "-p", "no:cacheprovider", "tests/sdk"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        found["passed"] = int((re.search(r"(\d+) passed", done.stdout) or ["", "0"])[1])
        found["failed"] = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    grown = subprocess.run(
        [python, "-c", GROWTH, str(CALLS)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found["growth_kib_per_1000_calls"] = round(int(grown.stdout) / CALLS * 1000, 1)
    return found


def main() -> None:
    """Measure every pair and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path)
    out = parser.parse_args().out
    record: dict[str, Any] = {
        "format": "sonogaze-ranges/1",
        "command": "python -m tests.ranges -o docs/results/ranges.json",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "pairs": [],
    }
    for onnxruntime, numpy in (*PAIRS, *LEFT_OUT):
        allowed = (onnxruntime, numpy) in PAIRS
        with tempfile.TemporaryDirectory() as folder:
            python = environment(Path(folder) / "venv", onnxruntime, numpy)
            found = measure(python, tests=allowed)
        pair = {"onnxruntime": onnxruntime, "numpy": numpy, "allowed": allowed, **found}
        print(json.dumps(pair), flush=True)
        record["pairs"].append(pair)
    if out is not None:
        out.write_text(json.dumps(record, indent=1) + "\n")
    if any(pair["allowed"] and (pair["failed"] or not pair["passed"]) for pair in record["pairs"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
