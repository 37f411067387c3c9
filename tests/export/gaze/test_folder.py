"""A folder with frames, recordings and gaze.toml: one map a frame, whatever the recordings are."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import load_records
from export.data.phantom import write_phantom_set
from export.gaze import Display, GazeError, MapSettings
from export.gaze.folder import add_simulated_gaze, folder_gaze
from export.gaze.settings import ImageArea, Session, read_session, write_session
from export.gaze.show import show_gaze
from sdk import SdkError
from tests.export.gaze.gaze_files import DISPLAY_AND_IMAGE, PRO_LAB_HEADER, pro_lab_text

SESSION = Session(
    Display(1920, 1080, 0.2665, 620.0), ImageArea(0, 0, 1920, 1080), MapSettings(16, 12)
)


@pytest.fixture
def phantom_folder(tmp_path: Path) -> Path:
    """Four cines of twelve synthetic frames, each looked at by a simulated observer."""
    folder = write_phantom_set(tmp_path / "set", 4, frames=12, fps=10.0, size=(48, 64))
    add_simulated_gaze(folder, SESSION, seed=5)
    return folder


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """Two frames of 100 x 50 shown at 8 x on the display, and a real tracker's export."""
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(np.zeros((50, 100), np.uint8)).save(tmp_path / name)
    rows = tuple(
        (str(8333 * i + 500_000), "Eye Tracker", "", "1920", "1080", "500", "300", "500", "300",
         "Valid", "Valid", "", "")
        for i in range(60)
    )  # fmt: skip
    (tmp_path / "gaze.tsv").write_text(pro_lab_text(PRO_LAB_HEADER, rows), encoding="utf-8")
    (tmp_path / "labels.csv").write_text(
        "file,label,group,gaze,timestamp_us,gaze_offset_us\n"
        "a.png,head,p1,gaze.tsv,600000,\n"
        "b.png,femur,p2,gaze.tsv,600000,-9000000\n"
        "c.png,femur,p2,,600000,\n"
    )
    session = Session(
        SESSION.display, ImageArea(100, 100, 800, 400, letterbox=False), MapSettings(10, 5)
    )
    write_session(session, tmp_path / "gaze.toml")
    return tmp_path


def test_each_frame_gets_the_map_of_its_recording_and_moment(own_folder: Path) -> None:
    records, found = folder_gaze(own_folder)
    assert [record.path.name for record in records] == ["a.png", "b.png", "c.png"]
    # (500 - 100) / 8 = 50 of 100 wide; (300 - 100) / 8 = 25 of 50 high: the centre.
    np.testing.assert_allclose(found.maps[0], found.maps[0][::-1, ::-1], rtol=1e-4)
    assert np.unravel_index(found.maps[0].argmax(), (5, 10))[0] == 2
    assert not found.simulated


def test_an_offset_of_a_row_replaces_that_of_the_session(own_folder: Path) -> None:
    _, found = folder_gaze(own_folder)
    assert found.points[0] > 30
    assert found.points[1:].tolist() == [0, 0]
    assert found.coverage == pytest.approx(1 / 3)
    assert not found.maps[1:].any()


def test_simulated_gaze_of_a_phantom_folder_covers_it_and_says_so(phantom_folder: Path) -> None:
    told: list[tuple[int, int]] = []
    _, found = folder_gaze(phantom_folder, progress=lambda *now: told.append(now))
    assert found.simulated
    assert found.maps.shape == (48, 12, 16)
    assert found.coverage > 0.8
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_simulating_again_changes_nothing(phantom_folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in phantom_folder.iterdir()}
    add_simulated_gaze(phantom_folder, SESSION, seed=5)
    assert {path.name: path.read_bytes() for path in phantom_folder.iterdir()} == before


