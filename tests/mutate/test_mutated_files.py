"""The short form of `python -m tests.mutate.files`, whose long form is in docs/results."""

from __future__ import annotations

import random

from .driver import check, run
from .files import mutated, seeds


def test_every_real_file_damaged_once_is_frames_or_a_typed_error() -> None:
    tally = run(mutated(1, seed=random.SystemRandom().randrange(10**9)))
    check(tally)
    files = seeds()
    assert tally.files == sum(len(found) for found in files.values()) > 90
    assert set(tally.outcomes) == set(files)
    # damage gets through as well as not, or it would test nothing
    assert tally.outcomes["dicom"]["frames"] > 5
    assert sum(len(found) for found in tally.outcomes.values()) > 6
