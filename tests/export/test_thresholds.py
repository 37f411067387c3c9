"""Thresholds and temperatures: from answers to unseen frames, by label, with an interval."""

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

import sdk
from export.data.dataset import fold_of, load_records
from export.distill.inputs import used_records
from export.distill.pipeline import distill
from export.errors import ExportError
from export.evaluation import best_temperature, expected_calibration_error, softmax
from export.recipe.read import load_recipe
from export.recipe.settings import ThresholdConfig
from export.release.calibration import FOLDS, cross_fitted_error
from export.release.crossfit import Unseen, fold_run, unseen_answers
from export.release.files import StudentFiles
from export.release.strangers import by_strangers
from export.release.thresholds import Accepting, Answers, accepted, accepting, threshold_of
from export.workspace import Workspace

LABELS = ("a", "b", "c")


def test_the_threshold_is_the_lowest_that_leaves_enough_right():
    confidence = np.array([0.95] * 99 + [0.5] * 10)
    right = np.array([True] * 99 + [False] * 10)
    assert threshold_of(confidence, right, 0.99) == pytest.approx(0.51)
    assert threshold_of(confidence, right, 0.9) == pytest.approx(0.3)
    assert threshold_of(confidence, ~right, 0.99) == pytest.approx(0.95)  # none reaches it


def test_the_threshold_is_that_of_a_search_by_hand():
    rng = np.random.default_rng(0)
    for _ in range(30):
        confidence = rng.uniform(0.3, 1, 200)
        right = rng.random(200) < confidence
        found = threshold_of(confidence, right, 0.9)
        by_hand = 0.95
        for limit in np.round(np.arange(0.30, 0.995, 0.01), 2):
            kept = confidence >= limit
            if kept.any() and right[kept].mean() >= 0.9:
                by_hand = limit
                break
        assert found == pytest.approx(by_hand)


