"""Pictures for a person: what is painted, where, and files that are whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.gaze import GazeError
from export.gaze.pictures import overlay, save_clip, save_picture


def test_a_frame_without_gaze_stays_as_it_is() -> None:
    frame = np.arange(48, dtype=np.uint8).reshape(6, 8)
    picture = overlay(frame, np.zeros((3, 4), np.float32))
    assert picture.shape == (6, 8, 3)
    assert all(np.array_equal(picture[:, :, band], frame) for band in range(3))


def test_the_map_is_painted_where_it_peaks() -> None:
    frame = np.full((60, 80), 40, np.uint8)
    gaze = np.zeros((6, 8), np.float32)
    gaze[1, 6] = 1.0
    changed = np.abs(overlay(frame, gaze).astype(int) - 40).sum(axis=2)
    row, column = np.unravel_index(changed.argmax(), changed.shape)
    assert (row // 10, column // 10) == (1, 6)
    assert changed[40:, :40].max() == 0


def test_points_are_marked_and_those_outside_left_out() -> None:
    frame = np.zeros((20, 20), np.uint8)
    marked = overlay(frame, points=(np.array([5.0, np.nan, 50.0]), np.array([9.0, 3.0, 5.0])))
    assert marked[9, 5].any()
    assert marked[9, 2:9].any(axis=1).all()
    assert not marked[14:].any()


def test_a_frame_that_is_not_grey_is_refused() -> None:
    with pytest.raises(GazeError, match=r"frame is uint8 of shape \(2, 2, 3\)"):
        overlay(np.zeros((2, 2, 3), np.uint8))


def test_a_picture_reads_back_as_painted(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    save_picture(picture, tmp_path / "gaze.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "gaze.png")), picture)


@pytest.mark.parametrize("name", ["clip.gif", "clip.png"])
def test_a_clip_holds_every_frame_at_its_rate(name: str, tmp_path: Path) -> None:
    pictures = [np.full((12, 16, 3), 40 * i, np.uint8) for i in range(5)]
    save_clip(pictures, tmp_path / name, fps=25.0)
    with Image.open(tmp_path / name) as clip:
        assert clip.n_frames == 5
        clip.seek(3)
        assert clip.info["duration"] == pytest.approx(40)
        assert abs(int(np.asarray(clip.convert("RGB"))[5, 5, 0]) - 120) <= 8


def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(GazeError, match=r"ends in '\.bmp'; use '\.png' or '\.gif'"):
        save_picture(picture, tmp_path / "gaze.bmp")
    with pytest.raises(GazeError, match="0 pictures at 30"):
        save_clip([], tmp_path / "clip.gif")
    with pytest.raises(GazeError, match="cannot write") as caught:
        save_picture(picture, tmp_path / "no" / "gaze.png")
    assert caught.value.slug == "gaze-write"
    assert list(tmp_path.iterdir()) == []
