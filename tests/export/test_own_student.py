"""One's own data by the same commands: stills and DICOM clips, own labels, a student at the end."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import sdk
from export import evaluation
from export.commands import app
from export.data.dataset import load_records
from export.data.phantom import phantom_cine
from export.recipe.read import RECIPES
from export.release import gates
from sdk import sources
from tests.export.own_folder import HEIGHT, OWN, WIDTH, write_clip, write_own_folder

RUN = CliRunner()


def run(*arguments: object) -> str:
    result = RUN.invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `data/` and a recipe for its two labels."""
    write_own_folder(tmp_path / "data")
    text = (RECIPES / "smoke.toml").read_text()
    labels = 'labels = ["head", "abdomen", "femur", "background"]'
    assert labels in text
    (tmp_path / "own.toml").write_text(text.replace(labels, f"labels = {json.dumps(list(OWN))}"))
    monkeypatch.setenv("SONOGAZE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    return tmp_path


def test_own_labels_and_clips_become_a_student_that_classifies(own):
    shared = ["--recipe", own / "own.toml", "-o", own / "runs", "--objective", "kd"]
    run("distill", *shared)
    passed = [f"--waive-gate={gate}=a test of two epochs" for gate in gates.GATES]
    told = run("release", *shared, "--destination", own / "release", *passed)
    assert len(told.splitlines()) < 60
    assert all(name in told for name in ("smoke-int8.onnx", "val (", *gates.GATES))
    written = (own / "release" / "release.json").read_text()
    again = run("release", *shared, "--destination", own / "release", "--json", *passed)
    report = json.loads(again)
    assert report == json.loads(written)
    assert report["labels"] == list(OWN)
    assert len(report["scores"]["fp32"]["val"]["confusion"]) == 2
    assert report["provenance"]["training_data"][0]["name"] == "own"
    assert not (own / "looks.jsonl").exists()  # one's own data are never logged

    classifier = sdk.Classifier(own / "release" / "smoke-fp32.onnx")
    assert classifier.labels == tuple(OWN)
    cine = phantom_cine("abdomen", 7, 3, 25.0, height=HEIGHT, width=WIDTH)
    clip = write_clip(own / "new.dcm", np.stack([frame.pixels for frame in cine]))
    for frame, _ in sources.open(clip):
        result = classifier.classify(frame)
        assert result.model_id == classifier.model_id
        assert set(result.probabilities) == set(OWN)

    run("card", own / "release" / "release.json", "-o", own / "card.md")
    card = (own / "card.md").read_text()
    assert "| heart |" in card
    assert "a test of two epochs" in card


def test_the_clips_of_the_folder_are_trained_on(own):
    records = load_records(own / "data", tuple(OWN))
    clips = [r for r in records if r.path.suffix == ".dcm"]
    assert [(r.id, r.frame) for r in clips if r.label == "heart"] == [
        ("heart#0", 0), ("heart#2", 2), ("heart#4", 4)
    ]  # fmt: skip
    assert {r.split for r in clips} == {"train"}
