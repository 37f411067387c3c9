"""Read many damaged files; nothing but frames and typed errors may come, within time and memory."""

from __future__ import annotations

import argparse
import io
import json
import platform
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sdk import SdkError, SourceError, sources
from sdk.errors import MAX_MESSAGE
from sdk.sources import limits

MOST_FRAMES = 3  # looked at of each file
RARELY = 3  # files at a decoder's limits, by chance, in however short a run


@dataclass
class Tally:
    """What came of the files.

    Attributes:
        files: read.
        frames: that came of them.
        outcomes: of each file, `frames` or the slug of its error, by the family of its name.
        escapes: exceptions that are no typed error, messages too long or unprintable: none may be.
        ended: files that cost a decoding process its life, or came to its limits, and how.
        slowest_s: wall time for one file.
        host_growth_mib: of this process's peak memory.
    """

    files: int = 0
    frames: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    escapes: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""
    host_growth_mib: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self) | {"outcomes": {k: dict(v) for k, v in sorted(self.outcomes.items())}}


def run(files: Iterable[tuple[str, bytes]]) -> Tally:
    """Read files, in the order given.

    Args:
        files: name and content; what stands before the first space of a name is its family.
    """
    tally, before = Tally(), _peak_mib()
    for name, data in files:
        start = time.monotonic()
        outcome = _read(name, data, tally)
        took = time.monotonic() - start
        tally.files += 1
        tally.outcomes.setdefault(name.split()[0], Counter())[outcome] += 1
        if took > tally.slowest_s:
            tally.slowest_s, tally.slowest = took, name
    tally.host_growth_mib = _peak_mib() - before
    return tally


def check(tally: Tally) -> None:
    """Fail where something came that may not."""
    assert tally.escapes == []
    # a count of samples that the damage made huge costs its memory: an answer, if a rare one
    assert len(tally.ended) <= RARELY + tally.files // 1000, tally.ended
    assert tally.slowest_s < limits.WALL_S, tally.slowest
    assert tally.host_growth_mib < 1024  # four frames of the largest size


def _read(name: str, data: bytes, tally: Tally) -> str:
    try:
        for count, (frame, info) in enumerate(sources.open(io.BytesIO(data)), start=1):
            pixels = np.asarray(frame._data)
            # the planes of video follow one another in one row
            assert info.kind == "video" or pixels.shape[:2] == (frame.height, frame.width)
            assert pixels.nbytes >= frame.width * frame.height
            tally.frames += 1
            if count == MOST_FRAMES:
                break
    except SdkError as error:
        text = str(error)
        if not isinstance(error, SourceError) or len(text) > MAX_MESSAGE or not text.isprintable():
            tally.escapes.append(f"{name}: {error.slug}: {text[:200]!r}")
        if error.slug in ("source-decoder-crashed", "source-too-costly"):
            tally.ended.append(f"{name}: {text[:200]}")
        return error.slug
    except Exception as error:
        tally.escapes.append(f"{name}: {type(error).__name__}: {str(error)[:200]!r}")
        return "escape"
    return "frames"


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(
    what: str, doc: str | None, mutated: Callable[[int, int], Iterable[tuple[str, bytes]]]
) -> None:
    """Be the command `python -m tests.mutate.WHAT`: read damaged files and keep the record.

    `mutated` gives them by how many are asked for and by the seed.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    start = time.monotonic()
    tally = run(mutated(arguments.count, arguments.seed))
    record = {
        "command": f"python -m tests.mutate.{what} {arguments.count} --seed {arguments.seed}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "seconds": round(time.monotonic() - start, 1),
        **tally.to_dict(),
    }
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    check(tally)
