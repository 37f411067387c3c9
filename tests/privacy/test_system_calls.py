"""Nothing leaves the device: real processes under strace, long enough for a delayed thread.

Second tier: needs Debian's strace. `test_quiet.py` watches what can be watched without it.
AF_UNIX stays on the device and is allowed (glibc asks nscd for a user's name). A release on
synthetic frames and the demo are watched where they run anyway, in `tests/test_examples.py`.
"""

from __future__ import annotations

import textwrap
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from sdk.model_file.known_answers import pattern_frame
from tests.cpp_ext.presets import require
from tests.privacy.watched import Seen, python, watch

ROOT = Path(__file__).parents[2]
WAIT_S = 9.0  # onnxruntime 1.32 asks for its collector after about 5 s
FRAME = "from sdk.model_file.known_answers import pattern_frame as p; f = p('speckle', 640, 480)\n"
MAIN = """
import sys
sys.argv[1:] = {words!r}
from {module} import {name}
try: {name}()
except SystemExit as end: assert not end.code, end.code
"""
SHORT = """
from benchmarks.suites.models import plan
plan.QUICK = plan.Effort("quick", 1, 20, 10, 0.01, 0.1, (60.0,), (2,), 0.05, False)
"""
# name -> code; each may write into its working folder alone
SDK = {
    "import": "import sdk, sdk.sources",
    "classify": f"import sdk\n{FRAME}sdk.classify(f)",
    "two threads": f"import sdk\n{FRAME}sdk.Classifier(threads=2).classify(f)",
    "threads, processes": f"""
import sdk, threading, os
{FRAME}
c = sdk.Classifier(threads=2)
t = threading.Thread(target=c.classify, args=(f,)); t.start(); t.join()
if os.fork() == 0: c.classify(f); sys.exit(0)
os.wait()
""",
}


def command(module: str, *words: str, name: str = "main") -> str:
    return MAIN.format(module=module, words=list(words), name=name)


COMMANDS = {
    "sonogaze classify": command("sdk.cli", "classify", "ring.png"),
    "sonogaze info": command("sdk.cli", "info", "--json"),
    "sonogaze-export --help": command("export.cli", "--help"),
    "sonogaze-export phantom": command("export.cli", "phantom", "frames", "--count", "4", "--gaze"),
    "sonogaze-bench run": SHORT
    + command(
        "benchmarks.cli", "run", "--quick", "--no-quality", "-o", "out", "--models",
        "student-fp32/sdk", "--models", "student-fp32/onnxruntime",
    ),
    "quantise": (
        "import export.packaging.quantize, export.studies.quantisation, export.packaging.convert"
    ),
    "draw": """
from export import drawing
figure = drawing.figure(); figure.add_subplot(1, 1, 1).set_title("x"); figure.savefig("x.png")
""",
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """All commands, at the same time: they mostly wait."""
    require("strace")
    folder = tmp_path_factory.mktemp("watched")

    def start(pool: ThreadPoolExecutor, name: str, code: str) -> Future[tuple[Seen, Path]]:
        own = folder / name.replace(" ", "_")
        (own / "work").mkdir(parents=True)
        Image.fromarray(pattern_frame("ring", 320, 240)).save(own / "work" / "ring.png")
        line = python(textwrap.dedent("import sys\n" + code), WAIT_S)
        return pool.submit(lambda: (watch(line, own, PYTHONPATH=str(ROOT)), own))

    with ThreadPoolExecutor(4) as pool:
        yield {name: start(pool, name, code) for name, code in (SDK | COMMANDS | CONTROL).items()}


CONTROL = {"onnxruntime alone": "import onnxruntime"}


@pytest.mark.parametrize("name", [*SDK, *COMMANDS])
def test_it_calls_nobody_and_writes_where_it_was_told(seen, name: str) -> None:  # type: ignore[no-untyped-def]
    found, folder = seen[name].result()
    assert found.calls == []
    assert found.outside(folder / "work", folder / "tmp") == set()
    assert list((folder / "home").iterdir()) == []
    assert list((folder / "tmp").iterdir()) == [], "temporary files are removed at the end"


def test_the_watch_sees_what_onnxruntime_does_when_it_is_imported_alone(seen) -> None:  # type: ignore[no-untyped-def]
    found, folder = seen["onnxruntime alone"].result()
    assert found.calls, "no call within the wait: the wait is too short to prove anything"
    assert any("deviceid" in path for path in found.outside(folder / "work"))
