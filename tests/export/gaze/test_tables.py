"""Tables of Tobii and SMI: any layout comes back exactly; units and clocks are never guessed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.gaze import Display, GazeError, read_gaze
from tests.export.gaze.gaze_files import PRO_LAB_HEADER, PRO_LAB_ROWS, pro_lab_text
from tests.export.gaze.table_layouts import Truth, pro_lab_files, smi_files, studio_files

SCREEN = Display(1920, 1080, 0.2665, 620.0)


@given(file=st.one_of(pro_lab_files(), studio_files(), smi_files()))
@settings(max_examples=300, deadline=None)
def test_any_layout_gives_back_exactly_what_was_written(
    file: tuple[bytes, Truth], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data, truth = file
    path = tmp_path_factory.mktemp("table") / "export.txt"
    path.write_bytes(data)
    found = read_gaze(path, SCREEN)
    points = truth.points()
    assert found.timestamp_us.tolist() == truth.times
    np.testing.assert_allclose(np.stack([found.x_px, found.y_px], axis=1), points, rtol=1e-12)
    assert found.valid.tolist() == (points[:, 0] == points[:, 0]).tolist()
    assert found.tally is not None
    assert (found.tally.lines, found.tally.undated) == (len(points), 0)


def _read(tmp_path: Path, text: str, **more: str):
    path = tmp_path / "export.tsv"
    path.write_bytes(text.encode())
    return read_gaze(path, SCREEN, **more)


def _fast(times_ms: list[str], times_us: list[str]) -> str:
    header = ("Recording timestamp [ms]", "Eyetracker timestamp [μs]", *PRO_LAB_HEADER[1:])
    cells = (
        "Eye Tracker",
        "",
        "1920",
        "1080",
        "960",
        "540",
        "970",
        "560",
        "Valid",
        "Valid",
        "",
        "",
    )
    rows = tuple((a, b, *cells) for a, b in zip(times_ms, times_us, strict=True))
    return pro_lab_text(header, rows)


def test_at_1200_hz_whole_milliseconds_give_way_to_the_finer_column_beside_them(
    tmp_path: Path,
) -> None:
    fine = [str(5_000_000_123 + 833 * i) for i in range(5)]
    found = _read(tmp_path, _fast(["0", "0", "1", "2", "3"], fine))
    assert found.timestamp_us.tolist() == [int(t) for t in fine]
    assert found.tally is not None
    assert found.tally.clock == "Eyetracker timestamp [μs]"


def test_the_recording_clock_stays_where_it_tells_samples_apart(tmp_path: Path) -> None:
    text = _fast(["0", "16", "33"], ["500", "17167", "33833"])
    assert _read(tmp_path, text).timestamp_us.tolist() == [0, 16_000, 33_000]
    found = _read(tmp_path, text, time_column="Eyetracker timestamp [μs]")
    assert found.timestamp_us.tolist() == [500, 17_167, 33_833]


def test_whole_milliseconds_alone_at_1200_hz_are_refused(tmp_path: Path) -> None:
    text = _fast(["0", "0", "1"], ["0", "833", "1667"]).replace("Eyetracker timestamp", "Computer")
    with pytest.raises(GazeError, match=r"line 3: timestamp 0 us follows 0 us.*micros") as caught:
        _read(tmp_path, text)
    assert caught.value.slug == "gaze-time"


def test_a_time_without_unit_is_told_where_to_say_it_and_the_advice_works(tmp_path: Path) -> None:
    text = pro_lab_text().replace(" [μs]", "")
    with pytest.raises(GazeError, match=r'time_unit = "ms" \(or "us"\) under \[recording\]'):
        _read(tmp_path, text)
    assert _read(tmp_path, text, time_unit="us").timestamp_us[0] == 1000
    assert _read(tmp_path, text, time_unit="ms").timestamp_us[0] == 1_000_000


@pytest.mark.parametrize(
    ("times", "slug"),
    [(["1,000", "1,008", "1,016"], "gaze-number"), (["999", "1,007", "1,015"], "gaze-number")],
)
def test_a_comma_that_may_part_thousands_is_refused(
    times: list[str], slug: str, tmp_path: Path
) -> None:
    text = _fast(times, ["1", "2", "3"])
    with pytest.raises(GazeError, match="may be a decimal comma or part thousands") as caught:
        _read(tmp_path, text)
    assert caught.value.slug == slug


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_saved_with_other_separators_is_told_so(delimiter: str, tmp_path: Path) -> None:
    with pytest.raises(GazeError, match=r"not separated as in this format.*tab-sep") as caught:
        _read(tmp_path, pro_lab_text().replace("\t", delimiter))
    assert caught.value.slug == "gaze-columns"


def test_two_recordings_in_one_file_are_refused(tmp_path: Path) -> None:
    header = (*PRO_LAB_HEADER, "Recording name")
    rows = tuple((*row, f"R{i // 4}") for i, row in enumerate(PRO_LAB_ROWS))
    with pytest.raises(GazeError, match="'R0' and 'R1'; export each recording") as caught:
        _read(tmp_path, pro_lab_text(header, rows))
    assert caught.value.slug == "gaze-recordings"


def test_a_gaze_point_without_a_time_is_refused_and_a_lost_one_counted(tmp_path: Path) -> None:
    text = pro_lab_text()
    found = _read(tmp_path, text.replace("17667\tEye", "\tEye"))
    assert found.timestamp_us.tolist() == [1000, 9333]
    assert found.tally is not None
    assert (found.tally.lines, found.tally.undated, found.tally.others) == (3, 1, 2)
    with pytest.raises(GazeError, match="line 5: a gaze point without a time") as caught:
        _read(tmp_path, text.replace("9333\tEye", "\tEye"))
    assert caught.value.slug == "gaze-time"


def test_pro_lab_in_latin_1_with_a_micro_sign_is_read(tmp_path: Path) -> None:
    text = pro_lab_text().replace("μ", "µ").replace("RecordingStart", "Début")
    (tmp_path / "export.tsv").write_bytes(text.encode("latin-1"))
    assert len(read_gaze(tmp_path / "export.tsv", SCREEN)) == 3


SDK = """device_time_stamp{d}left_gaze_point_on_display_area{d}left_gaze_point_validity{d}\
right_gaze_point_on_display_area{d}right_gaze_point_validity{d}system_time_stamp
1000{d}{q}(0.25, 0.5){q}{d}1{d}{q}(0.75, 0.5){q}{d}1{d}1.5e+15
12000{d}{q}(nan, nan){q}{d}0{d}{q}(0.75, 0.5){q}{d}1{d}1.5e+15
23000{d}{q}(nan, nan){q}{d}0{d}{q}(nan, nan){q}{d}0{d}1.5e+15
"""


@pytest.mark.parametrize(("delimiter", "quote"), [(";", ""), ("\t", ""), (",", '"')])
def test_tables_of_the_sdk_keep_the_device_clock(
    delimiter: str, quote: str, tmp_path: Path
) -> None:
    found = _read(tmp_path, SDK.format(d=delimiter, q=quote))
    assert found.timestamp_us.tolist() == [1000, 12_000, 23_000]
    np.testing.assert_allclose(found.x_px, [960, 1440, np.nan])
    np.testing.assert_allclose(found.y_px, [540, 540, np.nan])


@pytest.mark.parametrize(
    ("old", "new", "slug", "message"),
    [
        ("(0.25, 0.5)", "(0.25)", "gaze-number", "is not a pair of numbers"),
        ("(0.25, 0.5)", "(1e9, 0.5)", "gaze-number", "is beyond 1,000,000 pixels"),
        ("12000;", "900;", "gaze-time", "line 3: timestamp 900 us follows 1000"),
        ("device_time_stamp", "time", "gaze-columns", "no column 'device_time_stamp'"),
        ("\n1000;(0.25, 0.5);1", "\n1000;(0.25, 0.5);2", "gaze-validity", "allowed are 0 and 1"),
        ("\n12000;(nan, nan);0", "\n12000;(nan, nan);1", "gaze-number", "no position"),
    ],
)
def test_bad_tables_of_the_sdk_are_refused(
    old: str, new: str, slug: str, message: str, tmp_path: Path
) -> None:
    text = SDK.format(d=";", q="")
    assert old in text
    with pytest.raises(GazeError, match=message) as caught:
        _read(tmp_path, text.replace(old, new))
    assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Data\nFixationIndex\tTimestamp\tFixationDuration\t\n", "fixations of Tobii Studio"),
        ("Timestamp\tEvent\tEventKey\t\n0\tA\t1\t\n", "events of Tobii Studio"),
        ("[BeGaze]\nEvent Type,Trial,Number,Start,End\n", "events of SMI BeGaze"),
        ("label,x,y,start,end,duration\n", "a list of fixations"),
        ("RecordingTime [ms]\tPoint of Regard Right X [px]\n1\t2\n", "SMI BeGaze's metrics"),
        ("gaze_timestamp,norm_pos_x\n", "Pupil Core"),
    ],
)
def test_files_that_hold_no_samples_on_a_display_are_refused_by_name(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(GazeError, match=message) as caught:
        _read(tmp_path, text)
    assert caught.value.slug == "gaze-file-unknown"


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"SR_RESEARCH_COMBINED_FILE\n\0", "edf2asc"), (b"PK\x03\x04...", "spreadsheet"),
     (b"\x1f\x8b\x08", "unpack")],
)  # fmt: skip
def test_binary_files_are_refused_by_name(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(data)
    with pytest.raises(GazeError, match=message):
        read_gaze(tmp_path / "a.tsv", SCREEN)


def test_a_studio_export_of_both_eyes_as_one_needs_their_validity(tmp_path: Path) -> None:
    text = (
        "RecordingTimestamp\tGazePointX (ADCSpx)\tGazePointY (ADCSpx)\tValidityLeft\t"
        "ValidityRight\n"
        "0\t10\t20\t0\t4\n8\t\t\t4\t4\n11\t\t\t\t\n16\t30\t40,5\t4\t1\n"
    )
    found = _read(tmp_path, text)
    assert found.timestamp_us.tolist() == [0, 8000, 16_000]
    np.testing.assert_allclose(found.y_px, [20, np.nan, 40.5])
    with pytest.raises(GazeError, match="no column 'ValidityLeft', 'ValidityRight'"):
        _read(tmp_path, text.replace("Validity", "V"))


def test_pandas_reads_the_same_from_a_studio_table(tmp_path: Path) -> None:
    """Pandas as a second opinion."""
    rng = np.random.default_rng(3)
    count = 400
    table = pd.DataFrame({"RecordingTimestamp": np.cumsum(rng.integers(1, 30, count))})
    for side in ("Left", "Right"):
        for axis in "XY":
            table[f"GazePoint{side}{axis} (ADCSpx)"] = rng.uniform(-10, 2000, count).round(2)
        table[f"Validity{side}"] = rng.integers(0, 5, count)
    table.to_csv(tmp_path / "export.tsv", sep="\t", index=False)
    found = read_gaze(tmp_path / "export.tsv", SCREEN)
    known = pd.read_csv(tmp_path / "export.tsv", sep="\t")
    left = known["GazePointLeftX (ADCSpx)"].where(known["ValidityLeft"] <= 1)
    right = known["GazePointRightX (ADCSpx)"].where(known["ValidityRight"] <= 1)
    np.testing.assert_allclose(found.x_px, pd.concat([left, right], axis=1).mean(axis=1))
    assert found.timestamp_us.tolist() == (1000 * known["RecordingTimestamp"]).tolist()


@pytest.mark.parametrize(
    ("places", "read"),
    [
        (("998", "1,002", "512"), None),
        (("998.5", "1,002", "512"), None),
        (("998,0", "1,002", "512"), 1.002),
        (("998,000", "1,002", "512,125"), 1.002),
        (("0,500", "1,002", "-1"), 1.002),
    ],
)
def test_a_comma_in_a_gaze_point_is_a_decimal_one_only_where_the_export_shows_it(
    places: tuple[str, str, str], read: float | None, tmp_path: Path
) -> None:
    first, second, y = places
    header = (
        "RecordingTimestamp\tGazePointX (ADCSpx)\tGazePointY (ADCSpx)\tValidityLeft\tValidityRight"
    )
    text = f"{header}\n0\t{first}\t{y}\t0\t0\n8\t{second}\t{y}\t0\t0\n"
    if read is not None:
        assert _read(tmp_path, text).x_px[1] == read
        return
    with pytest.raises(GazeError, match="'1,002' may have a decimal comma or part th") as caught:
        _read(tmp_path, text)
    assert caught.value.slug == "gaze-number"


@pytest.mark.parametrize("stamp", ["1.008E+06", "1e6", "1.56466617033e+15"])
def test_a_time_that_a_spreadsheet_rounded_is_refused(stamp: str, tmp_path: Path) -> None:
    sdk = (
        "device_time_stamp;left_gaze_point_on_display_area;left_gaze_point_validity;"
        "right_gaze_point_on_display_area;right_gaze_point_validity\n"
        f"{stamp};(0.5, 0.5);1;(0.5, 0.5);1\n"
    )
    for text in (sdk, pro_lab_text().replace("\n1000\t", f"\n{stamp}\t")):
        with pytest.raises(GazeError, match="is rounded: write it with all its dig") as caught:
            _read(tmp_path, text)
        assert caught.value.slug == "gaze-number"
    whole = sdk.replace(stamp, "1.564666170330001e+15")
    assert _read(tmp_path, whole).timestamp_us.tolist() == [1564666170330001]


def test_a_strict_average_of_both_eyes_is_lost_where_one_eye_is(tmp_path: Path) -> None:
    header = (
        "RecordingTimestamp\tGazePointX (ADCSpx)\tGazePointY (ADCSpx)\tValidityLeft\tValidityRight"
    )
    found = _read(tmp_path, f"{header}\n0\t10\t20\t0\t0\n8\t\t\t0\t4\n")
    assert found.valid.tolist() == [True, False]
    with pytest.raises(GazeError, match="called valid but has no position"):
        _read(tmp_path, f"{header}\n0\t10\t20\t0\t0\n8\t5\t\t0\t4\n")
