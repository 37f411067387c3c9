"""The short form of `python -m tests.mutate.images`, whose long form is in docs/results."""

from __future__ import annotations

import random

import pytest

from sdk import sources

from .driver import check, run
from .images import mutated, seeds


def test_damaged_images_are_frames_or_typed_errors() -> None:
    tally = run(mutated(1500, seed=random.SystemRandom().randrange(10**9)))
    check(tally)
    assert tally.files == 1500
    families = tally.outcomes
    assert set(families) == set(seeds())
    # damage gets through the walk as well as not, or it would test nothing
    assert sum(found["frames"] for found in families.values()) > 200
    assert sum(len(found) for found in families.values()) > 30


@pytest.mark.parametrize("what", [ZeroDivisionError("x"), SystemError("y")], ids=str)
def test_the_driver_tells_an_escape(what: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def escaping(source: object) -> object:
        raise what

    monkeypatch.setattr(sources, "open", escaping)
    tally = run([("png 1", b"")])
    with pytest.raises(AssertionError):
        check(tally)
