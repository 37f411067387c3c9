"""What a step writes, the next one takes: quantised files classify, released ones repackage."""

import json
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

import sdk
from export import evaluation
from export.commands import app
from export.errors import ExportError
from export.files import write_all
from export.packaging.packaging import strip
from export.release import gates, repackage
from export.release.provenance import research_only
from export.release.release import release as release_student
from export.release.repackage import repackage as again
from export.workspace import Workspace

RUN = CliRunner()
WAIVED = [f"{gate}=two epochs" for gate in gates.GATES]


@pytest.fixture(scope="module")
def release(trained, phantom_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    shutil.copytree(trained, folder / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOGAZE_DATA", str(phantom_data))
        patch.setattr(evaluation, "LOOKS", folder / "looks.jsonl")
        release_student(
            Workspace.open("smoke", folder / "runs").student("ce"), folder / "to", WAIVED
        )
    return folder / "to"


@pytest.fixture
def released(release, data_folder, tmp_path):
    return shutil.copytree(release, tmp_path / "to")


def test_quantize_writes_files_that_classify_runs(data_folder, smoke_runs):
    shared = ["--recipe", "smoke", "-o", str(smoke_runs), "--objective", "ce"]
    result = RUN.invoke(app, ["quantize", *shared])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    frame = next(data_folder.glob("fetal_planes_db/*.png"))
    for precision in ("fp32", "int8"):
        told = report[precision]
        done = subprocess.run(
            [sys.executable, "-m", "sdk.cli", "classify", "--json", "--model", told["file"], frame],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["result"]["model_id"].startswith("smoke-")
        metadata = sdk.Classifier(told["file"]).metadata
        assert metadata.precision == precision
        assert "none was judged" in metadata.provenance["gates"]
        assert "research_only" not in metadata.provenance


def test_a_file_learned_from_research_only_gaze_says_so(tmp_path):
    workspace = Workspace.open("ablation", tmp_path)
    assert "CC BY-NC-SA" in research_only(workspace.student("petra"))
    assert research_only(workspace.student("kd")) is None


def _network(folder, precision):
    model = strip(onnx.load(folder / f"smoke-{precision}.onnx"))
    return model.SerializeToString(deterministic=True)


def test_a_repackaged_student_is_the_same_network_under_a_new_provenance(released, monkeypatch):
    before = {p: _network(released, p) for p in ("fp32", "int8")}
    old = json.loads((released / "release.json").read_text())
    answers = sdk.Classifier(released / "smoke-int8.onnx").metadata.known_answers
    monkeypatch.setattr(repackage, "sources", lambda: "f" * 40)
    again(released, WAIVED)
    new = json.loads((released / "release.json").read_text())
    assert {p: _network(released, p) for p in ("fp32", "int8")} == before
    assert new["provenance"]["commit"] == "f" * 40
    assert new["provenance"]["made_by"]["files"] == ["f" * 40]
    assert new["provenance"]["made_by"]["student"] == old["provenance"]["made_by"]["student"]
    for precision in before:
        classifier = sdk.Classifier(released / f"smoke-{precision}.onnx")
        assert dict(classifier.metadata.provenance) == new["provenance"]
        assert new["scores"][precision] == old["scores"][precision]
        size = (released / f"smoke-{precision}.onnx").stat().st_size
        assert new["bytes"][precision] == size
    assert sdk.Classifier(released / "smoke-int8.onnx").metadata.known_answers == answers


def test_frames_that_give_other_scores_are_refused_and_nothing_is_written(released, monkeypatch):
    path = released / "release.json"
    report = json.loads(path.read_text())
    report["scores"]["int8"]["test"]["confusion"][0][0] += 1
    path.write_text(json.dumps(report))
    before = {file.name: file.read_bytes() for file in released.iterdir()}
    with pytest.raises(ExportError, match="int8 on test: confusion was") as caught:
        again(released, WAIVED)
    assert caught.value.slug == "run-data"
    assert {file.name: file.read_bytes() for file in released.iterdir()} == before


def test_changed_sources_repackage_nothing(released, monkeypatch):
    monkeypatch.setattr(repackage, "sources", lambda: "f" * 40 + "-dirty")
    before = {file.name: file.read_bytes() for file in released.iterdir()}
    with pytest.raises(ExportError, match="sources"):
        again(released, [w for w in WAIVED if not w.startswith("sources")])
    assert {file.name: file.read_bytes() for file in released.iterdir()} == before


def test_files_that_belong_together_are_all_written_or_none(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").mkdir()  # in the way
    with pytest.raises(OSError, match="b"):
        write_all({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_network_that_gives_no_numbers_is_neither_scored_nor_released():
    logits = np.zeros((3, 2))
    logits[1, 0] = np.nan
    with pytest.raises(ExportError, match="not finite on 1 of 3 frames") as caught:
        evaluation.score(logits, [None] * 3, labels=("a", "b"))
    assert caught.value.slug == "logits-not-finite"


def test_a_release_of_a_recipe_elsewhere_is_repackaged_by_its_path(released, tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text('base = "smoke"\nname = "mine"\n')
    report = json.loads((released / "release.json").read_text())
    report["provenance"]["recipe"] = "mine"
    (released / "release.json").write_text(json.dumps(report))
    for precision in ("fp32", "int8"):
        (released / f"smoke-{precision}.onnx").rename(released / f"mine-{precision}.onnx")
    with pytest.raises(ExportError, match=r"no recipe 'mine'.*give its path by --recipe") as caught:
        again(released, WAIVED)
    assert caught.value.slug == "recipe-missing"
    again(released, WAIVED, str(recipe))
    assert sdk.Classifier(released / "mine-int8.onnx").metadata.provenance["recipe"] == "mine"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('name = "other"', "name is other, the release's is smoke"),
        ('labels = ["femur", "head", "abdomen", "background"]', r"labels is \('femur',"),
        ("[preprocessing]\nwidth = 32", r"preprocessing is .*width=32.*release's is .*width=64"),
    ],
)
def test_a_recipe_of_another_release_is_refused(released, tmp_path, text, what):
    recipe = tmp_path / "other.toml"
    recipe.write_text(f'base = "smoke"\n{text}\n')
    before = {file.name: file.read_bytes() for file in released.iterdir()}
    with pytest.raises(ExportError, match=what) as caught:
        again(released, WAIVED, str(recipe))
    assert caught.value.slug == "run-recipe"
    assert {file.name: file.read_bytes() for file in released.iterdir()} == before


def test_a_file_that_the_report_names_and_is_not_there_is_told(released):
    (released / "smoke-int8.onnx").unlink()
    with pytest.raises(ExportError, match=r"smoke-int8.onnx isn't there") as caught:
        again(released, WAIVED)
    assert caught.value.slug == "card-report"
