"""Which sources a run was made by, and which teacher taught a student: told, and held to."""

import json
import subprocess
from pathlib import Path

import pytest

from export.errors import ExportError
from export.release import gates
from export.release import release as releasing
from export.release.quantize import quantize
from export.runs import note_sources, sources_of, teacher_weights
from export.sources import is_clean, sources
from export.workspace import Workspace
from sdk import __version__

FILES = ("export/sources.py", "sdk/x.py", "sdk/models/release.json", "docs/results/looks.jsonl")


def git(root: Path, *words: str) -> str:
    options = ("-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *options, *words], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    return root


def test_a_clean_checkout_is_told_by_its_full_commit(checkout):
    assert sources(checkout) == git(checkout, "rev-parse", "HEAD")
    assert is_clean(sources(checkout))


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        ("export/sources.py", True),
        ("sdk/x.py", True),
        ("sdk/new.py", True),  # git doesn't know it, Python imports it
        ("constraints.txt", True),
        ("docs/results/looks.jsonl", False),  # a release writes these itself
        ("sdk/models/release.json", False),
        ("notes.txt", False),
    ],
)
def test_what_a_student_depends_on_makes_a_checkout_dirty_and_nothing_else(checkout, change, dirty):
    (checkout / change).write_text("2\n")
    assert sources(checkout).endswith("-dirty") is dirty
    assert is_clean(sources(checkout)) is not dirty


def test_an_installed_package_is_told_by_its_version_whatever_repository_lies_around(checkout):
    installed = checkout / "venv" / "site-packages"
    (installed / "export").mkdir(parents=True)
    (installed / "export" / "sources.py").write_text("1\n")
    assert sources(installed) == f"sonogaze {__version__}"
    assert sources(checkout / "nowhere") == f"sonogaze {__version__}"


def test_a_run_that_went_on_by_other_sources_names_them_all(tmp_path, monkeypatch):
    weights = tmp_path / "weights.pt"
    assert sources_of(weights) == ["unknown"]
    for name in ("a", "a", "b-dirty"):
        monkeypatch.setattr("export.runs.sources", lambda name=name: name)
        note_sources(weights)
    assert sources_of(weights) == ["a", "b-dirty"]


def test_a_release_from_changed_sources_is_refused_before_anything_is_trained(
    data_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(releasing, "sources", lambda: "0123-dirty")
    waived = [f"{gate}=x" for gate in gates.GATES if gate != "sources"]
    with pytest.raises(ExportError, match="failed: sources") as caught:
        releasing.release(
            Workspace.open("smoke", tmp_path / "r").student("ce"), tmp_path / "to", waived
        )
    assert caught.value.slug == "release-gate"
    assert "files by 0123-dirty" in caught.value.details[0]
    assert not (tmp_path / "r").exists()


def test_a_student_is_not_released_beside_another_teacher(smoke_runs, tmp_path):
    student = Workspace.open("smoke", smoke_runs).student("kd")
    weights = teacher_weights(smoke_runs)
    waived = [f"{gate}=x" for gate in gates.GATES]
    weights.write_bytes(weights.read_bytes() + b"\0")
    for begin in (
        lambda: releasing.release(student, tmp_path / "to", waived),
        lambda: quantize(student),
    ):
        with pytest.raises(ExportError, match="learned from the teacher") as caught:
            begin()
        assert caught.value.slug == "weights-hash"
    weights.unlink()
    with pytest.raises(ExportError, match="train both again in another --out") as caught:
        releasing.release(student, tmp_path / "to", waived)
    assert caught.value.slug == "weights-missing"
    assert not (tmp_path / "to").exists()
    assert not list(tmp_path.rglob("*.onnx"))


def test_the_shipped_student_names_a_clean_commit_that_packaged_it():
    root = Path(__file__).parents[2]
    report = json.loads((root / "sdk" / "models" / "release.json").read_text(encoding="utf-8"))
    (packaged,) = report["provenance"]["made_by"]["files"]
    assert is_clean(packaged)
    assert report["provenance"]["commit"] == packaged
    if git(root, "rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone: its history isn't here to be asked")
    git(root, "merge-base", "--is-ancestor", packaged, "HEAD")  # raises where it isn't
