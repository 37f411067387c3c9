import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from export import evaluation
from export.cli import main
from export.commands import app
from export.data.dataset import load_records
from export.evidence.known import EVIDENCE, read_evidence
from export.files import file_sha256, write_json
from export.recipe.read import load_recipe
from export.release import gates

RUN = CliRunner()


def test_phantom_writes_frames_that_the_data_set_reader_reads(tmp_path):
    result = RUN.invoke(app, ["phantom", str(tmp_path / "set"), "--count", "4", "--frames", "2"])
    assert result.exit_code == 0, result.output
    records = load_records(tmp_path / "set")
    assert len(records) == 8
    assert {r.dataset for r in records} == {"own"}
    assert {r.label for r in records} == {"head", "abdomen", "femur", "background"}


def test_quantize_prints_json_and_ablate_a_table(smoke_runs, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    shared = ["--recipe", "smoke", "-o", str(smoke_runs)]
    result = RUN.invoke(app, ["quantize", "--objective", "ce", *shared])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["fp32"]["same_label_as_torch"] == 1.0
    wanted = ["--seeds", "1", "--objective", "ce", "--objective", "kd", *shared]
    result = RUN.invoke(app, ["ablate", *wanted])
    assert result.exit_code == 0, result.output
    assert "| test patients |" in result.stdout
    table = json.loads((smoke_runs / "ablation.json").read_text())["parts"]
    assert set(table) == {"val", "test", "external", "validation views"}
    gain = table["test"]["kd"]["accuracy"] - table["test"]["ce"]["accuracy"]
    assert table["test"]["kd"]["gains_over"]["ce"]["gain"] == pytest.approx(gain)
    assert (smoke_runs / "student-kd-1" / "scores.json").exists()
    looks = (tmp_path / "looks.jsonl").read_text()
    RUN.invoke(app, ["ablate", *wanted])
    assert (tmp_path / "looks.jsonl").read_text() == looks  # what was seen is not looked at again


def test_a_student_that_was_trained_again_is_scored_again(smoke_runs, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    words = ["ablate", "--recipe", "smoke", "--seeds", "1", "--objective", "ce"]
    words += ["-o", str(smoke_runs)]
    run = smoke_runs / "student-ce-1"
    scores = []
    for change in (0.0, 0.0, 1.0):
        if change:
            state = torch.load(run / "weights.pt", weights_only=True)
            for value in state.values():
                value += change if value.dtype.is_floating_point else 0
            torch.save(state, run / "weights.pt")
        assert RUN.invoke(app, words).exit_code == 0
        with np.load(run / "logits.npz") as file:
            logits = file["val"]
        told = json.loads((run / "scores.json").read_text())
        scores.append((logits, told["weights_sha256"], (run / "scores.json").stat().st_mtime_ns))
    assert np.array_equal(scores[0][0], scores[1][0])
    assert not np.allclose(scores[1][0], scores[2][0])
    assert scores[2][1] == file_sha256(run / "weights.pt") != scores[1][1]


def test_evidence_goes_into_the_runs_folder_and_never_over_the_committed_one(
    data_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    before = EVIDENCE.read_bytes()
    words = ["teacher", "--recipe", "smoke", "-o", str(tmp_path / "runs"), "--evidence"]
    result = RUN.invoke(app, words)
    assert result.exit_code == 0, result.output
    assert set(json.loads(result.stdout)) == {"val", "test", "external"}
    known = read_evidence(tmp_path / "runs" / "teacher-logits.json")
    scored = [r.id for r in load_records(data_folder) if r.split in ("val", "test", "external")]
    assert sorted(known.ids) == sorted(scored)
    assert EVIDENCE.read_bytes() == before


def test_json_that_is_written_never_holds_nan(tmp_path):
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "x.json", {"accuracy": float("nan")})
    assert not list(tmp_path.iterdir())


def test_an_installed_package_without_docs_keeps_no_log(tmp_path):
    evaluation.log_evaluation("test", "x", 0.5, tmp_path / "nowhere" / "looks.jsonl")
    assert not list(tmp_path.iterdir())


def test_advice_names_the_folder_that_the_command_takes(tmp_path):
    run = tmp_path / "runs" / "student-kd-1"
    result = RUN.invoke(app, ["family", str(run), "-o", str(tmp_path / "f.json")])
    assert f"ablate --recipe RECIPE -o {run.parent}`" in str(result.exception)
    result = RUN.invoke(app, ["curve", str(run.parent), "-o", str(tmp_path / "f.json")])
    assert f"ablate --recipe RECIPE -o {run.parent}`" in str(result.exception)
    result = RUN.invoke(app, ["card", str(tmp_path / "none.json")])
    assert "`sonogaze-export release` writes it" in str(result.exception)


def test_a_folder_that_cannot_be_written_is_one_line(data_folder, monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    target = str(tmp_path / "file" / "runs")
    words = ["sonogaze-export", "distill", "--recipe", "smoke", "-o", target]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert target.rpartition("/")[0] in told


def test_a_curve_orders_ablations_by_the_patients_they_had(data_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    folders = []
    for name, share in (("more", 1.0), ("fewer", 0.6)):
        recipe, folder = tmp_path / f"{name}.toml", tmp_path / name
        recipe.write_text(
            f'base = "smoke"\nname = "{name}"\n[data]\npatients_share = {share}\n'
            "[student]\nbatch = 8\n"
        )
        wanted = ["--recipe", str(recipe), "--seeds", "1", "--objective", "ce", "-o", str(folder)]
        assert RUN.invoke(app, ["ablate", *wanted]).exit_code == 0
        folders.append(str(folder))
    result = RUN.invoke(app, ["curve", *folders, "-o", str(tmp_path / "curve.json")])
    assert result.exit_code == 0, result.output
    points = json.loads((tmp_path / "curve.json").read_text())["points"]
    assert [point["recipe"] for point in points] == ["fewer", "more"]
    patients = [point["learned_from"]["patients"] for point in points]
    assert patients[0] == pytest.approx(0.6 * patients[1], abs=1)
    assert points[0]["parts"]["test"]["ce"]["accuracy_by_seed"]
    assert (tmp_path / "curve.png").stat().st_size > 5_000
    result = RUN.invoke(app, ["curve", str(tmp_path), "-o", str(tmp_path / "curve.json")])
    assert result.exception.slug == "run-unscored"
    story = tmp_path / "more" / "ablation.json"
    other = json.loads(story.read_text()) | {"data": {"machines": ["A"]}}
    for damage, slug in (
        (json.dumps(other), "curve-points"),
        (story.read_text()[:500], "run-unscored"),
        ("[]", "run-unscored"),
    ):
        story.write_text(damage)
        result = RUN.invoke(app, ["curve", *folders, "-o", str(tmp_path / "curve.json")])
        assert result.exit_code == 1
        assert result.exception.slug == slug


def test_a_family_is_students_of_one_teacher(tmp_path):
    score = {"accuracy": 0.9, "accuracy_95": [None, None], "ece": 0.01}
    runs = []
    for name, parameters, taught in (("a", 3000, 0.95), ("b", 24000, 0.95), ("c", 80000, 0.5)):
        run = tmp_path / name / "student-kd-1"
        run.mkdir(parents=True)
        told = {"objective": "kd", "seed": 1, "parameters": parameters, "scores": {"val": score}}
        (run / "scores.json").write_text(json.dumps(told))
        teacher = {"parameters": 3_000_000, "without_gaze": {"val": score | {"accuracy": taught}}}
        story = {"recipe": name, "teachers": {"plain": teacher}}
        (run.parent / "ablation.json").write_text(json.dumps(story))
        runs.append(str(run))
    result = RUN.invoke(app, ["family", *runs[1::-1], "-o", str(tmp_path / "f.json")])
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "f.json").read_text())
    assert [member["parameters"] for member in found["students"]] == [3000, 24000]
    assert (tmp_path / "f.png").stat().st_size > 5_000
    result = RUN.invoke(app, ["family", *runs, "-o", str(tmp_path / "f.json")])
    assert result.exception.slug == "family-teachers"
    result = RUN.invoke(app, ["family", str(tmp_path), "-o", str(tmp_path / "f.json")])
    assert result.exception.slug == "run-unscored"


def test_names_that_the_recipe_lacks_are_refused_before_anything_is_trained(data_folder, tmp_path):
    shared = ["--recipe", "smoke", "-o", str(tmp_path / "runs")]
    for words, slug in (
        (["teacher", "--gaze", "nobody"], "gaze-name"),
        (["distill", "--objective", "none"], "recipe-objective"),
        (["ablate", "--objective", "ce", "--objective", "none"], "recipe-objective"),
    ):
        result = RUN.invoke(app, [*words, *shared])
        assert result.exit_code == 1
        assert result.exception.slug == slug
    assert not list((tmp_path / "runs").glob("*/weights.pt"))
    for words in (["teacher", "--gaze", "expert", "--evidence"], ["distill", "--seed", "-1"]):
        assert RUN.invoke(app, [*words, *shared]).exit_code == 2


@pytest.fixture(scope="module")
def watched_phantom(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched") / "set"
    result = RUN.invoke(app, ["phantom", str(folder), "--count", "120", "--gaze", "--seed", "5"])
    assert result.exit_code == 0, result.output
    return folder


def test_gaze_beside_ones_own_frames_teaches_by_the_same_commands(
    watched_phantom, tmp_path, monkeypatch
):
    monkeypatch.setenv("SONOGAZE_DATA", str(watched_phantom))
    objectives = ["kd", "gaze_teacher", "petra"]
    named = [word for name in objectives for word in ("--objective", name)]
    result = RUN.invoke(
        app, ["ablate", "--recipe", "smoke", "--seeds", "2", "-o", str(tmp_path), *named]
    )
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "ablation.json").read_text())
    assert list(report["parts"]["val"]) == objectives
    assert report["gaze"]["expert"]["simulated"] is True
    assert report["gaze"]["expert"]["coverage"] > 0.9
    assert set(report["teachers"]["expert"]) == {"parameters", "without_gaze", "with_gaze"}
    assert set(report["teachers"]["plain"]) == {"parameters", "without_gaze"}
    assert (tmp_path / "ablation.png").stat().st_size > 5_000
    for seed in (1, 2):
        assert (tmp_path / f"student-petra-{seed}" / "scores.json").exists()


def test_a_run_of_another_recipe_in_the_folder_is_refused(smoke_runs, tmp_path):
    shared = ["--objective", "ce", "-o", str(smoke_runs)]
    assert RUN.invoke(app, ["distill", "--recipe", "smoke", *shared]).exit_code == 0
    other = tmp_path / "other.toml"
    smoke = (Path(evaluation.__file__).parent / "recipes" / "smoke.toml").read_text()
    other.write_text(smoke.replace("head = 24", "head = 32"))
    result = RUN.invoke(app, ["distill", "--recipe", str(other), *shared])
    assert result.exit_code == 1
    assert result.exception.slug == "run-recipe"


@pytest.mark.parametrize(
    ("words", "slug", "allowed"),
    [
        (["teacher", "--recipe", "none"], "recipe-missing", "'smoke'"),
        (["distill", "--recipe", "smoke", "--objective", "kdd"], "recipe-objective", "'kd'"),
        (["teacher", "--recipe", "smoke", "--gaze", "nobody"], "gaze-name", "'expert'"),
        (["release", "--waive-gate", "onyx=x"], "release-gate-name", "'onnx'"),
    ],
)
def test_a_wrong_choice_is_one_line_with_what_is_allowed_and_exit_code_2(
    monkeypatch, capsys, tmp_path, words, slug, allowed
):
    monkeypatch.setattr(sys, "argv", ["sonogaze-export", *words, "-o", str(tmp_path / "runs")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line]
    assert line.startswith(f"error ({slug}): ")
    assert allowed in line


def test_a_known_error_is_one_line_with_its_slug_and_exit_code_1(monkeypatch, capsys, tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("name = 3")
    monkeypatch.setattr(sys, "argv", ["sonogaze-export", "teacher", "--recipe", str(path)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert "recipe-field" in capsys.readouterr().err


def test_a_refused_release_lists_one_gate_a_line(monkeypatch, capsys):
    def refused(*_):
        failed = [gates.int8_loss(1, 0), gates.teacher_gap(0.9, 1.0)]
        return gates.judge(failed, {})

    monkeypatch.setattr("export.commands.releasing.release", refused)
    monkeypatch.setattr(sys, "argv", ["sonogaze-export", "release", "--recipe", "smoke"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    error, *details = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert error.startswith("error (release-gate): failed: int8-loss, teacher-gap;")
    assert [line.partition(":")[0] for line in details] == ["  int8-loss", "  teacher-gap"]


def test_ctrl_c_says_that_the_same_command_goes_on_and_exits_130(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("export.commands.pipeline.teacher", interrupted)
    monkeypatch.setattr(sys, "argv", ["sonogaze-export", "teacher"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_a_recipe_is_printed_as_it_is(tmp_path):
    printed = RUN.invoke(app, ["recipe", "own"])
    path = tmp_path / "mine.toml"
    path.write_text(printed.stdout)
    assert load_recipe(str(path)) == load_recipe("own")
    assert load_recipe("own").student == load_recipe("default").student
    assert RUN.invoke(app, ["recipe", "none"]).exception.slug == "recipe-missing"
