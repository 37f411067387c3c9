"""Readers: hand-computed positions, validity codes, both eyes, losses of track."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from export.data.dataset import find_data_root
from export.gaze import Display, GazeError, GazeSamples, read_gaze, write_gaze_csv
from export.gaze.readers import read_tobii_pro_lab, read_tobii_tx300
from export.gaze.readers.table import read_gaze_csv
from export.gaze.samples import from_points
from tests.export.gaze.gaze_files import EYELINK, PRO_LAB_HEADER, PRO_LAB_ROWS, pro_lab_text

NAN = float("nan")


def test_tx300_positions_become_pixels_and_both_eyes_one_point(
    tx300_file: Path, display: Display
) -> None:
    samples = read_gaze(tx300_file, display)
    x = [0.55 * 1920, 0.25 * 1920, 0.75 * 1920, NAN, 0.3 * 1920, -0.1 * 1920]
    y = [0.6 * 1080, 0.5 * 1080, 0.25 * 1080, NAN, 0.3 * 1080, 1.2 * 1080]
    np.testing.assert_allclose(samples.x_px, x)
    np.testing.assert_allclose(samples.y_px, y)
    assert samples.valid.tolist() == [True, True, True, False, True, True]
    assert samples.timestamp_us[:2].tolist() == [1_000_000, 1_003_333]
    assert samples.share_valid == pytest.approx(5 / 6)
    assert not samples.simulated


def test_tx300_distance_is_that_of_the_tracked_eyes(tx300_file: Path, display: Display) -> None:
    distance = read_gaze(tx300_file, display).distance_mm
    np.testing.assert_allclose(distance, [610, 610, 610, NAN, 610, 610])


def test_tx300_code_2_counts_only_when_allowed(tx300_file: Path, display: Display) -> None:
    strict, lax = (read_tobii_tx300(tx300_file, display, worst) for worst in (1, 2))
    assert strict.x_px[4] == pytest.approx(0.3 * 1920)  # the right eye alone
    assert lax.x_px[4] == pytest.approx(0.2 * 1920)  # the mean with the unsure left


@pytest.mark.parametrize(
    ("name", "rows", "lost"),
    [
        ("participant1_1.tsv", 651, 9),
        ("participant1_4.tsv", 434, 9),
        ("participant2_3.tsv", 1207, 282),
    ],
)
def test_real_tx300_recordings_read_whole(
    name: str, rows: int, lost: int, display: Display
) -> None:
    root = find_data_root()
    if root is None:
        pytest.skip("the real Tobii recordings are not here (../shared/data)")
    path = root / "gaze" / "tobii" / name
    samples = read_gaze(path, display)
    assert len(samples) == rows
    assert int((~samples.valid).sum()) == lost
    assert samples.rate_hz == pytest.approx(300, rel=0.01)
    # Independent of the reader: the same file, by NumPy's own loader.
    table = np.genfromtxt(path, delimiter="\t", names=True)
    both = (table["LValidity"] <= 1) & (table["RValidity"] <= 1)
    mean = (table["LGazePos2dx"][both] + table["RGazePos2dx"][both]) / 2 * 1920
    np.testing.assert_allclose(samples.x_px[both], mean)
    seen = (table["LValidity"] <= 1) | (table["RValidity"] <= 1)
    assert np.array_equal(seen, samples.valid)


def test_pro_lab_keeps_the_tracker_rows_and_reads_decimal_commas(
    tmp_path: Path, display: Display
) -> None:
    path = tmp_path / "export.tsv"
    path.write_text(pro_lab_text(), encoding="utf-8")
    samples = read_gaze(path, display)
    assert samples.timestamp_us.tolist() == [1000, 9333, 17667]
    np.testing.assert_allclose(samples.x_px, [965, 100.5, NAN])
    np.testing.assert_allclose(samples.y_px, [550, 200.25, NAN])
    np.testing.assert_allclose(samples.distance_mm, [605, 620.5, NAN])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_pro_lab_exports_may_carry_a_byte_order_mark(
    encoding: str, tmp_path: Path, display: Display
) -> None:
    path = tmp_path / "export.tsv"
    path.write_bytes(pro_lab_text().replace("\n", "\r\n").encode(encoding))
    assert len(read_gaze(path, display)) == 3


def test_pro_lab_units_are_taken_from_the_column_names(tmp_path: Path, display: Display) -> None:
    text = pro_lab_text().replace("[μs]", "[ms]").replace("[DACS px]", "[DACS mm]")
    path = tmp_path / "export.tsv"
    path.write_text(text, encoding="utf-8")
    samples = read_gaze(path, display)
    assert samples.timestamp_us[0] == 1_000_000
    assert samples.x_px[0] == pytest.approx(965 / 0.2665)


def test_pro_lab_without_a_time_unit_asks_for_it(tmp_path: Path, display: Display) -> None:
    path = tmp_path / "export.tsv"
    path.write_text(pro_lab_text().replace(" [μs]", ""), encoding="utf-8")
    with pytest.raises(GazeError, match="names no unit; say time_unit='us' or 'ms'") as caught:
        read_tobii_pro_lab(path, display)
    assert caught.value.slug == "gaze-columns"
    assert read_tobii_pro_lab(path, display, time_unit="ms").timestamp_us[0] == 1_000_000


def test_pro_lab_from_another_display_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.tsv"
    path.write_text(pro_lab_text(), encoding="utf-8")
    with pytest.raises(GazeError, match=r"'Recording resolution width' is 1920, .* 1280") as caught:
        read_gaze(path, Display(1280, 1024, 0.26, 600))
    assert caught.value.slug == "gaze-display"


def test_pro_lab_combined_gaze_is_read_where_single_eyes_are_missing(
    tmp_path: Path, display: Display
) -> None:
    header = ("Recording timestamp [us]", "Gaze point X [DACS px]", "Gaze point Y [DACS px]")
    rows = (("0", "10", "20"), ("8333", "", ""))
    path = tmp_path / "export.tsv"
    path.write_text(pro_lab_text(header, rows))
    samples = read_gaze(path, display)
    np.testing.assert_allclose(samples.x_px, [10, NAN])
    assert samples.valid.tolist() == [True, False]


def test_pro_lab_validity_may_be_numbers(tmp_path: Path, display: Display) -> None:
    rows = tuple(
        tuple({"Valid": "0", "Invalid": "4"}.get(cell, cell) for cell in row)
        for row in PRO_LAB_ROWS
    )
    path = tmp_path / "export.tsv"
    path.write_text(pro_lab_text(PRO_LAB_HEADER, rows), encoding="utf-8")
    np.testing.assert_allclose(read_gaze(path, display).x_px, [965, 100.5, NAN])


def test_eyelink_keeps_the_trackers_clock_and_leaves_out_the_time_between_blocks(
    tmp_path: Path, display: Display
) -> None:
    path = tmp_path / "scan.asc"
    path.write_text(EYELINK)
    samples = read_gaze(path, display)
    times = [1005, 1006, 1007, 1008, 1009, 1100, 1101]
    assert samples.timestamp_us.tolist() == [1000 * time for time in times]
    np.testing.assert_allclose(samples.x_px, [965, 966, 972, NAN, 969, 105, 106])
    np.testing.assert_allclose(samples.y_px, [550, 551, 562, NAN, 554, 210, 211])


def test_eyelink_with_one_eye(tmp_path: Path, display: Display) -> None:
    lines = []
    for line in EYELINK.replace("LEFT\tRIGHT", "RIGHT").replace("1 LR", "1 R").split("\n"):
        cells = line.split("\t")
        lines.append("\t".join([cells[0], *cells[4:7], "..."]) if cells[0].isdigit() else line)
    path = tmp_path / "scan.asc"
    path.write_text("\n".join(lines))
    np.testing.assert_allclose(read_gaze(path, display).x_px, [970, 971, 972, NAN, 974, 110, 111])


def test_csv_with_two_eyes_combines_them(tmp_path: Path, display: Display) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "timestamp_us,left_x_px,left_y_px,left_valid,right_x_px,right_y_px,right_valid\n"
        "0,10,20,1,30,40,1\n10000,10,20,1,,,0\n20000,,,0,,,0\n"
    )
    samples = read_gaze(path, display)
    np.testing.assert_allclose(samples.x_px, [20, 10, NAN])
    np.testing.assert_allclose(samples.y_px, [30, 20, NAN])


@st.composite
def recordings(draw: st.DrawFn) -> GazeSamples:
    count = draw(st.integers(1, 30))
    steps = draw(hnp.arrays(np.int64, count, elements=st.integers(1, 10**6)))
    points = hnp.arrays(np.float64, count, elements=st.floats(-1e6, 1e6))
    valid = draw(hnp.arrays(np.bool_, count))
    distance = draw(hnp.arrays(np.float64, count, elements=st.floats(1, 5000) | st.just(NAN)))
    start = draw(st.integers(-(2**40), 2**40))
    return from_points(
        start + np.cumsum(steps), draw(points), draw(points), valid, distance, draw(st.booleans())
    )


@given(samples=recordings())
def test_a_recording_written_as_csv_reads_back_unchanged(
    samples: GazeSamples, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("csv") / "gaze.csv"
    write_gaze_csv(samples, path)
    again = read_gaze_csv(path)
    for name in ("timestamp_us", "x_px", "y_px", "valid", "distance_mm"):
        np.testing.assert_array_equal(getattr(again, name), getattr(samples, name))
    assert again.simulated == samples.simulated
