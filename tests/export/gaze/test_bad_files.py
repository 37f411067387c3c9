"""Bad gaze files: always a typed error that says what and where, never a guess or a crash."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.gaze import Display, GazeError, GazeSamples, read_gaze, write_gaze_csv
from export.gaze.errors import SLUGS
from sdk.errors import SdkError, SourceError
from tests.export.gaze.gaze_files import EYELINK, TX300_HEADER, pro_lab_text, tx300_row

SCREEN = Display(1920, 1080, 0.2665, 620.0)
CSV = "timestamp_us,x_px,y_px,valid\n0,1,2,1\n10,3,4,1\n"
TX300 = "\n".join(
    ["\t".join(TX300_HEADER), *(tx300_row(t, ("0.5", "0.5", 0), ("0.5", "0.5", 0)) for t in (1, 2))]
)

BAD: list[tuple[str, str, str]] = [
    ("", "gaze-file-unknown", "begins with ''"),
    ("hello\nworld\n", "gaze-file-unknown", "begins with 'hello'; known are Tobii TX300"),
    ("timestamp_us,x_px,y_px,valid\n", "gaze-file-empty", "no row below its header"),
    (CSV.replace(",valid", ""), "gaze-row", "line 2 has 4 cells; the header has 3"),
    ("timestamp_us,x_px\n0,1\n", "gaze-columns", "no column 'y_px', 'valid'; it has"),
    ("timestamp_us,x_px,x_px\n0,1,2\n", "gaze-columns", "'x_px' more than once"),
    (CSV.replace("3,4", "3,four"), "gaze-number", "line 3, column 'y_px': 'four' is not a number"),
    (CSV.replace("3,4", "3,inf"), "gaze-number", "line 3, column 'y_px': 'inf' is not finite"),
    (CSV.replace("3,4", ",4"), "gaze-number", "line 3: the sample is called valid but has no"),
    (CSV.replace("4,1", "4,2"), "gaze-validity", "line 3, column 'valid': '2'; allowed are 0 and"),
    (CSV.replace("10,", "0,"), "gaze-time", "line 3: timestamp 0 us follows 0 us"),
    (CSV.replace("10,", "0.5,"), "gaze-number", "line 3, column 'timestamp_us': '0.5' is not a wh"),
    (CSV.replace("10,", '"10,'), "gaze-row", "unexpected end of data"),
    (
        "timestamp_us,x_px,y_px,valid,simulated\n0,1,2,1,0\n1,1,2,1,1\n",
        "gaze-validity",
        "line 3: 'simulated' must not change",
    ),
    (TX300.replace("RValidity", "Rvalid"), "gaze-columns", "no column 'RValidity'"),
    (TX300.replace("\t0\t0.0000\n", "\t9\t0.0000\n"), "gaze-validity", "'RValidity': '9'; allowed"),
    (TX300.replace("0.5\t", "0,5\t"), "gaze-number", "'0,5' is not a number"),
    (pro_lab_text().replace("Validity left", "V"), "gaze-columns", "no column 'Validity left'"),
    (pro_lab_text().replace("Eye Tracker", "EEG"), "gaze-file-empty", "no row whose Sensor is"),
    (pro_lab_text().replace("Gaze point", "Gaze"), "gaze-columns", "'Gaze point X [DACS px]'"),
    (pro_lab_text().replace("9333", "900"), "gaze-time", "line 5: timestamp 900 us follows 1000"),
    (pro_lab_text().replace("\t960\t", "\t\t"), "gaze-number", "line 3: the left eye is called"),
    (EYELINK.replace("GAZE\tLEFT", "HREF\tLEFT"), "gaze-columns", "holds HREF samples; convert"),
    ("** CONVERTED FROM a.edf\nMSG\t1 x\n", "gaze-file-empty", "holds no sample; convert with"),
    (EYELINK.replace("1006\t", "1001\t"), "gaze-time", "sample time 1001 ms follows 1005 ms"),
    (EYELINK.replace("1919", "1279"), "gaze-display", "was recorded on 1280x1080 pixels"),
]


@pytest.mark.parametrize(("text", "slug", "message"), BAD, ids=[slug for _, slug, _ in BAD])
def test_a_bad_file_is_refused_with_what_and_where(
    text: str, slug: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GazeError) as caught:
        read_gaze(path, SCREEN)
    assert caught.value.slug == slug
    assert message in str(caught.value)
    assert "bad.tsv" in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv"
    path.write_bytes(b"timestamp_us,x_px\n\xff\xfe")
    with pytest.raises(GazeError, match="is not utf-8 text: byte 18 is 0xff") as caught:
        read_gaze(path, SCREEN)
    assert caught.value.slug == "gaze-file-encoding"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tsv", tmp_path):
        with pytest.raises(GazeError, match="cannot be read") as caught:
            read_gaze(path, SCREEN)
        assert caught.value.slug == "gaze-file-missing"


def test_gaze_errors_are_source_errors_and_every_slug_is_explained() -> None:
    error = GazeError("gaze-time", "no")
    assert isinstance(error, SourceError)
    assert isinstance(error, SdkError)
    assert all(SLUGS.values())


def test_a_recording_that_cannot_be_written_leaves_no_file(
    tx300_file: Path, display: Display, tmp_path: Path
) -> None:
    samples = read_gaze(tx300_file, display)
    with pytest.raises(GazeError, match="cannot write") as caught:
        write_gaze_csv(samples, tmp_path / "no" / "gaze.csv")
    assert caught.value.slug == "gaze-write"


def _mutants(text: str) -> st.SearchStrategy[bytes]:
    """The file with a part cut out, or overwritten by bytes of any kind."""
    data = text.encode("utf-8")

    def change(at: float, length: int, new: bytes) -> bytes:
        start = int(at * len(data))
        return data[:start] + new + data[start + length :]

    return st.builds(change, st.floats(0, 1), st.integers(0, 60), st.binary(max_size=12))


@pytest.mark.parametrize("text", [CSV, TX300, pro_lab_text()], ids=["csv", "tx300", "pro_lab"])
def test_a_damaged_file_gives_samples_or_a_gaze_error(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _damage(text, tmp_path_factory.mktemp("damaged") / "file.tsv", 150)


def test_a_damaged_eyelink_file_gives_samples_or_a_gaze_error(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    _damage(EYELINK, tmp_path_factory.mktemp("damaged") / "file.asc", 40)


def _damage(text: str, path: Path, examples: int) -> None:
    @given(data=_mutants(text))
    @settings(max_examples=examples, deadline=None)
    def check(data: bytes) -> None:
        path.write_bytes(data)
        try:
            samples = read_gaze(path, SCREEN)
        except GazeError:
            return
        assert isinstance(samples, GazeSamples)

    run: Callable[[], None] = check
    run()
