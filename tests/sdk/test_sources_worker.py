"""What the decoding process says of an error, and under which limits."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from sdk import SourceError
from sdk.sources import limits, worker

REQUEST = {"name": "a\x1b.png"}


@pytest.mark.parametrize(
    ("error", "slug", "told"),
    [
        (MemoryError(), "source-too-costly", "more than 512 MiB beyond its frame"),
        (OSError("damaged"), "source-malformed", "cannot be read: OSError: 'damaged'"),
        (BaseException("panic"), "source-decoder-crashed", "failed on it: BaseException: 'panic'"),
    ],
)
def test_whatever_a_decoder_raises_is_an_error_of_the_file(
    error: BaseException, slug: str, told: str
) -> None:
    message = worker._failure(REQUEST, error)
    assert message["slug"] == slug
    assert told in message["message"]
    assert message["message"].isprintable()
    assert message["spent"]  # nobody knows what state it left behind


def test_an_error_of_this_package_passes_as_it_is_and_spends_nothing() -> None:
    message = worker._failure(REQUEST, SourceError("source-truncated", "ends early"))
    assert message == {"error": "SourceError", "slug": "source-truncated", "message": "ends early"}


@pytest.mark.parametrize("fails", [False, True])
def test_a_frames_limits_hold_for_its_decoder_alone(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def frames() -> Generator[Any, None, None]:
        steps.append("decoder")
        if fails:
            raise ValueError
        return
        yield

    for name in ("begin", "end"):
        monkeypatch.setattr(limits, name, lambda name=name: steps.append(name))
    monkeypatch.setattr(worker, "_failure", lambda *_: steps.append("words"))
    worker._step(REQUEST, frames())
    assert steps[:3] == ["begin", "decoder", "end"]
    assert ("words" in steps[3:]) is fails
