"""Damaged DICOM files give frames or a typed error: the short form of `dicom_matrix/mutate.py`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.sdk.dicom_matrix import independent, mutate
from tests.sdk.tools import require

FILES = mutate.seeds(60, seed=4)


@pytest.mark.parametrize("part", range(2))
def test_mutated_files_give_frames_or_a_typed_error(part: int) -> None:
    chance = random.Random(part)
    outcomes = set()
    for _ in range(250):
        data = mutate.mutate(chance.choice(FILES)[1], chance.choice(FILES)[1], chance)
        outcomes.add(mutate.outcome(data))
    assert {"frames", "source-malformed", "source-truncated"} <= outcomes
    # nothing made the decoding process end, or work to its limits
    assert not outcomes & {"source-decoder-crashed", "source-too-costly"}


def test_every_way_of_damage_is_used() -> None:
    chance = random.Random(9)
    _, data = FILES[0]
    changed = [way(data, FILES[1][1], chance) != data for way in mutate._WAYS for _ in range(5)]
    assert sum(changed) > len(changed) // 2


def test_what_dcmtk_still_reads_is_read_the_same(tmp_path: Path) -> None:
    require("dcmtk", *independent.PROGRAMS)
    agreed, differing = mutate.against_dcmtk(150, random.Random(5))
    assert differing == []
    assert agreed["right"] > 10
