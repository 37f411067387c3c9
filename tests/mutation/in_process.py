"""A pytest plugin: files are decoded in the tests' own process, by the steps of the real one.

A mutant of a reader then needs no second interpreter, and coverage sees which test reaches a line.
What the process itself is for (limits, crashes, hand-over of files) isn't tested this way.
"""

import contextlib
import os

import pytest

from sdk import sources
from sdk.sources import formats, limits, protocol, worker


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    sources._frames = _frames
    limits.begin = limits.end = lambda: None  # type: ignore[assignment]


def _frames(file, kind, name, region):  # type: ignore[no-untyped-def]
    request = {"do": "open", "kind": kind, "name": name}
    with contextlib.closing(file):
        formats.prepare(kind)
        decoder = formats.read(os.fdopen(os.dup(file.fileno()), "rb"), kind, name, region)
        index = 0
        while True:
            reply, pixels = worker._step(request, decoder)
            reply = protocol.decode(protocol.encode(reply)[protocol.LENGTH.size :])
            if "error" in reply:
                raise protocol.error_of(reply)
            if "end" in reply:
                return
            yield protocol.frame_of(reply, pixels, name, index)
            index += 1
