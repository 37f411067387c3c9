"""Any valid way to store a picture in a DICOM file is read as the picture that was stored."""

from __future__ import annotations

import collections
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_matrix import compare, independent, real_files
from tests.sdk.dicom_matrix.cells import SYNTAXES, Cell, Made, build, cells
from tests.sdk.dicom_matrix.displays import DISPLAYS, PLACES
from tests.sdk.dicom_matrix.palettes import PALETTES
from tests.sdk.dicom_matrix.sampled import SAMPLE, groups
from tests.sdk.tools import require

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
GROUPS = groups(1200)


def failures(outcomes: list[tuple[Cell, str]]) -> list[str]:
    return [f"{cell}: {outcome}" for cell, outcome in outcomes if outcome != "right"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_sample_of_the_matrix_equals_the_slow_reference(group: str) -> None:
    outcomes = [(cell, compare.against_reference(cell, seed)) for seed, cell in GROUPS[group]]
    assert failures(outcomes) == []


def test_the_sample_has_every_value_of_every_axis() -> None:
    chosen = SAMPLE[:1200]
    for axis, values in (
        ("syntax", SYNTAXES), ("display", DISPLAYS), ("place", PLACES), ("palette", PALETTES),
        ("table", ("none", "basic", "extended")), ("frames", (1, 3)), ("junk", (False, True)),
    ):  # fmt: skip
        assert set(values) <= {getattr(cell, axis) for cell in chosen}, axis


def test_the_reference_tells_a_wrong_reading() -> None:
    cell = next(cell for cell in SAMPLE if cell.display == "window" and cell.bits == (8, 8, 7))
    made = build(cell, 1)
    shifted = [np.roll(levels, 1) for levels in made.expected]
    assert compare.outcome(shifted, made.expected, compare.ROUNDING) == "differs"  # type: ignore[arg-type]


def test_the_matrix_is_as_large_as_it_says() -> None:
    assert sum(1 for _ in cells()) > 900_000


def test_dcmtk_renders_the_same_levels(tmp_path: Path) -> None:
    require("dcmtk", *independent.PROGRAMS)
    chosen = [cell for cell in SAMPLE if independent.dcmtk_shows(cell)][:120]
    counts = collections.Counter()
    for seed, cell in enumerate(chosen):
        outcome = compare.against_dcmtk(cell, seed, tmp_path)
        assert outcome in ("right", "dcmtk refuses"), cell
        counts[outcome] += 1
    assert counts["right"] > 100


def test_gdcm_reads_the_samples_that_the_reader_shows(tmp_path: Path) -> None:
    require("dcmtk", *independent.PROGRAMS)
    chosen = [cell for cell in SAMPLE if independent.gdcm_reads(cell)][:30]
    counts = collections.Counter()
    for seed, cell in enumerate(chosen):
        outcome = compare.against_gdcm(cell, seed, tmp_path)
        assert outcome in ("right", "GDCM refuses"), cell
        counts[outcome] += 1
    assert counts["right"] > 10


def test_what_dcmtk_writes_anew_is_read_the_same(tmp_path: Path) -> None:
    require("dcmtk", *independent.PROGRAMS)
    native = [cell for cell in SAMPLE if cell.syntax.startswith("explicit")]
    counts = collections.Counter()
    for seed, cell in enumerate([cell for cell in native if cell.bits[0] in (8, 16)][:15]):
        for maker, outcome in compare.made_by_dcmtk(cell, seed, tmp_path).items():
            assert outcome in ("right", "dcmtk refuses"), (maker, cell)
            counts[maker] += outcome == "right"
    assert set(counts) == set(independent.LOSSLESS)
    assert min(counts.values()) > 0


def smooth(dtype: type, top: int, colour: bool) -> Made:
    """A picture that a lossy codec keeps close, of an odd size."""
    grey = (np.add.outer(np.arange(61), np.arange(83)) * (top / 150)).astype(dtype)
    pixels = np.stack([grey, grey[::-1], grey[:, ::-1]], axis=-1) if colour else grey
    bits = 8 if top < 256 else 12
    return Made(make_dataset(pixels, BitsStored=bits, HighBit=bits - 1), pixels, [])


@pytest.mark.parametrize(
    ("words", "top", "colour"),
    [
        (("+eb",), 255, False),
        (("+ee",), 255, False),
        (("+ee",), 4095, False),
        (("+eb", "+cy", "+s4"), 255, True),
        (("+eb", "+cy", "+s2"), 255, True),
        (("+eb", "+cy", "+n1"), 255, True),
        (("+eb", "+cr"), 255, True),
    ],
    ids=lambda value: "".join(value) if isinstance(value, tuple) else str(value),
)
def test_lossy_jpeg_equals_dcmtks_decoding(
    tmp_path: Path, words: tuple[str, ...], top: int, colour: bool
) -> None:
    require("dcmtk", *independent.PROGRAMS)
    made = smooth(np.uint8 if top < 256 else np.uint16, top, colour)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert compare.lossy_by_dcmtk(made, words, tmp_path) == "right"


def test_the_real_files_of_pydicoms_wheel_equal_independent_readings() -> None:
    require("dcmtk", *independent.PROGRAMS)
    rows = real_files.table()
    held = [one for one in rows if "largest difference" in one]
    assert [one for one in held if one["largest difference"] > 2] == []
    assert len(held) > 50
    assert all(one["outcome"].endswith(("frame(s)",)) or "-" in one["outcome"] for one in rows)
