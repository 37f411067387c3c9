import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.data.dataset import data_root, find_data_root, load_records, split_of
from export.data.frames import read_grey
from export.errors import ExportError


def test_a_group_is_in_the_test_part_when_its_digest_is_divisible_by_five():
    group = next(g for g in map(str, range(100)) if int(_digest(g), 16) % 5 == 0)
    assert split_of("fetal_planes_db", group) == "test"


def _digest(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()


@given(st.text(min_size=1))
def test_the_external_set_is_never_in_a_training_split(group):
    assert split_of("african_planes", group) == "external"


@given(st.text(min_size=1))
def test_a_split_depends_on_the_group_alone(group):
    part = split_of("fetal_planes_db", group)
    assert part == split_of("fetal_planes_db", group)
    assert part in ("train", "val", "test")


def test_no_group_is_in_two_splits_and_every_split_has_frames(phantom_data):
    parts: dict[str, set[str]] = {}
    for record in load_records(phantom_data):
        parts.setdefault(record.split, set()).add(record.group)
    assert set(parts) == {"train", "val", "test", "external"}
    groups = [g for part in parts.values() for g in part]
    assert len(groups) == len(set(groups))


def _rewrite(source: Path, target: Path, change) -> None:
    with open(source / "frames.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with open(target / "frames.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for folder in (path for path in source.iterdir() if path.is_dir()):
        (target / folder.name).symlink_to(folder)


def test_a_near_duplicate_is_dropped(phantom_data, tmp_path):
    _rewrite(phantom_data, tmp_path, lambda rows: rows[0].update(dup_of=rows[1]["id"]))
    assert len(load_records(tmp_path)) == len(load_records(phantom_data)) - 1


def test_an_unknown_label_is_refused_with_what_is_allowed(phantom_data, tmp_path):
    _rewrite(phantom_data, tmp_path, lambda rows: rows[0].update(label="placenta"))
    with pytest.raises(ExportError, match=r"'placenta'; allowed: \['head', 'abdomen'") as caught:
        load_records(tmp_path)
    assert caught.value.slug == "data-label"


def test_a_missing_column_is_named(phantom_data, tmp_path):
    _rewrite(phantom_data, tmp_path, lambda rows: [row.pop("group") for row in rows])
    with pytest.raises(ExportError, match=r"lacks the columns \['group'\]") as caught:
        load_records(tmp_path)
    assert caught.value.slug == "data-columns"


def test_without_data_the_error_names_the_variable_to_set(monkeypatch, tmp_path):
    monkeypatch.setenv("SONOGAZE_DATA", str(tmp_path))
    assert find_data_root() is None
    with pytest.raises(ExportError, match="set SONOGAZE_DATA to the folder") as caught:
        data_root()
    assert caught.value.slug == "data-missing"


def test_a_file_that_is_no_image_is_refused(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"not an image")
    with pytest.raises(ExportError, match="can't be read as an image") as caught:
        read_grey(path)
    assert caught.value.slug == "frame-unreadable"


def test_a_frame_is_read_as_eight_bit_grey(phantom_data):
    frame = read_grey(load_records(phantom_data)[0].path)
    assert frame.dtype == np.uint8
    assert frame.shape == (96, 128)
