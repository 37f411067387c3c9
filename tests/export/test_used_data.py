"""What a recipe means by its data: the same frames, whatever else the folder holds or gains."""

import csv
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import load_records
from export.data.phantom import phantom_frame
from export.distill import pipeline
from export.distill.inputs import scored_parts, training_records, used_records
from export.errors import ExportError
from export.evaluation import score
from export.recipe.read import load_recipe
from export.release.provenance import _data, attribution
from export.runs import frames_digest
from export.workspace import Workspace

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("SONOGAZE_DATA", ROOT / "../shared/data"))
RELEASE = json.loads((ROOT / "sdk" / "models" / "release.json").read_text(encoding="utf-8"))
OUTLIERS = {
    "thorax": "CC BY 4.0",
    "muscle": "CC0 1.0",
    "lung": "CC BY 2.0",
    "phantom": "BSD-3-Clause",
    "cervix": "Apache-2.0 (repo)",
    "other": "own",
}


def grown(source: Path, target: Path) -> Path:
    """Copy a data set and add to it: outliers by row's licence, and frames that joined later."""
    shutil.copytree(source, target)
    with (target / "frames.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (target / "not_fetal").mkdir()
    for number in range(30):
        fine = list(OUTLIERS)[number % len(OUTLIERS)]
        late = number % 7 == 0
        name = f"not_fetal/x{number}.png"
        frame = phantom_frame("background", seed=900 + number, height=48, width=64)
        Image.fromarray(frame.pixels).save(target / name)
        row = dict.fromkeys(rows[0], "")
        row |= {"file": name, "id": f"x{number}", "label": "background", "fine": fine}
        row |= {"group": f"X{number}", "licence": OUTLIERS[fine]}
        row |= {"dataset": "fetal_planes_db" if late else "not_fetal"}
        row |= {"source_quality": "original png, found later" if late else "still"}
        rows.append(row)
    with (target / "frames.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


@pytest.fixture
def grown_data(phantom_data: Path, tmp_path: Path) -> Path:
    return grown(phantom_data, tmp_path / "grown")


@pytest.mark.skipif(not (REAL / "frames.csv").is_file(), reason="no data set: set SONOGAZE_DATA")
def test_the_default_recipe_means_the_frames_of_the_recorded_student():
    recipe = load_recipe("planes")
    records = used_records(load_records(REAL), recipe)
    learned = training_records(records, recipe.transfer.datasets, recipe.data)
    told = RELEASE["provenance"]["training_data"][0]
    assert len(learned) == told["frames"]
    assert len({r.group for r in learned}) == told["patients"]
    for part, found in scored_parts(records, recipe).items():
        score_of = RELEASE["scores"]["fp32"][part]
        assert len(found) == score_of["frames"]
        assert len({r.group for r in found}) == score_of["patients"]
        assert {m["id"] for m in score_of["mistakes"]} <= {r.id for r in found}


@pytest.mark.skipif(not (REAL / "frames.csv").is_file(), reason="no data set: set SONOGAZE_DATA")
def test_every_row_of_the_real_table_is_read_with_its_fine_class_and_licence():
    with (REAL / "frames.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not row["dup_of"]]
    records = load_records(REAL)
    assert [(r.id, r.label, r.licence) for r in records] == [
        (row["id"], row["label"], row["licence"]) for row in rows
    ]
    assert [r.fine for r in records] == [row.get("fine", "") for row in rows]
    known = {"thorax", "cervix", "other", "muscle", "lung", "phantom"}
    assert {r.label for r in records if r.fine in known} == {"background"}


def test_a_grown_table_changes_no_frame_of_the_recipe(phantom_data, grown_data):
    recipe = load_recipe("planes")
    before, after = (
        used_records(load_records(folder), recipe) for folder in (phantom_data, grown_data)
    )
    assert [r.id for r in after] == [r.id for r in before]
    assert frames_digest(after) == frames_digest(before)
    assert len(load_records(grown_data)) == len(before) + 30


def test_a_recipe_takes_the_outliers_when_it_names_them(grown_data, tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(
        'base = "smoke"\n[teacher]\ndatasets = ["fetal_planes_db", "not_fetal"]\n'
        '[transfer]\ndatasets = ["fetal_planes_db", "not_fetal"]\n'
    )
    records = used_records(load_records(grown_data), load_recipe(str(path)))
    assert {r.fine for r in records} == {"", *OUTLIERS}
    scores = score(np.zeros((len(records), 4)), records)
    assert set(scores["by"]["fine"]) == {"unknown", *OUTLIERS}
    assert sum(group["frames"] for group in scores["by"]["fine"].values()) == len(records)


def test_provenance_and_credit_tell_every_licence(grown_data):
    records = [r for r in load_records(grown_data) if r.dataset == "not_fetal"]
    (data,) = _data(records)
    story = {"training_data": [data], "teacher_start": None}
    assert data["licence"] == "Apache-2.0 (repo), BSD-3-Clause, CC BY 2.0, CC BY 4.0, CC0 1.0, own"
    assert data["sha256"] == frames_digest(records)
    credit = attribution(story)
    assert all(word in credit for word in ("TimTrack", "DL_Track", "Born", "PLUS", "CC0"))


def test_data_that_the_recipe_does_not_name_are_refused_by_name(grown_data):
    records = [r for r in load_records(grown_data) if r.dataset == "not_fetal"]
    with pytest.raises(
        ExportError,
        match=r"data sets \['fetal_planes_db'\]; the table has "
        r"\['not_fetal'\]",
    ) as caught:
        used_records(records, load_recipe("planes"))
    assert caught.value.slug == "data-choice"


def _open(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, recipe: str = "smoke") -> None:
    monkeypatch.setenv("SONOGAZE_DATA", str(folder))
    Workspace.open(recipe, out).claim_folder()


def test_a_run_goes_on_when_other_data_joined_and_not_when_its_own_changed(
    phantom_data, grown_data, tmp_path, monkeypatch
):
    out = tmp_path / "runs"
    _open(phantom_data, out, monkeypatch, "planes")
    _open(grown_data, out, monkeypatch, "planes")
    path = next(grown_data.glob("fetal_planes_db/*.png"))
    size = path.stat().st_size
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    assert path.stat().st_size == size
    with pytest.raises(ExportError, match="other frames, labels or groups") as caught:
        _open(grown_data, out, monkeypatch, "planes")
    assert caught.value.slug == "run-data"


@pytest.mark.parametrize("part", ["train", "val", "test", "external"])
def test_a_damaged_frame_of_any_part_is_found_before_training(
    phantom_data, tmp_path, monkeypatch, part
):
    folder = tmp_path / "data"
    shutil.copytree(phantom_data, folder)
    record = next(r for r in load_records(folder) if r.split == part)
    record.path.write_bytes(record.path.read_bytes()[:200])
    monkeypatch.setenv("SONOGAZE_DATA", str(folder))
    out = tmp_path / "runs"
    with pytest.raises(ExportError, match=record.path.name) as caught:
        pipeline.distill(Workspace.open("smoke", out).student("kd"))
    assert caught.value.slug == "frame-unreadable"
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize(
    ("section", "begin"),
    [
        ("teacher", lambda workspace: pipeline.teacher(workspace)),
        ("teacher", lambda workspace: pipeline.distill(workspace.student("kd"))),
        ("student", lambda workspace: pipeline.distill(workspace.student("ce"))),
    ],
    ids=["teacher", "teacher-of-a-student", "student"],
)
def test_too_few_frames_for_a_batch_are_told_before_views_are_drawn(
    data_folder, tmp_path, section, begin
):
    path = tmp_path / "r.toml"
    path.write_text(f'base = "smoke"\n[{section}]\nbatch = 4096\n')
    with pytest.raises(ExportError, match=r"fewer than a batch of 4096") as caught:
        begin(Workspace.open(str(path), tmp_path / "runs"))
    assert caught.value.slug == "data-few"
    assert not list((tmp_path / "runs").glob("bank-*"))
