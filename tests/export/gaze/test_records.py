"""Gaze of records: aligned with `load_records`, clips and regions of interest included."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import load_records
from export.gaze import Display, GazeError, MapSettings
from export.gaze.folder import folder_gaze
from export.gaze.records import gaze_of, placement_of
from export.gaze.settings import ImageArea, Session, write_session

STEP_US = 100_000
SESSION = Session(
    Display(1000, 500, 0.27, 600.0),
    ImageArea(0, 0, 1000, 500, letterbox=False),
    MapSettings(10, 5, before_us=0, after_us=STEP_US, fixations_only=False),
)


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    """A clip of four frames, 100 ms each; the gaze moves one quarter to the right each frame."""
    frames = [Image.fromarray(np.full((50, 100), 40 * i, np.uint8)) for i in range(4)]
    tiff = tmp_path / "clip.tiff"
    frames[0].save(tiff, save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "still.png")
    lines = ["timestamp_us,x_px,y_px,valid,simulated"]
    for time in range(0, 4 * STEP_US, 10_000):
        lines.append(f"{time},{125 + 250 * (time // STEP_US)},250,1,0")
    (tmp_path / "gaze.csv").write_text("\n".join(lines) + "\n")
    rows = ["file,label,group,frame,gaze,timestamp_us", "still.png,b,p2,,,"]
    rows += [f"clip.tiff,a,p1,{i},gaze.csv,{STEP_US * i}" for i in (2, 0, 3)]
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    write_session(SESSION, tmp_path / "gaze.toml")
    return tmp_path


def test_maps_follow_the_records_and_are_zero_where_nobody_looked(clip_folder):
    records = load_records(clip_folder, None)
    maps, has_gaze, simulated = gaze_of(records, clip_folder)
    assert [(r.path.name, r.frame) for r in records] == [
        ("still.png", 0), ("clip.tiff", 2), ("clip.tiff", 0), ("clip.tiff", 3)
    ]  # fmt: skip
    assert has_gaze.tolist() == [False, True, True, True]
    assert not simulated
    assert maps.dtype == np.float32
    assert not maps[0].any()
    # quarters of ten columns: the middles of the third, the first and the fourth
    centres = (maps[1:].sum(axis=1) * (np.arange(10) + 0.5)).sum(axis=1)
    np.testing.assert_allclose(centres, [6.25, 1.25, 8.75], atol=0.1)


def test_any_part_of_the_records_gets_the_same_maps(clip_folder):
    records = load_records(clip_folder, None)
    maps, _, _ = gaze_of(records, clip_folder)
    turned, _, _ = gaze_of(records[::-1], clip_folder)
    np.testing.assert_array_equal(turned[::-1], maps)
    shown, found = folder_gaze(clip_folder)
    assert shown == records
    np.testing.assert_array_equal(found.maps, maps)


def test_a_region_of_a_dicom_file_is_placed_within_its_frame(tmp_path, monkeypatch):
    from export.data import frames as reading

    clip = reading.Clip(1, 200, 100, (50, 20, 100, 40), None)
    monkeypatch.setattr("export.gaze.records.clip_of", lambda path: clip)
    place = placement_of(_Record(), ImageArea(0, 0, 1000, 500))
    assert (place.x, place.y, place.width, place.height) == (250, 100, 500, 200)
    assert (place.frame_width, place.frame_height) == (100, 40)
    x, y, inside = place.to_frame(np.array([500.0]), np.array([200.0]))
    assert (x[0], y[0], bool(inside[0])) == (50, 20, True)


class _Record:
    path = Path("x.dcm")


def test_without_any_recording_no_settings_are_needed(clip_folder):
    (clip_folder / "gaze.toml").unlink()
    records = load_records(clip_folder, None)
    maps, has_gaze, _ = gaze_of(records[:1], clip_folder)
    assert not maps.any()
    assert not has_gaze.any()
    with pytest.raises(GazeError, match=r"gaze\.toml isn't there; it describes the display"):
        gaze_of(records, clip_folder)
