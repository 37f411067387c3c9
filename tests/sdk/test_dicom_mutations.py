"""Damaged DICOM files give frames or a typed error: the short form of `dicom_matrix/mutate.py`."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest

from tests.sdk.dicom_matrix import independent, mutate
from tests.sdk.tools import require


@cache
def files() -> list[bytes]:
    return [data for _, data in mutate.seeds(60, seed=4)]


@pytest.mark.parametrize("part", range(2))
def test_mutated_files_give_frames_or_a_typed_error(part: int) -> None:
    chance = random.Random(part)
    outcomes = set()
    for _ in range(250):
        data = mutate.mutate(chance.choice(files()), chance.choice(files()), chance)
        outcomes.add(mutate.outcome(data))
    assert {"frames", "source-malformed", "source-truncated"} <= outcomes
    # nothing made the decoding process end, or work to its limits
    assert not outcomes & {"source-decoder-crashed", "source-too-costly"}


def test_every_way_of_damage_is_used() -> None:
    chance = random.Random(9)
    data, other = files()[:2]
    changed = [way(data, other, chance) != data for way in mutate._WAYS for _ in range(5)]
    assert sum(changed) > len(changed) // 2


def test_what_dcmtk_still_reads_is_read_the_same(tmp_path: Path) -> None:
    require("dcmtk", *independent.PROGRAMS)
    agreed, differing = mutate.against_dcmtk(150, random.Random(5))
    assert differing == []
    assert agreed["right"] > 10
