"""The gaze study: its plan holds together, its cues say what they should, its statistics too."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec import structs

from export.data.view_bank import ViewBank
from export.studies.gaze_study.cues import OUTSIDE, reversed_values, stamped, tied
from export.studies.gaze_study.frames import Sample
from export.studies.gaze_study.plan import Comparisons, Setting, read_plan
from export.studies.gaze_study.report import report_of
from export.studies.gaze_study.run import run_round
from export.studies.gaze_study.statistics import Values, bootstrap, detectable, holm
from export.studies.gaze_study.table import markdown
from export.studies.gaze_study.training import _few_labels, _part
from export.studies.gaze_study.views import ELSEWHERE, ERASED, Round

VIEW = np.full((72, 96), 60, np.uint8)
MIDDLE = np.array([0.5, 0.5])


def test_the_plan_names_every_comparison_and_each_is_run():
    plan = read_plan()
    assert plan.planned == 29
    bad = Comparisons(("quarter",), "balanced_accuracy", "higher", (("erase:true", "kd"),))
    with pytest.raises(ValueError, match="'erase:true' is compared in 'quarter', and not run"):
        structs.replace(plan, comparisons=(bad,)).__post_init__()
    with pytest.raises(ValueError, match="no arm 'kd:true'"):
        Setting("x", ("kd:true",)).__post_init__()


@pytest.mark.parametrize("kind", [*OUTSIDE, "mark"])
def test_each_value_of_a_cue_looks_otherwise_and_changes_little(kind):
    drawn = [stamped(VIEW, kind, value, MIDDLE) for value in range(4)]
    assert len({d.tobytes() for d in drawn}) == 4
    assert all(0 < (d != VIEW).mean() < 0.15 for d in drawn)
    assert (VIEW == 60).all()


def test_a_mark_lies_at_the_middle_and_stays_on_the_view():
    ys, xs = np.nonzero(stamped(VIEW, "mark", 2, np.array([0.25, 0.75])) != VIEW)
    assert (round(xs.mean()), round(ys.mean())) == (24, 54)
    assert (stamped(VIEW, "mark", 2, np.array([4.0, -2.0])) != VIEW).sum() == 49


def test_cues_follow_the_label_as_often_as_said_and_never_when_reversed():
    labels = np.arange(400) % 4
    assert (tied(labels, 0.9, 1) == labels).mean() == 0.9
    assert (tied(labels, 1.0, 1) == labels).all()
    assert (reversed_values(labels) != labels).all()
    assert set(reversed_values(labels)) == {0, 1, 2, 3}


def _values(values, labels=None, reduce="mean") -> Values:
    values = np.asarray(values, float)
    count = values.shape[1]
    return Values(values, np.zeros(count) if labels is None else np.array(labels),
                  [f"p{i}" for i in range(count)], reduce)  # fmt: skip


def test_statistics_of_known_values():
    values = [[1, 0, 1, 1], [1, 0, 0, 1]]
    assert bootstrap(_values(values), 50).estimate == 0.625
    labels = [0, 0, 0, 1]
    assert bootstrap(_values(values, labels, "mean_of_labels"), 50).estimate == 0.75
    assert bootstrap(_values(values, labels, "worst_label"), 50).estimate == 0.5


def test_an_interval_holds_the_chance_of_patients_and_of_rounds():
    rng = np.random.default_rng(0)
    frames = np.tile(rng.normal(0, 1, 400), (5, 1))  # rounds alike: patients alone vary
    assert bootstrap(_values(frames), 4000).error == pytest.approx(1 / 20, rel=0.15)
    rounds = np.tile(rng.normal(0, 1, (40, 1)), (1, 30))  # and the other way round
    assert bootstrap(_values(rounds), 4000).error == pytest.approx(1 / np.sqrt(40), rel=0.25)


def test_a_difference_is_paired_by_patient():
    rng = np.random.default_rng(1)
    base = rng.normal(0, 1, (3, 200))
    gap = bootstrap(_values(base + 0.01), 500) - bootstrap(_values(base), 500)
    assert gap.error < 1e-6
    assert gap.estimate == pytest.approx(0.01)
    assert gap.p_value == pytest.approx(2 / 501)


def test_holm_by_hand_and_with_tests_that_were_not_run():
    assert holm([0.01, 0.04, 0.03], 3) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01], 5) == pytest.approx([0.05])


def test_the_detectable_effect_is_the_textbooks():
    assert detectable(1.0, 0.05, 0.8) == pytest.approx(2.802, abs=0.001)


def _bank(count: int, views: int) -> ViewBank:
    still = np.float32([[1, 0, 0], [0, 1, 0]])
    noise = np.random.default_rng(0).integers(20, 200, (count * views, 72, 96))
    return ViewBank(
        noise.astype(np.uint8),
        np.arange(count, dtype=np.int32).repeat(views),
        np.tile(np.float32([[1, 0]]), (count * views, 1)),
        np.tile(still, (count * views, 2, 1, 1)),
        np.full(count * views, -1, np.int32),
        np.ones(count * views, np.float32),
    )


def test_erasing_by_gaze_takes_the_label_where_it_takes_the_place_and_nowhere_else():
    bank = _bank(3, 6)
    maps = np.zeros((18, 18, 24), np.float32)
    maps[:12, 9, 12] = 1  # the last frame was not looked at
    drawn = Round(read_plan(), None, 1, None, {"true": maps})
    found = drawn.erased(bank, "true")
    lost = found.outlier.reshape(3, 6) == 1
    assert lost.sum(1).tolist() == [ERASED, ERASED, 0]
    assert (found.targets.sum(1) == 1 - found.outlier).all()
    changed = (found.views != bank.views).reshape(18, -1).any(1).reshape(3, 6)
    assert changed[:, ERASED + ELSEWHERE :].sum() == 0
    assert changed[0, :ERASED].all()
    at = np.argwhere(found.views[0] != bank.views[0]).mean(0)
    assert at == pytest.approx([38, 50], abs=3)  # where cell (9, 12) of 18 x 24 lies on 72 x 96


def test_few_labels_are_those_of_whole_patients_and_the_teacher_sees_no_others():
    rows = [SimpleNamespace(group=f"p{i // 2}") for i in range(16)]
    drawn = Round(read_plan(), Sample(rows, [], {}), 1, None)
    bank, views = _few_labels(_bank(16, 2), drawn)
    labelled = bank.targets.any(1).reshape(8, 4)
    assert labelled.all(1).sum() == 2  # a quarter of eight patients
    assert labelled.any(1).sum() == 2
    part = _part(bank, views)
    assert len(part) == 8
    assert part.views_per_frame == 2
    assert part.targets.any(1).all()


def test_a_small_study_runs_every_way_and_goes_on_where_it_stopped(
    marked_data, monkeypatch, tmp_path
):
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    pair = (("erase:true", "kd"),)
    plan = structs.replace(
        read_plan(), rounds=2, folds=2, rows_per_label=4, views=4, batch=2, teacher_epochs=1,
        student_epochs=1, start_epochs=1, draws=100,
        settings=(
            Setting("outside", ("kd", "overlays", "attention:random"), "outside", 0.9),
            Setting("inside", ("kd",), "inside"),
            Setting("natural", ("kd", "erase:true", "auxiliary:centre", "modulate:true")),
            Setting("quarter", ("start_rotation", "start_gaze:among_all")),
        ),
        comparisons=(Comparisons(("natural",), "erased_accepted", "lower", pair),),
    )  # fmt: skip
    sample = Sample.chosen(plan)
    run_round(plan, sample, 1, tmp_path)
    kept = {p.name: p.read_bytes() for p in (tmp_path / "round-1").glob("*.npz")}
    assert len(kept) == 10
    (tmp_path / "round-1" / "natural-erase-true.npz").unlink()
    assert report_of(plan, sample, tmp_path)["rounds_done"]["natural"] == []
    assert report_of(plan, sample, tmp_path)["comparisons"] == []
    run_round(plan, sample, 1, tmp_path)
    again = np.load(tmp_path / "round-1" / "natural-erase-true.npz")["clean"]
    (tmp_path / "first.npz").write_bytes(kept["natural-erase-true.npz"])
    assert np.array_equal(again, np.load(tmp_path / "first.npz")["clean"])
    report = json.loads(json.dumps(report_of(plan, sample, tmp_path), allow_nan=False))
    assert report["rounds_done"] == {s.name: [1] for s in plan.settings}
    assert report["comparisons"][0]["p_holm"] <= 1
    assert markdown(report).count("`erase:true`") == 2  # compared once, scored once
    assert set(report["scores"]["natural"]["kd"]) >= {"erased_accepted:held_back", "bone"}
