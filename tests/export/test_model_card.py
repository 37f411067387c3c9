"""The model card: everything in it comes from the report, pictures where frames may be shown."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import FrameRecord, load_records
from export.errors import ExportError
from export.evaluation import score
from export.model_card import sheets, write_card
from export.model_card.text import render
from export.model_card.write import MAX_PICTURE_BYTES
from export.release.calibration import calibration_report
from export.release.gates import GATES
from export.release.scores import coverage, mistakes, risk_coverage
from tests.sdk.toy_student import toy_student

ROOT = Path(__file__).parents[2]
LABELS = ("head", "abdomen", "femur", "background")


def scores_of(records: list[FrameRecord], labels: tuple[str, ...]) -> dict:
    """Answers that are right but for each fifth frame."""
    truth = np.array([labels.index(r.label) for r in records])
    said = np.where(np.arange(len(truth)) % 5 == 0, (truth + 1) % len(labels), truth)
    logits = 3.0 * np.eye(len(labels))[said]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = probabilities.max(axis=1) >= 0.5
    return {
        **score(logits, records, labels=labels, subgroup_intervals=True),
        **calibration_report(probabilities, truth, [r.group for r in records]),
        **coverage(probabilities, truth, given),
        "risk_coverage": risk_coverage(probabilities, truth),
        "mistakes": mistakes(probabilities, records, labels, given),
    }


def report_of(parts: dict[str, list[FrameRecord]], labels: tuple[str, ...]) -> dict:
    scores = {part: scores_of(records, labels) for part, records in parts.items()}
    gates = [{"gate": g, "asks": a, "passed": True, "found": "x", "reason": None}
             for g, a in GATES.items()]  # fmt: skip
    return {
        "student_id": "toy", "command": "sonogaze-export release", "labels": list(labels),
        "provenance": {
            "training_data": [{"name": "own", "licence": "own", "frames": 9, "patients": 3}],
            "recipe": "toy", "objective": "kd", "seed": 1, "parameters": 1234,
            "teacher_sha256": None, "teacher_start": None,
        },
        "attribution": "Trained on own.\n",
        "calibration": {"temperature": 1.0, "abstain_below": {labels[0]: 0.5}},
        "bytes": {"fp32": 1000, "int8": 500}, "gates": gates,
        "scores": {"fp32": scores, "int8": copy.deepcopy(scores)}, "teacher_scores": None,
    }  # fmt: skip


@pytest.fixture
def report(phantom_data: Path) -> dict:
    parts: dict[str, list[FrameRecord]] = {}
    for record in load_records(phantom_data):
        parts.setdefault(record.split, []).append(record)
    return report_of({part: parts[part] for part in ("val", "test", "external")}, LABELS)


def test_with_data_the_card_shows_charts_mistakes_and_attention(report, data_folder, tmp_path):
    (tmp_path / "release.json").write_text(json.dumps(report))
    (tmp_path / "toy-fp32.onnx").write_bytes(toy_student())
    written = write_card(tmp_path / "release.json", tmp_path / "docs" / "card.md")
    text = written[0].read_text()
    names = [path.stem for path in written[1:]]
    assert names == ["reliability", "confusion", "risk-coverage", "mistakes", "attention"]
    for path in written[1:]:
        assert f"](img/model-card/{path.name})" in text
        assert path.stat().st_size < MAX_PICTURE_BYTES
        with Image.open(path) as picture:
            assert np.asarray(picture.convert("L")).std() > 10  # not blank
    assert "Burgos-Artizzu" in text
    assert "Sendra-Balcells" in text


def test_without_data_the_card_says_that_it_shows_no_frames_and_why(report, tmp_path, monkeypatch):
    monkeypatch.setenv("SONOGAZE_DATA", str(tmp_path))
    (tmp_path / "release.json").write_text(json.dumps(report))
    written = write_card(tmp_path / "release.json", tmp_path / "card.md")
    assert [path.stem for path in written] == ["card", "reliability", "confusion", "risk-coverage"]
    assert "This card shows no frames: the data set was not at hand" in written[0].read_text()


def test_without_the_students_own_file_the_card_says_why_it_has_no_attention_maps(
    report, data_folder, tmp_path
):
    (tmp_path / "release.json").write_text(json.dumps(report | {"student_id": "another"}))
    (tmp_path / "default-fp32.onnx").write_bytes(toy_student())
    written = write_card(tmp_path / "release.json", tmp_path / "card.md")
    assert "attention" not in [path.stem for path in written]
    assert "No attention maps: no file of this student lies beside release.json" in (
        written[0].read_text()
    )


def test_frames_whose_licence_is_not_known_to_allow_it_are_not_shown(
    report, phantom_data, tmp_path
):
    records = {r.id: r for r in load_records(phantom_data)}
    for part in report["scores"]["fp32"].values():
        for mistake in part["mistakes"]:
            mistake["dataset"] = "own"
    sheet = sheets.mistakes(report, records, tmp_path / "mistakes.png")
    assert sheet.path is None
    assert "licence" in sheet.text
    assert not (tmp_path / "mistakes.png").exists()


def test_mistakes_that_were_withheld_are_counted_and_not_shown(report, phantom_data, tmp_path):
    records = {r.id: r for r in load_records(phantom_data)}
    found = [m for part in ("test", "external") for m in _mistakes(report, part)]
    # sure of all: a novelty withholds answers whatever their confidence
    for index, mistake in enumerate(found):
        mistake["confidence"], mistake["accepted"] = 0.9, index < 2
    sheet = sheets.mistakes(report, records, tmp_path / "mistakes.png")
    assert f"{len(found)} answers" in sheet.text
    assert f"{len(found) - 2} of them were withheld, 2 accepted: all of these" in sheet.text
    for mistake in found:
        mistake["accepted"] = False
    sheet = sheets.mistakes(report, records, tmp_path / "none.png")
    assert sheet == (None, f"{len(found)} answers of the fp32 file are wrong on test and external "
                     f"frames; {len(found)} of them were withheld")  # fmt: skip


def test_a_report_that_does_not_say_which_mistakes_were_accepted_shows_none(report, tmp_path):
    for part in report["scores"]["fp32"].values():
        for mistake in part["mistakes"]:
            del mistake["accepted"]
    sheet = sheets.mistakes(report, {}, tmp_path / "none.png")
    assert sheet.path is None
    assert "doesn't say which mistakes were accepted" in sheet.text


def test_a_mistake_is_accepted_where_its_frame_is_given_a_label():
    records = [
        FrameRecord(f"f{i}", Path("x"), "head", "own", "", f"p{i}", "", "", "") for i in range(3)
    ]
    wrong = np.array([[0.1, 0.9, 0, 0], [0.9, 0.1, 0, 0], [0.2, 0.8, 0, 0]])
    found = mistakes(wrong, records, LABELS, np.array([False, True, True]))
    assert [(m["id"], m["accepted"]) for m in found] == [("f0", False), ("f2", True)]


def _mistakes(report, part):
    return report["scores"]["fp32"][part]["mistakes"]


def test_a_gate_passed_over_stands_at_the_top_with_its_reason(report):
    report["gates"][0] |= {"passed": False, "found": "0.9 against 1.0", "reason": "a pilot"}
    text = render(report, [], "release.json")
    top = text[: text.index("## Accuracy")]
    assert "**Gate `teacher-gap` failed and was waived.**" in top
    assert "Found: 0.9 against 1.0. Reason given: a pilot." in top


def test_tables_follow_the_reports_own_labels_and_count_right():
    records = [
        FrameRecord(
            str(i), Path("x"), ("heart", "kidney")[i % 2], "own", "", f"p{i // 2}", "", "", ""
        )
        for i in range(20)
    ]
    text = render(report_of({"val": records, "test": records}, ("heart", "kidney")), [], "r.json")
    # of twenty frames the first, sixth, eleventh and sixteenth are wrong: two of each label
    assert "| heart | 8 | 2 |" in text
    assert "| kidney | 2 | 8 |" in text
    assert "80.0 % (" in text
    assert "learned from labels alone" in text


THIN = {"student_id": "x", "labels": [], "provenance": {}, "gates": [], "teacher_scores": None}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"student_id": "x"}', json.dumps(THIN | {"scores": {"fp32": {}}}),
     json.dumps(THIN | {"scores": 3})],
)  # fmt: skip
def test_a_report_that_is_none_or_too_old_is_refused(text, tmp_path):
    (tmp_path / "release.json").write_text(text)
    with pytest.raises(ExportError, match=r"release\.json (is no report|lacks)") as caught:
        write_card(tmp_path / "release.json", tmp_path / "card.md")
    assert caught.value.slug == "card-report"
    assert not (tmp_path / "card.md").exists()


def test_the_committed_card_is_that_of_the_committed_release():
    report = json.loads((ROOT / "sdk" / "models" / "release.json").read_text())
    card = (ROOT / "docs" / "model-card.md").read_text()
    pictures = card[card.index("## Pictures\n\n") + 13 : card.index("\n\n## Limits")]
    assert card == render(report, pictures.split("\n\n"), "sdk/models/release.json")
    for name in ("reliability", "risk-coverage", "confusion", "mistakes", "attention"):
        assert (ROOT / "docs" / "img" / "model-card" / f"{name}.png").is_file()


def test_risk_at_each_coverage_is_the_error_of_the_most_confident():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), 200)
    truth = rng.integers(0, 3, 200)
    curve = risk_coverage(probabilities, truth, points=25)
    assert len(curve) == 25
    for point in curve:
        count = round(200 * point["coverage"])
        best = np.argsort(-probabilities.max(1))[:count]
        assert point["error"] == pytest.approx(
            (probabilities[best].argmax(1) != truth[best]).mean()
        )
    alike = risk_coverage(np.full((4, 2), 0.5), np.array([0, 1, 0, 0]))
    assert alike == [{"coverage": 1.0, "error": 0.25}]


def test_the_card_tells_what_is_accepted_that_is_no_plane(report):
    shares = {"frames": 20, "called": 0.5, "accepted": 0.25, "accepted_95": [0.1, 0.4]}
    told = {"accepted_as_label": 0.75}
    report["negatives"] = {
        "kinds": {
            "not_fetal:lung": {**shares, "by_part": {}},
            "own:other": {"by_part": {"val": shares}},
        },
        "patterns": {"rings": shares},
        "structures": {"femur": {"own:val": {"frames": 9, "untouched": told, "erased:blur": told}}},
    }
    report["strangers"] = {"lung": {"frames": 20, "called": 0.5, "accepted": 0.05}}
    report["kept"] = 0.951
    card = render(report, [], "release.json")
    assert "| own:other | validation | 20 | 50.0 % | 25.0 % (10.0-40.0) |" in card
    assert "| not_fetal:lung | never trained on | 20 | 50.0 % | 25.0 % (10.0-40.0) |" in card
    assert "| pattern: rings | drawn | 20 | 50.0 % | 25.0 % |" in card
    assert "| femur | validation | 9 | 75 % | 75 % |" in card
    assert "lung 5.0 % of 20; 95.1 % of right answers" in card