def _answers(count: int = 900, seed: int = 0) -> Answers:
    """Answers of which those that say `c` are often wrong, and sure."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 3, count)
    logits = 4.0 * np.eye(3)[said] + rng.normal(0, 0.8, (count, 3))
    said = logits.argmax(1)
    wrong = rng.random(count) < np.where(said == 2, 0.2, 0.004)
    truth = np.where(wrong, (said + 1) % 3, said)
    return Answers(logits, truth, [f"p{i // 3}" for i in range(count)])


def test_a_label_that_is_often_wrong_gets_a_higher_threshold_of_its_own():
    answers = _answers()
    alike = accepting(answers, LABELS, ThresholdConfig(accuracy=0.98))
    assert len(set(alike.abstain_below.values())) == 1
    assert {told["from"] for told in alike.story.values()} == {"all"}
    own = accepting(answers, LABELS, ThresholdConfig(accuracy=0.98, per_label=True))
    assert own.story["c"]["from"] == "c"
    assert own.abstain_below["c"] > own.abstain_below["a"]


def test_a_label_with_too_few_answers_or_errors_takes_the_threshold_of_all():
    answers = _answers(120)
    told = accepting(answers, LABELS, ThresholdConfig(per_label=True)).story
    said = answers.logits.argmax(1)
    for index, label in enumerate(LABELS):
        own = said == index
        errors = int((own & (answers.truth != index)).sum())
        assert told[label]["from"] == (label if own.sum() >= 60 and errors >= 2 else "all")
    assert any(row["from"] == "all" for row in told.values())


def test_the_interval_over_patients_holds_the_threshold_and_shrinks_with_more_of_them():
    widths = []
    for count in (150, 1500):
        told = accepting(_answers(count), LABELS, ThresholdConfig(accuracy=0.95)).story["a"]
        low, high = told["interval_95"]
        assert low <= told["threshold"] <= high
        widths.append(high - low)
    assert widths[1] < widths[0]


def test_an_answer_is_accepted_by_the_threshold_of_what_it_says():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.1, 0.1, 0.8]])
    limits = {"a": 0.5, "b": 0.7, "c": 0.8}
    assert accepted(probabilities, limits, LABELS).tolist() == [True, False, True]


def test_the_cross_fitted_error_is_that_of_temperatures_fitted_on_other_patients():
    answers = _answers(300, seed=3)
    fold = np.array([fold_of(group, FOLDS) for group in answers.groups])
    gaps = np.empty((300, 3))
    for number in range(FOLDS):
        others = fold != number
        temperature = best_temperature(answers.logits[others], answers.truth[others])
        gaps[~others] = softmax(answers.logits[~others], temperature)
    expected = expected_calibration_error(gaps, answers.truth)
    found = cross_fitted_error(answers.logits, answers.truth, answers.groups)
    assert found == pytest.approx(expected)
    assert np.isfinite(cross_fitted_error(answers.logits[:3], answers.truth[:3], ["p"] * 3))


def test_folds_deal_each_training_and_validation_patient_once_and_leave_the_rest(phantom_data):
    recipe = load_recipe("smoke")
    seen: dict[str, int] = {}
    plain = {r.id: r.split for r in used_records(load_records(phantom_data), recipe)}
    for fold in range(3):
        data = structs.replace(recipe.data, fold=fold, folds=3)
        records = used_records(load_records(phantom_data), structs.replace(recipe, data=data))
        for record in records:
            assert (record.split in ("train", "val")) == (plain[record.id] in ("train", "val"))
            seen[record.id] = seen.get(record.id, 0) + (record.split == "val")
    assert {seen[i] for i, split in plain.items() if split in ("train", "val")} == {1}
    assert {seen[i] for i, split in plain.items() if split not in ("train", "val")} == {0}


def test_every_patient_is_answered_by_a_student_that_did_not_see_them(data_folder, tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(
        'base = "smoke"\n[thresholds]\nfolds = 2\n[student]\nepochs = 1\n'
        "[novelty]\nprototypes = 1\n"
    )
    run = Workspace.open(str(path), tmp_path / "runs").student("ce")
    unseen = unseen_answers(run)
    expected = [r for r in run.workspace.records if r.split in ("train", "val")]
    assert sorted(unseen.answers.groups) == sorted(r.group for r in expected)
    assert unseen.answers.logits.shape == (len(expected), 4)
    assert unseen.measured is not None
    assert unseen.measured.shape == (len(expected), 1)
    for fold in range(2):
        inside = fold_run(run, fold).workspace
        learned = {r.group for r in inside.transfer_rows}
        assert not learned & {r.group for r in inside.parts["val"]}
        assert (inside.folder / "student-ce-1" / "weights.pt").is_file()
    again = unseen_answers(run)  # nothing is trained again
    assert np.array_equal(again.answers.logits, unseen.answers.logits)
    files = StudentFiles.of(run, distill(run), {})
    for precision, content in files.contents.items():
        (tmp_path / f"{precision}.onnx").write_bytes(content)
        metadata = sdk.Classifier(tmp_path / f"{precision}.onnx").metadata
        assert metadata.calibration.temperature == pytest.approx(
            best_temperature(unseen.answers.logits, unseen.answers.truth), abs=1e-4
        )
        assert dict(metadata.calibration.abstain_below) == files.accepting.abstain_below
        assert metadata.novelty is not None
        assert metadata.novelty.above == 1.0
        kept = (unseen.measured[:, 0] <= files.novelty["novelty_limits"]["distance"]).mean()
        assert kept == pytest.approx(0.98, abs=0.03)  # all count where no answer is accepted
        assert metadata.novelty.prototypes == 4


def _unseen(lengths: dict[str, list[float]], far: float = 1.0) -> Unseen:
    """Answers to 100 frames of the labels, right and rather sure, and strangers by confidence."""
    own = np.linspace(0.6, 0.999, 100)
    groups = [f"p{i}" for i in range(100)]
    answers = Answers(np.log(_said(own)), np.zeros(100, int), groups)
    strangers = {
        kind: Unseen(
            Answers(np.log(_said(np.array(said))), np.full(len(said), 2), groups[: len(said)]),
            np.full((len(said), 1), far),
        )
        for kind, said in lengths.items()
    }
    return Unseen(answers, np.ones((100, 1)), strangers)


def _said(confidence: np.ndarray) -> np.ndarray:
    return np.stack([confidence, 0.6 * (1 - confidence), 0.4 * (1 - confidence)], 1)


def _floor(unseen: Unseen, near: list[float] | None = None, **config: float):
    start = Accepting(1.0, dict.fromkeys(LABELS, 0.5), {})
    return by_strangers(start, unseen, near, LABELS, ThresholdConfig(**config))


def test_the_label_that_strangers_are_called_rises_until_they_are_kept_out():
    told = _floor(_unseen({"lung": [0.612] * 10, "muscle": [0.52] * 10}))
    assert told.abstain_below == {"a": 0.62, "b": 0.3, "c": 0.3}
    assert {kind["accepted"] for kind in told.strangers.values()} == {0.0}
    assert {kind["called"] for kind in told.strangers.values()} == {1.0}
    assert told.kept == pytest.approx(0.95, abs=0.01)
    allowed = _floor(_unseen({"lung": [0.7] + [0.52] * 9}), strangers_accepted=0.1)
    assert allowed.abstain_below["a"] == 0.53
    assert allowed.strangers["lung"]["accepted"] == pytest.approx(0.1)
    low, high = allowed.story["a"]["interval_95"]
    assert low <= 0.53 <= high


def test_errors_raise_the_threshold_of_the_label_that_makes_them():
    unseen = _unseen({"lung": [0.3] * 10})
    said = np.concatenate([unseen.answers.logits, np.log(_said(np.full(9, 0.8)))[:, [1, 0, 2]]])
    truth, groups = np.concatenate([unseen.answers.truth, [2] * 9]), [f"p{i}" for i in range(109)]
    told = _floor(Unseen(Answers(said, truth, groups), np.ones((109, 1)), unseen.strangers))
    assert told.abstain_below == {"a": 0.3, "b": 0.81, "c": 0.3}


def test_right_answers_go_before_strangers():
    told = _floor(_unseen({"lung": [0.9] * 10}), kept=0.9)
    assert told.kept == 1.0
    assert told.strangers["lung"]["accepted"] == 1.0
    assert set(told.abstain_below.values()) == {0.3}


def test_a_stranger_that_is_far_or_called_what_it_is_counts_as_kept_out():
    far = _floor(_unseen({"lung": [0.9] * 10}, far=3.0), [2.0])
    assert set(far.abstain_below.values()) == {0.3}
    unseen = _unseen({"lung": [0.9] * 10})
    right = Answers(unseen.strangers["lung"].answers.logits, np.zeros(10, int), list("abcdefghij"))
    own = replace(unseen, strangers={"lung": Unseen(right, np.ones((10, 1)))})
    assert _floor(own).strangers["lung"]["accepted"] == 0.0


def test_without_strangers_thresholds_stay():
    assert _floor(_unseen({})).abstain_below == dict.fromkeys(LABELS, 0.5)


def test_a_fold_never_meets_the_kinds_whose_turn_it_is(marked_data, tmp_path, monkeypatch):
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    path = tmp_path / "r.toml"
    path.write_text(
        'base = "smoke"\n[teacher]\ndatasets = ["fetal_planes_db", "not_fetal"]\n'
        '[transfer]\ndatasets = ["fetal_planes_db", "not_fetal"]\n'
        '[outliers]\ndatasets = ["not_fetal"]\n'
        '[thresholds]\nfolds = 2\nstrangers = ["lung", "muscle", "own:x"]\n'
    )
    run = Workspace.open(str(path), tmp_path / "runs").student("ce")
    met = [{r.fine for r in fold_run(run, fold).workspace.transfer_rows} for fold in range(2)]
    assert ("lung" in met[0], "muscle" in met[0]) == (False, True)
    assert ("lung" in met[1], "muscle" in met[1]) == (True, False)
    assert fold_run(run, 0).recipe.data.without_kinds == ("lung", "own:x")
    path.write_text('base = "smoke"\n[thresholds]\nstrangers = ["lung"]\n')
    with pytest.raises(ExportError, match=r"strangers names kinds; allowed: with folds"):
        load_recipe(str(path))
