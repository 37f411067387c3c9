"""A stand-in for Pillow that misbehaves, put before it on the path of a decoding process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sdk.sources import pool

DEEDS = {
    "abort": "import os; os.abort()",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "exit": "import os; os._exit(0)",
    "exit at the end": "import sys; sys.exit(3)",
    "panic": "raise BaseException('explicit panic in a codec')",
    "interrupt": "raise KeyboardInterrupt",
    "recursion": "def f(): f()\nf()",
    "memory error": "raise MemoryError",
    "allocates": "x = [bytearray(1 << 26) for _ in range(64)]",
    "allocates in C": "import numpy; numpy.ones(1 << 30)",
    "spins in C": "sum(range(10**12))",
    "hangs": "import time; time.sleep(3600)",
    "hangs in C": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "writes a file": "import tempfile; f = tempfile.TemporaryFile(); f.write(b'x'); f.flush()",
    "opens files": "import os\nfor _ in range(100): os.open('/dev/null', 0)",
    "keeps a file in a circle": (
        "import io\n"
        "class Holder: pass\n"
        "holder = Holder()\n"
        "holder.file, holder.self = io.open('/dev/null', 'rb'), holder\n"
        "raise OSError"
    ),
    "os error": "raise OSError('unrecognized')",
    "prints": "import os; x = b'x' * 10**6; os.write(1, x); os.write(2, x); raise OSError('noisy')",
}  # fmt: skip
"""What a decoder may do to its process."""


@contextmanager
def hostile_pillow(folder: Path, deed: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the next decoding processes import a Pillow whose `open` does a deed."""
    package = folder / "hostile" / "PIL"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    body = "\n".join(f"    {line}" for line in deed.splitlines())
    (package / "Image.py").write_text(f"MAX_IMAGE_PIXELS = 1\ndef open(*a, **k):\n{body}\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(package.parent)
        pool.end_idle()
        try:
            yield
        finally:
            pool.end_idle()
