"""One workspace: the recipe and the data are read once, and a run can't mix two of them."""

from pathlib import Path

import pytest

from export import evaluation, workspace
from export.distill import pipeline
from export.errors import ExportError
from export.recipe.read import RECIPES
from export.release import gates
from export.release.release import release
from export.workspace import Workspace


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


@pytest.fixture
def own_recipe(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text((RECIPES / "smoke.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def test_a_release_reads_its_recipe_and_its_data_once(
    own_recipe, data_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    reads = {name: Counted(getattr(workspace, name)) for name in ("load_recipe", "load_records")}
    for name, counted in reads.items():
        monkeypatch.setattr(workspace, name, counted)
    run = Workspace.open(str(own_recipe), tmp_path / "runs").student("kd")
    release(run, tmp_path / "to", [f"{gate}=two epochs" for gate in gates.GATES])
    assert {name: counted.calls for name, counted in reads.items()} == {
        "load_recipe": 1, "load_records": 1,
    }  # fmt: skip


def test_a_recipe_edited_in_the_middle_changes_nothing_of_the_run(
    own_recipe, data_folder, tmp_path
):
    opened = Workspace.open(str(own_recipe), tmp_path / "runs")
    own_recipe.write_text("name = 3")
    student = pipeline.distill(opened.student("ce"))
    assert student.config == opened.recipe.student.network


def test_a_table_edited_in_the_middle_changes_nothing_of_the_run(
    phantom_data, tmp_path, monkeypatch
):
    folder = tmp_path / "data"
    folder.mkdir()
    for path in phantom_data.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "frames.csv").unlink()
    lines = (phantom_data / "frames.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "frames.csv").write_text("".join(lines), encoding="utf-8")
    monkeypatch.setenv("SONOGAZE_DATA", str(folder))
    opened = Workspace.open("smoke", tmp_path / "runs")
    before = opened.records
    (folder / "frames.csv").write_text("".join(lines[:20]), encoding="utf-8")
    assert opened.records is before
    with pytest.raises(ExportError, match="other frames, labels or groups"):
        Workspace.open("smoke", tmp_path / "runs").claim_folder()


def test_what_needs_no_data_is_refused_without_any(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOGAZE_DATA", str(tmp_path / "nowhere"))
    opened = Workspace.open("smoke", tmp_path / "runs")
    with pytest.raises(ExportError, match=r"no \[objectives.none\]"):
        opened.student("none")
    with pytest.raises(ExportError, match=r"no \[gaze.none\]"):
        pipeline.teacher(opened, "none")
    with pytest.raises(ExportError, match="no data set"):
        opened.claim_folder()


def test_how_much_there_is_to_train_validate_and_test_on_is_shown_before_training(
    data_folder, tmp_path
):
    shown = []
    opened = Workspace.open("smoke", tmp_path, lambda *step: shown.append(step))
    opened.claim_folder()
    (note,) = [note for step, done, total, note in shown if step == "frames"]
    parts = opened.parts
    for part, name in (("val", "validation"), ("test", "test"), ("external", "external")):
        frames, patients = len(parts[part]), len({r.group for r in parts[part]})
        assert f"{name} {frames} of {patients} patients" in note
    assert note.startswith("train ")


def test_an_objective_has_one_teacher_and_the_gazes_that_it_uses(tmp_path):
    opened = Workspace.open("ablation", tmp_path)
    assert list(opened.student("kd").gaze_names) == []
    assert list(opened.student("petra").gaze_names) == ["expert"]
    assert not opened.student("ce").needs_teacher
    assert opened.student("petra").teacher_weights == tmp_path / "teacher-expert-weights.pt"
    assert opened.student("kd", 0).folder == tmp_path / "student-kd-0"
    assert opened.student("kd").seed == opened.recipe.student.seed
