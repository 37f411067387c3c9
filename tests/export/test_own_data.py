"""Frames and clips of one's own: what `labels.csv` may say, and what is said of a bad one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import EVERY, check_labels, load_records
from export.data.frames import grey_of, read_greys
from export.errors import ExportError
from sdk import Frame
from tests.export.own_folder import write_clip, write_table

LABELS = ("heart", "kidney")


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (12, 20, 30), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path, frames: np.ndarray) -> Path:
    """A clip of twelve frames, 40 ms each, and a still frame."""
    write_clip(tmp_path / "clip.dcm", frames)
    Image.fromarray(frames[0]).save(tmp_path / "still.png")
    return tmp_path


def records_of(folder: Path, *rows: dict) -> list:
    base = {"label": "heart", "group": "p1"}
    write_table(folder, [base | row for row in rows])
    return load_records(folder, LABELS)


def test_a_row_of_a_clip_labels_every_fifth_of_its_frames(folder, frames):
    records = records_of(folder, {"file": "clip.dcm"})
    assert [r.frame for r in records] == [0, EVERY, 2 * EVERY]
    assert [r.id for r in records] == ["clip#0", "clip#5", "clip#10"]
    for record, grey in zip(records, read_greys(records), strict=True):
        np.testing.assert_array_equal(grey, frames[record.frame])


def test_every_says_which_frames_of_a_clip_are_taken(folder):
    assert len(records_of(folder, {"file": "clip.dcm", "every": 1})) == 12
    assert [r.frame for r in records_of(folder, {"file": "clip.dcm", "every": 7})] == [0, 7]


def test_a_row_may_name_one_frame_of_a_clip(folder, frames):
    rows = [{"file": "clip.dcm", "frame": i, "label": n} for i, n in ((11, "kidney"), (2, "heart"))]
    records = records_of(folder, *rows)
    assert [(r.frame, r.label) for r in records] == [(11, "kidney"), (2, "heart")]
    # out of order: the clip is opened again
    for record, grey in zip(records, read_greys(records), strict=True):
        np.testing.assert_array_equal(grey, frames[record.frame])


def test_a_clips_frames_are_shown_when_its_frame_time_says(folder):
    records = records_of(folder, {"file": "clip.dcm", "timestamp_us": 1_000_000})
    assert [r.shown_us for r in records] == [1_000_000, 1_200_000, 1_400_000]
    rows = {"file": "clip.dcm", "frame": 3}
    assert [r.shown_us for r in records_of(folder, rows)] == [120_000]
    assert [r.shown_us for r in records_of(folder, rows | {"timestamp_us": 7})] == [7]


def test_files_of_one_name_in_two_folders_have_ids_of_their_own(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / "still.png").rename(folder / name / "1.png")
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "still.png")
    records = records_of(folder, {"file": "a/1.png"}, {"file": "b/1.png"})
    assert [r.id for r in records] == ["a/1", "b/1"]


@pytest.mark.parametrize("format_", ["RGB24", "BGR24"])
def test_grey_of_a_colour_frame_is_the_kernels_rounded_luma(format_):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    red, green, blue = (
        pixels[..., i].astype(int) for i in ((0, 1, 2), (2, 1, 0))[format_ != "RGB24"]
    )
    expected = (9798 * red + 19235 * green + 3735 * blue + 16384) >> 15
    np.testing.assert_array_equal(grey_of(Frame.from_array(pixels, format=format_)), expected)


def test_pixels_that_are_not_square_become_square():
    frame = Frame.from_array(np.zeros((40, 60), np.uint8), pixel_size_mm=(0.1, 0.2))
    assert grey_of(frame).shape == (80, 60)


BAD = [
    ({"file": ""}, "data-file", r"line 2: 'file' is empty"),
    ({"file": "none.png"}, "data-file", r"line 2: 'file' is 'none\.png'; .* isn't there"),
    ({"label": ""}, "data-label", r"line 2: 'label' is empty"),
    ({"label": "liver"}, "data-label", r"'liver'; allowed: \['heart', 'kidney'\]"),
    ({"group": ""}, "data-group", r"line 2: 'group' is empty"),
    ({"frame": 12}, "data-frame", r"'frame' is 12; clip\.dcm has 12 frames, allowed are 0 to 11"),
    ({"frame": -1}, "data-number", r"'frame' is '-1'; it must be a whole number from 0"),
    ({"frame": "x"}, "data-number", r"'frame' is 'x'"),
    ({"every": 0}, "data-number", r"'every' is '0'; it must be a whole number from 1"),
    ({"file": "still.png", "frame": 1}, "data-frame", r"still\.png has 1 frames, allowed are 0"),
    ({"timestamp_us": 10**30}, "data-number", r"to 9007199254740992"),
    ({"file": "x" * 300}, "data-file", r"isn't there"),
    ({"timestamp_us": "now"}, "data-number", r"'timestamp_us' is 'now'; it must be a whole"),
]


@pytest.mark.parametrize(("change", "slug", "message"), BAD)
def test_a_bad_row_is_refused_with_its_line_column_and_what_is_allowed(
    folder, change, slug, message
):
    with pytest.raises(ExportError, match=message) as caught:
        records_of(folder, {"file": "clip.dcm"} | change)
    assert caught.value.slug == slug


def test_the_same_frame_in_two_rows_is_refused_with_both_lines(folder):
    with pytest.raises(
        ExportError, match=r"line 3: the same file and frame as in line 2"
    ) as caught:
        records_of(folder, {"file": "clip.dcm"}, {"file": "./clip.dcm", "frame": 5})
    assert caught.value.slug == "data-duplicate"


def test_a_clip_under_two_names_is_one_clip(folder):
    (folder / "s").mkdir(exist_ok=True)
    first, second = {"file": "clip.dcm"}, {"file": "s/../clip.dcm", "frame": 5}
    with pytest.raises(ExportError, match="the same file and frame") as caught:
        records_of(folder, first, second)
    assert caught.value.slug == "data-duplicate"


def test_a_label_that_no_training_frame_has_is_refused(folder):
    records = records_of(folder, {"file": "clip.dcm", "group": "p1"})
    assert {r.split for r in records} == {"train"}
    check_labels(records, ["heart"])
    with pytest.raises(ExportError, match="no frame of the training set has the label 'kidney'"):
        check_labels(records, LABELS)


def test_the_same_id_in_two_rows_is_refused(folder):
    rows = [{"file": "clip.dcm", "frame": i, "id": "x"} for i in (0, 1)]
    with pytest.raises(ExportError, match=r"line 3: the same id 'x' as in line 2"):
        records_of(folder, *rows)


def test_a_clip_in_two_groups_is_refused(folder):
    rows = [{"file": "clip.dcm", "frame": i, "group": f"p{i}"} for i in (0, 1)]
    with pytest.raises(
        ExportError, match=r"'group' is 'p1'; line 2 says 'p0' of the same"
    ) as caught:
        records_of(folder, *rows)
    assert caught.value.slug == "data-group"


def test_gaze_on_a_clip_without_frame_time_is_refused(folder, frames):
    write_clip(folder / "clip.dcm", frames, frame_time_ms=None)
    with pytest.raises(ExportError, match="tells no frame time") as caught:
        records_of(folder, {"file": "clip.dcm", "gaze": "g.csv"})
    assert caught.value.slug == "data-clip-time"


def test_a_clip_that_is_cut_short_is_refused_with_its_line(folder):
    data = (folder / "clip.dcm").read_bytes()
    (folder / "clip.dcm").write_bytes(data[:-700])
    with pytest.raises(ExportError, match=r"line 2: .*clip\.dcm can't be read") as caught:
        records_of(folder, {"file": "clip.dcm"})
    assert caught.value.slug == "frame-unreadable"


TABLES = [
    (b"file,label,group\na\xe9.png,heart,p1\n", "data-encoding", "line 2: byte 0xe9 is not UTF-8"),
    (b"file,label,group\na.png,heart\n", "data-row", "line 2: 2 cells; the header has 3"),
    (b'file,label,group\n"a.png,heart,p1\n', "data-row", "line 2: unexpected end of data"),
    (b"file,label,group\n\n", "data-row", "holds no row below its header"),
    (b"", "data-row", "holds no row"),
    (b"file,label\n", "data-columns", r"lacks the columns \['group'\]; its header has"),
    (b"file,label,group,label\n", "data-columns", "has the column 'label' more than once"),
]


@pytest.mark.parametrize(("data", "slug", "message"), TABLES)
def test_a_bad_table_is_refused(folder, data, slug, message):
    (folder / "labels.csv").write_bytes(data)
    with pytest.raises(ExportError, match=message) as caught:
        load_records(folder, LABELS)
    assert caught.value.slug == slug


def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(folder):
    text = "\ufefffile,label,group\r\nstill.png, heart ,p1\r\n"
    (folder / "labels.csv").write_text(text, encoding="utf-8", newline="")
    assert [r.label for r in load_records(folder, LABELS)] == ["heart"]
