"""EyeLink ASC: any layout comes back exactly; what can't be dated is refused or counted."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.gaze import Display, GazeError, read_gaze
from tests.export.gaze.asc_layouts import Truth, asc_files
from tests.export.gaze.gaze_files import EYELINK

SCREEN = Display(1920, 1080, 0.2665, 620.0)


@given(file=asc_files())
@settings(max_examples=250, deadline=None)
def test_any_layout_gives_back_exactly_what_was_written(
    file: tuple[bytes, Truth], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data, truth = file
    path = tmp_path_factory.mktemp("asc") / "scan.asc"
    path.write_bytes(data)
    found = read_gaze(path, SCREEN)
    x, y = truth.points()
    assert found.timestamp_us.tolist() == truth.times
    np.testing.assert_allclose(found.x_px, x, rtol=1e-12)
    np.testing.assert_allclose(found.y_px, y, rtol=1e-12)
    assert found.valid.tolist() == (x == x).tolist()
    assert found.tally is not None
    assert (found.tally.lines, found.tally.undated, found.tally.coarse) == (len(x), 0, 0)


def _read(tmp_path: Path, text: str, display: Display = SCREEN):
    path = tmp_path / "scan.asc"
    path.write_bytes(text.encode("latin-1"))
    return read_gaze(path, display)


def _refused(tmp_path: Path, text: str, slug: str, message: str) -> None:
    with pytest.raises(GazeError, match=message) as caught:
        _read(tmp_path, text)
    assert caught.value.slug == slug


HEAD = "** CONVERTED FROM a.edf\nSAMPLES\tGAZE\tLEFT\tRATE\t{rate}.00\tTRACKING\tCR\tFILTER\t2\n"


def _mono(rate: int, *stamps: str) -> str:
    return HEAD.format(rate=rate) + "".join(f"{s}\t 10.0\t 20.0\t 300.0\t...\n" for s in stamps)


def test_a_second_block_on_odd_milliseconds_keeps_its_times(tmp_path: Path) -> None:
    found = _read(tmp_path, _mono(500, "1000", "1002", "2001", "2003", "2005"))
    assert found.timestamp_us.tolist() == [1_000_000, 1_002_000, 2_001_000, 2_003_000, 2_005_000]


def test_two_samples_that_share_a_millisecond_at_2000_hz_are_half_of_it_apart(
    tmp_path: Path,
) -> None:
    found = _read(tmp_path, _mono(2000, "10", "11", "11", "12", "12", "13"))
    assert found.timestamp_us.tolist() == [10_000, 11_000, 11_500, 12_000, 12_500, 13_000]
    assert found.tally is not None
    assert found.tally.coarse == 2  # the first and the last may be half a millisecond later


@pytest.mark.parametrize(
    ("rate", "stamps"),
    [(1000, ("10", "10")), (2000, ("10", "10", "10")), (2000, ("10.0", "10.0")),
     (500, ("10", "12", "12"))],
)  # fmt: skip
def test_stamps_that_repeat_otherwise_are_refused_with_the_way_out(
    rate: int, stamps: tuple[str, ...], tmp_path: Path
) -> None:
    _refused(tmp_path, _mono(rate, *stamps), "gaze-time", r"times must rise.*edf2asc -ftime")


def test_time_that_falls_back_is_refused_with_both_times(tmp_path: Path) -> None:
    text = _mono(1000, "2154557", "2154556")
    _refused(tmp_path, text, "gaze-time", "2154556 ms follows 2154557 ms.*split the file")


def test_a_file_cut_in_its_last_sample_counts_it(tmp_path: Path) -> None:
    text = _mono(1000, "10", "11", "12").removesuffix("\t 300.0\t...\n")
    found = _read(tmp_path, text)
    assert found.timestamp_us.tolist() == [10_000, 11_000]
    assert found.tally is not None
    assert (found.tally.lines, found.tally.undated) == (3, 1)
    _refused(tmp_path, text + "\n", "gaze-row", "line 5: a sample that holds 2 numbers; 3 are")


def test_coordinates_that_begin_elsewhere_are_moved_to_the_upper_left_corner(
    tmp_path: Path,
) -> None:
    coords = "MSG\t1 GAZE_COORDS -960 -540 959 539\n"
    found = _read(tmp_path, coords + _mono(1000, "10"))
    assert (found.x_px[0], found.y_px[0]) == (970.0, 560.0)
    text = "MSG\t1 DISPLAY_COORDS 0 0 1919 1079\n" + coords + _mono(1000, "10")
    _refused(tmp_path, text, "gaze-display", "DISPLAY_COORDS and GAZE_COORDS begin at")


@pytest.mark.parametrize(
    ("old", "new", "slug", "message"),
    [
        ("PRESCALER\t1\nV", "PRESCALER\t10\nV", "gaze-columns", "PRESCALER is '10'"),
        ("SAMPLES\tGAZE\tLEFT\t", "SAMPLES\tPUPIL\tLEFT\t", "gaze-columns", "holds PUPIL samples"),
        ("START\t1100 \tLEFT\tRIGHT", "START\t1100 \tRIGHT", "gaze-columns", "names the eyes 'R'"),
        ("1006\t", "x006\t", "gaze-row", "looks like a sample, but begins with 'x006"),
        ("1006\t", " 1006\t", "gaze-row", "looks like a sample, but begins with"),
        ("1006\t  961.0", "1006\t  96one", "gaze-row", "holds '96one', which is not a number"),
        ("1006\t", "1006.5.1\t", "gaze-number", "time '1006.5.1' is not a time"),
        ("1006\t  961.0", "1006\t  1e300", "gaze-row", "beyond 1,000,000 pixels"),
        ("1006\t  961.0\t", "1006\t", "gaze-row", "holds 5 numbers; 6 are declared"),
        ("1006\t", "99999999999999999\t", "gaze-number", "is not a time in milliseconds"),
        ("SAMPLES\tGAZE", "SAMPLE\tGAZE", "gaze-columns", "no SAMPLES line above it"),
        ("305.0\t.....\n", "305.0\t...\n", "gaze-row", "has 3 flags; two eyes is declared"),
        ("305.0\t.....\n", "305.0\t.....\t1100\n", "gaze-row", "'1100' after its flags"),
    ],
)
def test_lines_that_disagree_are_refused(
    old: str, new: str, slug: str, message: str, tmp_path: Path
) -> None:
    assert old in EYELINK
    _refused(tmp_path, EYELINK.replace(old, new), slug, message)


def test_messages_in_any_encoding_leave_the_gaze_readable(tmp_path: Path) -> None:
    plain = _read(tmp_path, EYELINK)
    for data in (b"MSG\t1 \xe9t\xe9 \x93x\x94\n", "MSG\t1 日本\n".encode(), b"MSG\t2 \xff\xfe\n"):
        (tmp_path / "scan.asc").write_bytes(EYELINK.encode() + data)
        np.testing.assert_array_equal(read_gaze(tmp_path / "scan.asc", SCREEN).x_px, plain.x_px)


@pytest.mark.parametrize("eyes", ["L", "R", "LR"])
def test_mne_reads_the_same_from_well_formed_blocks(eyes: str, tmp_path: Path) -> None:
    """MNE-Python as a second opinion, on what it reads right: one block without gaps."""
    from mne.io import read_raw_eyelink

    text = EYELINK[: EYELINK.index("START\t1100")]
    lines = []
    for line in text.split("\n"):
        cells = line.split("\t")
        if cells[0].isdigit() and eyes != "LR":
            at = 1 if eyes == "L" else 4
            line = "\t".join([cells[0], *cells[at : at + 3], "..."])
        lines.append(line)
    text = "\n".join(lines).replace("1 LR", f"1 {eyes}")
    if eyes != "LR":
        text = text.replace("LEFT\tRIGHT", {"L": "LEFT", "R": "RIGHT"}[eyes])
    found = _read(tmp_path, text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = read_raw_eyelink(tmp_path / "scan.asc", create_annotations=False, verbose="ERROR")
    sides = [s for s in ("left", "right") if f"xpos_{s}" in raw.ch_names]
    x = np.array([raw.get_data(picks=[f"xpos_{s}"])[0] for s in sides])
    np.testing.assert_allclose(found.x_px, [_mean(column) for column in x.T])
    times = 1_005_000 + np.round(raw.times * 1e6).astype(int)
    assert found.timestamp_us.tolist() == times.tolist()


def _mean(values: np.ndarray) -> float:
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if len(seen) else float("nan")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_lines_dropped_doubled_or_swapped_give_the_truth_or_a_refusal(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("asc") / "scan.asc"
    stamps = [str(1000 + 2 * i) for i in range(12)]
    kind = data.draw(st.sampled_from(["drop", "double", "swap", "cut"]))
    at = data.draw(st.integers(0, 10))
    changed = list(stamps)
    if kind == "drop":
        del changed[at]
    elif kind == "double":
        changed.insert(at, changed[at])
    elif kind == "swap":
        changed[at], changed[at + 1] = changed[at + 1], changed[at]
    else:
        del changed[at : at + 5]
    path.write_text(_mono(500, *changed))
    if kind in ("double", "swap"):
        with pytest.raises(GazeError, match="times must rise") as caught:
            read_gaze(path, SCREEN)
        assert caught.value.slug == "gaze-time"
    else:
        assert read_gaze(path, SCREEN).timestamp_us.tolist() == [1000 * int(s) for s in changed]
