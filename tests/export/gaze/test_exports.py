"""Real exports, held against an independent look at each file, or refused by name."""

import ast
import csv
from pathlib import Path

import numpy as np
import pytest

from export.data.dataset import find_data_root
from export.gaze import Display, GazeError, read_gaze

WIDE, NARROW = Display(1920, 1080, 0.2665, 620.0), Display(1280, 1024, 0.29, 600.0)


def _export(name: str) -> Path:
    root = find_data_root()
    path = None if root is None else root / "gaze" / "exports" / name
    if path is None or not path.is_file():
        pytest.skip("the real exports are not here (../shared/data)")
    return path


EYELINK = [
    ("pymovements_eyelink_binocular_example.asc", WIDE, 368, 80),
    ("pymovements_eyelink_monocular_2khz_example.asc", NARROW, 16, 0),
    ("pymovements_eyelink_monocular_example.asc", NARROW, 16, 0),
    ("pymovements_eyelink_monocular_no_dummy_example.asc", WIDE, 297, 69),
    ("pymovements_raccoons.asc", WIDE, 433, 85),
]


@pytest.mark.parametrize(("name", "display", "samples", "lost"), EYELINK, ids=lambda v: str(v)[:40])
def test_real_eyelink_recordings_read_whole(
    name: str, display: Display, samples: int, lost: int
) -> None:
    """Held against NumPy's own reading of the lines that begin with a digit."""
    path = _export(name)
    found = read_gaze(path, display)
    lines = [x.split() for x in path.read_text().splitlines() if x[:1].isdigit()]
    assert (len(found), int((~found.valid).sum())) == (samples, lost)
    assert len(lines) == samples
    assert found.timestamp_us.tolist() == [round(1000 * float(line[0])) for line in lines]
    columns = (1, 4) if "binocular" in name else (1,)
    cells = [[line[column] for column in columns] for line in lines]
    values = np.array([[np.nan if c == "." else float(c) for c in row] for row in cells])
    seen = ~np.isnan(values)
    total, count = np.where(seen, values, 0).sum(axis=1), seen.sum(axis=1)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found.x_px, total / count)


def test_the_real_table_of_a_tobii_4c_keeps_its_device_clock() -> None:
    """Its ``system_time_stamp`` is rounded to ten milliseconds, and its last row is cut."""
    path = _export("emdat_Tobii4C_4Ctest.csv")
    rows = [r for r in csv.reader(path.read_text().split("\n"), delimiter=";") if r]
    header, rows = rows[0], [r for r in rows[1:] if len(r) == len(rows[0])]
    found = read_gaze(path, WIDE)
    assert len(rows) == len(found) == 453
    assert found.tally is not None
    assert (found.tally.lines, found.tally.undated) == (454, 1)
    at = header.index("device_time_stamp")
    assert found.timestamp_us.tolist() == [int(r[at]) for r in rows]
    for index, row in enumerate(rows):
        both = [
            ast.literal_eval(row[header.index(f"{s}_gaze_point_on_display_area")])
            for s in ("left", "right")
            if row[header.index(f"{s}_gaze_point_validity")] == "1"
        ]
        assert found.valid[index] == bool(both)
        if both:
            mean = np.mean(np.array(both), axis=0) * (1920, 1080)
            np.testing.assert_allclose((found.x_px[index], found.y_px[index]), mean)


def test_the_real_all_data_export_of_tobii_studio_is_read() -> None:
    path = _export("emdat_TobiiV2_P63-All-Data.tsv")
    found = read_gaze(path, NARROW)
    lines = [x.split("\t") for x in path.read_text().splitlines()]
    header = next(cells for cells in lines if "MicroSecondTimestamp" in cells)
    rows = [cells for cells in lines if len(cells) == len(header) and cells[11 - 1].isdigit()]
    at = header.index("MicroSecondTimestamp")
    assert found.timestamp_us.tolist() == [int(cells[at]) for cells in rows]
    assert len(found) == 8
    assert not found.valid.any()  # both eyes have code 4 throughout
    assert found.tally is not None
    assert found.tally.others == 2
    with pytest.raises(GazeError, match="says the resolution is 1280x1024"):
        read_gaze(path, WIDE)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("emdat_SMI_SMI_Sample_67_Events.txt", "events of SMI BeGaze, not samples: export raw"),
        ("emdat_Tobii4C_4Ctest_fixation.csv", "a list of fixations or saccades, not samples"),
        ("emdat_TobiiV2_P61-Event-Data.tsv", "events of Tobii Studio, not samples: export 'All-"),
        ("emdat_TobiiV2_P62-Event-Data.tsv", "events of Tobii Studio"),
        ("emdat_TobiiV2_P61-Fixation-Data.tsv", "fixations of Tobii Studio, not samples"),
        ("emdat_TobiiV2_P62-Fixation-Data.tsv", "fixations of Tobii Studio"),
        ("emdat_TobiiV2_P63-Fixation-Data.tsv", "fixations of Tobii Studio"),
    ],
)
def test_real_exports_without_samples_are_refused_by_name(name: str, message: str) -> None:
    with pytest.raises(GazeError, match=message) as caught:
        read_gaze(_export(name), WIDE)
    assert caught.value.slug == "gaze-file-unknown"


def test_every_real_export_is_named_in_these_tests() -> None:
    known = Path(__file__).read_text()
    folder = _export("emdat_Tobii4C_4Ctest.csv").parent
    assert [p.name for p in folder.iterdir() if p.name not in known] == []
