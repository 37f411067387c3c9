"""A sample of the matrix's cells. Nothing here needs the reader, so mutation tests draw it once."""

from __future__ import annotations

import collections
import itertools
import random

from tests.sdk.dicom_matrix.cells import Cell, cells


def sample(count: int, seed: int) -> list[Cell]:
    """Some cells of the matrix in turns of photometric, syntax and palette, by chance in each."""
    groups: dict[tuple[str, str, str], list[Cell]] = collections.defaultdict(list)
    for cell in cells():
        groups[cell.photometric, cell.syntax, cell.palette].append(cell)
    chance = random.Random(seed)
    share = count // len(groups) + 1
    turns = [chance.sample(group, min(2 * share, len(group))) for group in groups.values()]
    mixed = [cell for turn in itertools.zip_longest(*turns) for cell in turn if cell is not None]
    return mixed[:count]


SAMPLE = sample(60_000, seed=20)


def groups(count: int) -> dict[str, list[tuple[int, Cell]]]:
    """The first cells of the sample with their seeds, by photometric and syntax."""
    grouped: dict[str, list[tuple[int, Cell]]] = collections.defaultdict(list)
    for seed, cell in enumerate(SAMPLE[:count]):
        grouped[f"{cell.photometric} {cell.syntax}"].append((seed, cell))
    return grouped
