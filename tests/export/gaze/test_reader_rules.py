"""Where the readers of gaze files draw a line: what is still read, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.gaze import Display, GazeError, GazeSamples, read_gaze
from export.gaze.readers.eyelink_lines import stamp_us
from export.gaze.readers.numbers import TimeParser, whole
from tests.export.gaze.gaze_files import TX300_HEADER, tx300_row

SCREEN = Display(1920, 1080, 0.2665, 620.0)
CSV = "timestamp_us,x_px,y_px,valid\n"


def _read(tmp_path: Path, text: str) -> GazeSamples:
    path = tmp_path / "scan.txt"
    path.write_text(text, encoding="utf-8")
    return read_gaze(path, SCREEN)


def _refused(tmp_path: Path, text: str, slug: str, message: str) -> str:
    with pytest.raises(GazeError) as caught:
        _read(tmp_path, text)
    assert caught.value.slug == slug, str(caught.value)
    assert message in str(caught.value)
    return str(caught.value)


def test_the_first_row_whose_time_does_not_rise_is_named(tmp_path: Path) -> None:
    rows = "0,1,2,1\n1,1,2,1\n2,1,2,1\n2,1,2,1\n"
    _refused(tmp_path, CSV + rows, "gaze-time", "line 5: timestamp 2 us follows 2 us")


def test_a_last_row_that_is_cut_is_left_out_and_a_longer_one_refused(tmp_path: Path) -> None:
    found = _read(tmp_path, CSV + "0,1,2,1\n1,1,2")
    assert found.tally is not None
    assert (found.timestamp_us.tolist(), found.tally.lines, found.tally.undated) == ([0], 2, 1)
    _refused(tmp_path, CSV + "0,1,2,1\n1,1,2,1,9", "gaze-row", "line 3 has 5 cells")


def test_a_cell_is_quoted_by_its_beginning(tmp_path: Path) -> None:
    for column, slug in (("x_px", "gaze-number"), ("valid", "gaze-validity")):
        cells = {"x_px": "1", "valid": "1"} | {column: "z" * 90}
        message = _refused(tmp_path, f"{CSV}0,{cells['x_px']},2,{cells['valid']}\n", slug, column)
        assert repr("z" * 40) in message
    assert repr("q" * 60) in _refused(tmp_path, "q" * 90, "gaze-file-unknown", "begins with")


SMI = "Time\tType\tTrial\tL POR X [px]\tL POR Y [px]\tL Validity\n"


def test_a_header_is_looked_for_below_a_thousand_lines(tmp_path: Path) -> None:
    row = "1000\tSMP\t1\t10.5\t20.5\t1\n"
    first = "## Calibration Area:\t1920\t1080\n"
    below = SMI + row
    assert len(_read(tmp_path, first + "## x\n" * 20 + below).timestamp_us) == 1
    from export.gaze.readers.columns import open_table
    from export.gaze.readers.text import Line

    for above, found in ((1000, True), (1001, False)):
        texts = ["## x"] * above + below.splitlines()
        lines = iter([Line(at, text, True) for at, text in enumerate(texts, start=1)])
        if found:
            assert open_table("x", lines, "\t", lambda names: "Time" in names).has("Trial")
            continue
        with pytest.raises(GazeError, match="holds no header") as caught:
            open_table("x", lines, "\t", lambda names: "Time" in names)
        assert caught.value.slug == "gaze-file-empty"


def test_smi_samples_that_the_tracker_calls_invalid_are_lost(tmp_path: Path) -> None:
    rows = "1000\tSMP\t1\t10.5\t20.5\t1\n2000\tSMP\t1\t11.5\t21.5\t0\n"
    found = _read(tmp_path, SMI + rows)
    assert found.valid.tolist() == [True, False]
    assert found.x_px[0] == 10.5


def test_smi_samples_of_another_display_are_refused(tmp_path: Path) -> None:
    text = "## Calibration Area:\t1280\t1024\n" + SMI + "1000\tSMP\t1\t10.5\t20.5\t1\n"
    _refused(tmp_path, text, "gaze-display", "1280x1024")


def _eyelink(*lines: str, samples: str = "LEFT\tRATE\t1000.00") -> str:
    declared = f"SAMPLES\tGAZE\t{samples}\n"
    return "** CONVERTED FROM a.edf\n" + declared + "".join(f"{line}\n" for line in lines)


def test_positions_count_from_the_displays_corner_where_the_file_names_none(tmp_path: Path) -> None:
    found = _read(tmp_path, _eyelink("1000\t 10.0\t 20.0\t 300.0\t..."))
    assert (found.x_px.tolist(), found.y_px.tolist()) == ([10.0], [20.0])


def test_no_pair_of_half_milliseconds_reaches_into_another_block(tmp_path: Path) -> None:
    fast = "LEFT\tRATE\t2000.00"
    sample = "\t 10.0\t 20.0\t 300.0\t..."
    pair = _read(tmp_path, _eyelink("1000" + sample, "1000" + sample, samples=fast))
    assert pair.timestamp_us.tolist() == [1_000_000, 1_000_500]
    apart = ("1000" + sample, f"SAMPLES\tGAZE\t{fast}", "1000" + sample)
    _refused(tmp_path, _eyelink(*apart, samples=fast), "gaze-time", "1000 ms follows 1000 ms")


def test_a_remote_target_may_lack_its_flags(tmp_path: Path) -> None:
    target = "LEFT\tRATE\t1000.00\tHTARGET"
    for tail in ("1.0\t2.0\t500.0", "1.0\t2.0\t500.0\t............."):
        line = f"1000\t 10.0\t 20.0\t 300.0\t...\t{tail}"
        assert _read(tmp_path, _eyelink(line, samples=target)).x_px.tolist() == [10.0]
    for tail in ("1.0\t2.0", "1.0\t2.0\t5.0\t6.0", "1.0\t2.0\tx"):
        line = f"1000\t 10.0\t 20.0\t 300.0\t...\t{tail}"
        _refused(tmp_path, _eyelink(line, samples=target), "gaze-row", "after its flags")


def test_a_damaged_sample_without_flags_is_refused_and_an_indented_note_is_not(
    tmp_path: Path,
) -> None:
    good = "1000\t 10.0\t 20.0\t 300.0"
    _refused(
        tmp_path, _eyelink(good, "x1001\t 10.0\t 20.0\t 300.0"), "gaze-row", "looks like a sample"
    )
    noted = _read(tmp_path, _eyelink(good, " note 10.0\t 20.0\t 300.0"))
    assert noted.timestamp_us.tolist() == [1_000_000]


def test_times_are_whole_microseconds_that_a_float_holds() -> None:
    largest = 2**53
    assert whole(str(largest)) == TimeParser(1.0)(str(largest)) == largest
    assert stamp_us("9007199254740.992") == largest
    for parse in (whole, TimeParser(1.0)):
        with pytest.raises(ValueError, match=r"2\*\*53"):
            parse(str(largest + 2))
    with pytest.raises(ValueError, match=r"2\*\*53"):
        stamp_us("9007199254741")


def test_lines_may_end_in_a_carriage_return_alone(tmp_path: Path) -> None:
    path = tmp_path / "scan.csv"
    path.write_bytes((CSV + "0,1,2,1\n1,3,4,1\n").replace("\n", "\r").encode())
    assert read_gaze(path, SCREEN).x_px.tolist() == [1.0, 3.0]


SDK = (
    "device_time_stamp;{side}_x;{side}_y;{other};left_gaze_point_validity;"
    "right_gaze_point_validity;note\n1000;0.25;0.5;(0.75, 0.5);1;1;{note}\n"
)
SIDE, OTHER = "left_gaze_point_on_display_area", "right_gaze_point_on_display_area"


def test_a_table_of_the_sdk_may_hold_latin_1_and_pairs_beside_columns(tmp_path: Path) -> None:
    text = SDK.format(side=SIDE, other=OTHER, note="Müller")
    path = tmp_path / "scan.csv"
    path.write_bytes(text.encode("latin-1"))
    found = read_gaze(path, SCREEN)
    assert (found.x_px.tolist(), found.y_px.tolist()) == ([960.0], [540.0])


def test_a_table_of_the_sdk_without_an_eyes_position_names_the_column(tmp_path: Path) -> None:
    text = SDK.format(side=SIDE, other="other", note="")
    _refused(tmp_path, text, "gaze-columns", f"no column '{OTHER}_x'")


def test_a_blank_pair_is_a_loss_of_track_unless_the_row_is_an_event(tmp_path: Path) -> None:
    header = "Recording timestamp [μs]\tEvent\tGaze point X [DACS px]\tGaze point Y [DACS px]\n"
    rows = "1000\t\t10\t20\n2000\t\t\t\n2500\tMouseEvent\t\t\n3000\t\t30\t40\n"
    found = _read(tmp_path, header + rows)
    assert found.timestamp_us.tolist() == [1000, 2000, 3000]
    assert found.valid.tolist() == [True, False, True]
    assert found.tally is not None
    assert found.tally.others == 1


def _studio(rows: list[dict[str, str]]) -> str:
    names = list(rows[0])
    lines = ["\t".join(names), *("\t".join(row[name] for name in names) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def _studio_row(time: str, **more: str) -> dict[str, str]:
    return {"MicroSecondTimestamp": time, "GazePointX (ADCSpx)": "10", "GazePointY (ADCSpx)": "20",
            "ValidityLeft": "0", "ValidityRight": "0"} | more  # fmt: skip


def test_a_studio_table_of_two_recordings_is_refused_with_both_names(tmp_path: Path) -> None:
    one, two = "a" * 90, "b" * 90
    rows = [_studio_row("1000", RecordingName=one), _studio_row("2000", RecordingName=two)]
    message = _refused(tmp_path, _studio(rows), "gaze-recordings", "'RecordingName' holds")
    assert f"{one[:60]!r} and {two[:60]!r}" in message
    same = [_studio_row("1000", RecordingName="a"), _studio_row("2000", RecordingName="")]
    assert len(_read(tmp_path, _studio(same)).timestamp_us) == 2


def test_a_studio_table_of_another_display_is_refused(tmp_path: Path) -> None:
    rows = [_studio_row("1000", RecordingResolution="1280 x 1024")]
    _refused(tmp_path, _studio(rows), "gaze-display", "the resolution is 1280x1024")
    rows = [_studio_row("1000", RecordingResolution="1920 x 1080")]
    assert _read(tmp_path, _studio(rows)).x_px.tolist() == [10.0]


def test_millimetres_of_a_studio_table_become_pixels(tmp_path: Path) -> None:
    row = _studio_row("1000")
    for axis in "XY":
        row[f"GazePoint{axis} (ADCSmm)"] = row.pop(f"GazePoint{axis} (ADCSpx)")
    found = _read(tmp_path, _studio([row]))
    assert found.x_px.tolist() == pytest.approx([10 / 0.2665])
    assert found.y_px.tolist() == pytest.approx([20 / 0.2665])


def test_the_first_clock_counts_as_long_as_it_rises_at_all(tmp_path: Path) -> None:
    rows = [_studio_row(str(1000 + at), EyeTrackerTimestamp=str(5000 + 10 * at)) for at in range(3)]
    found = _read(tmp_path, _studio(rows))
    assert found.timestamp_us.tolist() == [1000, 1001, 1002]
    rows[1]["MicroSecondTimestamp"] = "1000"
    assert _read(tmp_path, _studio(rows)).timestamp_us.tolist() == [5000, 5010, 5020]


@pytest.mark.parametrize("doubtful", ["Timestamp", "EyeTrackerTimestamp"])
def test_a_clock_whose_commas_may_part_thousands_is_refused(tmp_path: Path, doubtful: str) -> None:
    rows = []
    for at in range(3):
        row = _studio_row("", Timestamp="1", EyeTrackerTimestamp=str(5000 + at))
        row.pop("MicroSecondTimestamp")
        row[doubtful] = "1,000" if doubtful == "Timestamp" else f"{5 + at},000"
        rows.append(row)
    _refused(tmp_path, _studio(rows), "gaze-number", "part thousands")


def test_rows_without_a_time_and_a_cut_one_are_counted_together(tmp_path: Path) -> None:
    lost = {"ValidityLeft": "4", "ValidityRight": "4"}
    lost |= {"GazePointX (ADCSpx)": "", "GazePointY (ADCSpx)": ""}
    name = {"RecordingName": "a"}
    rows = [_studio_row("1000", **name), _studio_row("", **lost, **name)]
    text = _studio([*rows, _studio_row("3000", **name)])
    found = _read(tmp_path, text + "4000\t10\t20\t0\t0")
    assert found.timestamp_us.tolist() == [1000, 3000]
    assert found.tally is not None
    assert (found.tally.lines, found.tally.undated) == (4, 2)


def test_a_tx300_table_needs_both_eyes_and_says_which_column_is_missing(tmp_path: Path) -> None:
    rows = [TX300_HEADER, tx300_row(1, ("0.5", "0.5", 0), ("0.5", "0.5", 0)).split("\t")]
    for side, other in ("LR", "RL"):
        kept = [at for at, name in enumerate(TX300_HEADER) if not name.startswith(side)]
        text = "".join("\t".join(row[at] for at in kept) + "\n" for row in rows)
        message = _refused(tmp_path, text, "gaze-columns", f"no column '{side}GazePos2dx'")
        assert f"{other}GazePos2dx" in message


def test_a_gaze_point_lies_up_to_a_million_pixels_off(tmp_path: Path) -> None:
    square = Display(1000, 1000, 0.25, 600.0)
    path = tmp_path / "scan.tsv"
    for share, read_so in (("1000.0", True), ("-1000.0", True), ("1000.001", False)):
        row = tx300_row(1, (share, "0.5", 0), ("0.5", share, 0))
        path.write_text("\t".join(TX300_HEADER) + "\n" + row + "\n")
        if read_so:
            assert len(read_gaze(path, square).timestamp_us) == 1
            continue
        with pytest.raises(GazeError, match="line 2: a gaze point beyond 1,000,000") as caught:
            read_gaze(path, square)
        assert caught.value.slug == "gaze-number"
