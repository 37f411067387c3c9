"""Folders of synthetic frames: whole or not there at all."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.phantom import LABELS, PhantomError, PhantomTruth, phantom_cine, write_phantom_set

SIZE = (48, 64)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_set_holds_every_label_with_pixels_and_truth_of_its_cine(tmp_path: Path) -> None:
    folder = write_phantom_set(tmp_path / "set", 8, seed=3, frames=2, fps=20.0, size=SIZE)
    rows = rows_of(folder)
    assert len(rows) == 16
    assert {row["label"] for row in rows} == set(LABELS)
    assert sorted(p.name for p in folder.glob("*.png")) == sorted(row["file"] for row in rows)
    truth = json.loads((folder / "truth.json").read_text())
    assert truth["format"] == "sonogaze-phantom-truth/1"
    assert truth["synthetic"] is True
    row = rows[3]  # second frame of the second cine: label 1, seed 3 + 1
    expected = list(phantom_cine(LABELS[1], 4, 2, 20.0, *SIZE))[1]
    assert row["timestamp_us"] == "50000"
    assert np.array_equal(np.asarray(Image.open(folder / row["file"])), expected.pixels)
    assert PhantomTruth.from_dict(truth["frames"][row["file"]]) == expected.truth


def test_frames_of_one_cine_share_a_group_and_no_two_cines_do(tmp_path: Path) -> None:
    rows = rows_of(write_phantom_set(tmp_path / "set", 6, frames=3, size=SIZE))
    groups = [row["group"] for row in rows]
    assert len(set(groups)) == 6
    assert all(groups.count(group) == 3 for group in groups)


def test_progress_is_told_after_every_frame(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_phantom_set(
        tmp_path / "set", 2, frames=2, size=SIZE, progress=lambda *now: told.append(now)
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantom_set(tmp_path / "set", 4, size=SIZE, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    assert len(rows_of(write_phantom_set(tmp_path / "set", 1, size=SIZE))) == 1


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(PhantomError, match="is not an empty folder; name a new one") as caught:
        write_phantom_set(tmp_path, 1, size=SIZE)
    assert caught.value.slug == "phantom-target"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_missing_parent_and_a_count_of_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PhantomError, match="cannot write") as caught:
        write_phantom_set(tmp_path / "no" / "set", 1, size=SIZE)
    assert caught.value.slug == "phantom-target"
    with pytest.raises(PhantomError, match="count is 0") as caught:
        write_phantom_set(tmp_path / "set", 0, size=SIZE)
    assert caught.value.slug == "phantom-argument"