def test_the_columns_of_labels_csv_are_kept(phantom_folder: Path) -> None:
    with (phantom_folder / "labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["file", "label", "group", "timestamp_us", "gaze"]
    assert rows[0]["gaze"] == f"{rows[0]['group']}_gaze.csv"
    assert len(load_records(phantom_folder)) == len(rows) == 48


def test_a_clip_of_a_recording_holds_its_frames(phantom_folder: Path, tmp_path: Path) -> None:
    name = load_records(phantom_folder)[0].gaze.name
    share = show_gaze(phantom_folder, name, tmp_path / "clip.gif")
    assert 0 < share <= 1
    with Image.open(tmp_path / "clip.gif") as clip:
        assert clip.n_frames == 12
        assert clip.size == (64, 48)
        assert clip.info["duration"] == 100
    with pytest.raises(GazeError, match=r"no row of labels\.csv names 'x'; known are") as caught:
        show_gaze(phantom_folder, "x", tmp_path / "clip.gif")
    assert caught.value.slug == "gaze-labels"


def test_a_session_reads_back_as_written(tmp_path: Path) -> None:
    session = Session(
        Display(1280, 1024, 0.29, 555.5), ImageArea(-5, 7.25, 640, 480, letterbox=False),
        MapSettings(9, 7, 0.75, 0, 10**6, -123_456, fixations_only=False),
    )  # fmt: skip
    write_session(session, tmp_path / "gaze.toml")
    assert read_session(tmp_path / "gaze.toml") == session


GOOD = DISPLAY_AND_IMAGE


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        (GOOD.replace("[image]", "[image"), "gaze-settings", "is not TOML"),
        (GOOD + "[maps]\n", "gaze-settings", r"has \[maps\]; allowed are"),
        (GOOD + "[map]\nsigma = 1\n", "gaze-settings", r"\[map\] has 'sigma'; allowed are width"),
        (GOOD.replace("x = 0\n", ""), "gaze-settings", r"\[image\] lacks 'x'"),
        (GOOD.replace("= 600", "= '600'"), "gaze-settings", "is '600'; it must be float"),
        (GOOD.replace("= 1920", "= 19.5", 1), "gaze-settings", r"width_px is 19\.5; .* int"),
        (GOOD + "letterbox = 1\n", "gaze-settings", "letterbox is 1; it must be bool"),
        (GOOD.replace("= 600", "= 0"), "gaze-display", "viewing_distance_mm is 0"),
        ("map = 3\n" + GOOD, "gaze-settings", "map is 3; it must be a table"),
    ],
)
def test_wrong_settings_are_refused(text: str, slug: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "gaze.toml").write_text(text)
    with pytest.raises(GazeError, match=message) as caught:
        read_session(tmp_path / "gaze.toml")
    assert caught.value.slug == slug


def test_a_folder_that_lacks_something_is_refused(own_folder: Path) -> None:
    labels = (own_folder / "labels.csv").read_text()
    for text, slug, message in (
        (labels.replace("label,", "class,"), "data-columns", r"lacks the columns \['label'\]"),
        (labels.replace("-9000000", "soon"), "data-number", "'gaze_offset_us' is 'soon'; .* whole"),
        (labels.replace("gaze.tsv", "none.tsv"), "gaze-file-missing", r"none\.tsv cannot be read"),
        (labels.replace("a.png", "z.png"), "data-file", r"line 2: .*z\.png isn't there"),
    ):
        (own_folder / "labels.csv").write_text(text)
        with pytest.raises(SdkError, match=message) as caught:
            folder_gaze(own_folder)
        assert caught.value.slug == slug


@pytest.mark.parametrize("text", ["", "{}", '{"frames": {"a": {}}}', '{"frames": 3}', "[]"])
def test_ground_truth_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    folder = write_phantom_set(tmp_path / "set", 1, size=(48, 64))
    (folder / "truth.json").write_text(text)
    with pytest.raises(GazeError, match=r"truth\.json") as caught:
        add_simulated_gaze(folder, SESSION)
    assert caught.value.slug == "gaze-labels"
