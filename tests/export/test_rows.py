"""Rows of a bank: outliers as a recipe routes them, and frames without their structure."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec import structs

from export.data.alteration import Alteration
from export.data.dataset import FrameRecord, load_records
from export.data.rows import altered_rows, as_rows, is_kind, is_outlier, made_rows
from export.data.structures import structures_of
from export.data.view_bank import build_bank
from export.distill import pipeline
from export.distill import teacher as teaching
from export.distill.formulas import one_against_rest, soft_cross_entropy
from export.distill.inputs import (
    is_validation,
    left_out_kinds,
    rows_to_learn,
    scored_parts,
    training_records,
    transfer_bank,
    used_records,
)
from export.distill.monitoring import header_of
from export.distill.teacher import _teacher_loss
from export.errors import ExportError
from export.gaze import obtain
from export.gaze.privileged import GazeOfFrames
from export.recipe.digests import teacher_digest
from export.recipe.read import load_recipe
from export.recipe.settings import (
    AugmentConfig,
    BankConfig,
    DataConfig,
    ErasingConfig,
    GazeConfig,
    OutlierConfig,
)
from export.release.provenance import _none_of_the_labels, _unlabelled, attribution
from export.workspace import Workspace
from sdk.preprocess import Preprocessing

PREPROCESSING = Preprocessing(48, 36, "letterbox", 0.2, 0.2, 0)
RECIPE = """
base = "smoke"
[teacher]
datasets = ["fetal_planes_db", "not_fetal"]
[transfer]
datasets = ["fetal_planes_db", "not_fetal"]
[outliers]
datasets = ["not_fetal"]
"""


def _record(number: int, fine: str = "", dataset: str = "own", label: str = "head") -> FrameRecord:
    return FrameRecord(
        str(number), Path("x"), label, dataset, "", f"g{number // 3}", "", "", "", fine
    )


def _recipe(tmp_path, more=""):
    path = tmp_path / "r.toml"
    path.write_text(RECIPE + more)
    return load_recipe(str(path))


def test_a_kind_is_named_alone_or_with_its_data_set():
    lung = _record(1, "lung", "not_fetal")
    assert is_kind(lung, ["lung"])
    assert is_kind(lung, ["not_fetal:lung"])
    assert not is_kind(lung, ["own:lung", "lun", "not_fetal"])
    assert not is_kind(_record(1), [""])


def test_outliers_are_named_by_data_set_or_kind_and_keep_the_rest_of_their_share():
    records = [_record(1), _record(2, "lung"), _record(3, "muscle", "other")]
    rows = as_rows(records, OutlierConfig(datasets=("other",), kinds=("lung",), share=0.75))
    assert [r.outlier for r in rows] == [0.0, 0.75, 0.75]
    plain = OutlierConfig(kinds=("lung",), share=0.0)
    assert as_rows(records, plain) == records
    assert not any(is_outlier(r, plain) for r in records)  # validated on as any other frame


def test_outliers_beyond_their_most_are_left_out_by_whole_groups():
    records = [_record(i) for i in range(60)] + [_record(i, "lung") for i in range(100, 160)]
    rows = as_rows(records, OutlierConfig(kinds=("lung",), most=0.5))
    kept = [r for r in rows if r.outlier]
    assert len(rows) - len(kept) == 60
    assert 27 <= len(kept) <= 30
    groups = Counter(r.group for r in records if r.fine)
    assert all(groups[g] == n for g, n in Counter(r.group for r in kept).items())


def test_a_kind_left_out_is_neither_trained_on_nor_validated_on_but_measured(marked_data, tmp_path):
    recipe = _recipe(tmp_path, '[data]\nwithout_kinds = ["lung"]\n')
    records = used_records(load_records(marked_data), recipe)
    rows = rows_to_learn(records, recipe, recipe.transfer.datasets)
    assert {r.fine for r in rows if r.outlier} == {"muscle"}
    assert not [r for r in records if is_validation(r, recipe) and r.fine]
    assert {r.fine for r in left_out_kinds(records, recipe.data)} == {"lung"}
    assert {r.split for r in left_out_kinds(records, recipe.data)} <= {"train", "val"}
    assert left_out_kinds(records, DataConfig()) == []


def test_outliers_are_in_no_part_that_accuracy_is_told_of(marked_data, tmp_path):
    recipe = _recipe(tmp_path)
    records = used_records(load_records(marked_data), recipe)
    assert any(r.dataset == "not_fetal" and r.split == "val" for r in records)
    assert {r.dataset for part in scored_parts(records, recipe).values() for r in part} == {
        "fetal_planes_db", "african_planes",
    }  # fmt: skip


@pytest.fixture(scope="module")
def learned(marked_data):
    records = load_records(marked_data)
    names = ["fetal_planes_db", "not_fetal"]
    rows = as_rows(training_records(records, names), OutlierConfig(datasets=("not_fetal",)))
    return rows, structures_of(marked_data, ("head", "abdomen", "femur"))


def test_each_marked_frame_gives_a_row_erased_and_one_with_paint_elsewhere(learned):
    rows, found = learned
    added = altered_rows(rows, found, ErasingConfig(structures=("femur",), share=0.5))
    by = {how: [r for r in added if r.alteration.how == how] for how in ("erased", "elsewhere")}
    femurs = {r.id for r in rows if r.label == "femur"}
    assert {r.id.partition("~")[0] for r in by["erased"]} == femurs
    assert {(r.label, r.outlier) for r in by["erased"]} == {("background", 0.5)}
    painted = {r.id.partition("~")[0]: r for r in by["elsewhere"]}
    # paint in the shape of its own structure would say what it is
    assert all(painted[i].alteration.stencil != painted[i].alteration.shapes for i in femurs)
    assert femurs <= set(painted)
    originals = {r.id: r for r in rows}
    for own, row in painted.items():
        assert (row.label, row.outlier) == (originals[own].label, originals[own].outlier)
    # against paint as a cue: frames without any structure are painted too, outliers among them
    others = [r for own, r in painted.items() if own not in femurs]
    assert len(others) == min(len(femurs), len([r for r in rows if r.label == "background"]))
    assert {r.label for r in others} == {"background"}


def test_shuffled_and_drawn_rows_are_all_outlier_and_as_many_as_asked_for(learned):
    rows, _ = learned
    made = made_rows(rows, OutlierConfig(shuffled=0.25, drawn=0.5))
    counts = Counter(r.alteration.how for r in made)
    assert counts == {"shuffled": round(0.25 * len(rows)), "drawn": round(0.5 * len(rows))}
    assert {r.outlier for r in made} == {1.0}
    assert len({r.id for r in made} | {r.id for r in rows}) == len(made) + len(rows)
    assert made_rows(rows, OutlierConfig()) == []


def test_an_altered_row_knows_the_frame_that_it_was_made_of(learned):
    rows, found = learned
    added = altered_rows(rows, found, ErasingConfig(structures=("femur",)))
    ids = {r.id for r in rows}
    assert {r.source_id for r in rows} == ids
    assert {r.source_id for r in added} <= ids
    assert not {r.id for r in added} & ids


def test_gaze_on_a_structure_goes_with_it_and_stays_where_paint_is_elsewhere(
    learned, marked_data, monkeypatch, tmp_path
):
    rows, found = learned
    added = altered_rows(rows, found, ErasingConfig(structures=("femur",), most=2))
    maps = np.random.default_rng(0).random((len(rows), 3, 4)).astype(np.float32)
    monkeypatch.setattr(obtain, "read_landmarks", lambda path: {})
    monkeypatch.setattr(obtain, "predicted_gaze", lambda *given: GazeOfFrames(maps, simulated=True))
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    gaze = obtain._predicted(GazeConfig("landmarks"), [*rows, *added], rows, [], tmp_path,
                             lambda done, total: None)  # fmt: skip
    at = {r.id: i for i, r in enumerate(rows)}
    assert np.array_equal(gaze.maps[: len(rows)], maps)
    for row, found_map in zip(added, gaze.maps[len(rows) :], strict=True):
        erased = row.alteration.how == "erased"
        expected = np.zeros_like(found_map) if erased else maps[at[row.source_id]]
        assert np.array_equal(found_map, expected)


def test_erasing_keeps_to_its_most_to_named_structures_and_to_frames_that_are_no_outliers(learned):
    rows, found = learned
    config = ErasingConfig(structures=("femur", "head"), most=3)
    erased = [r for r in altered_rows(rows, found, config) if r.alteration.how == "erased"]
    labels = {r.id: r.label for r in rows}
    assert Counter(labels[r.id.partition("~")[0]] for r in erased) == {"femur": 3, "head": 3}
    gone = [replace(r, outlier=1.0) for r in rows]
    assert altered_rows(gone, found, config) == []


def test_a_recipe_whose_structures_nobody_marked_is_refused(phantom_data, monkeypatch, tmp_path):
    monkeypatch.setenv("SONOGAZE_DATA", str(phantom_data))
    path = tmp_path / "r.toml"
    path.write_text('base = "smoke"\n[erasing]\nstructures = ["head"]\n')
    records = load_records(phantom_data)
    with pytest.raises(ExportError, match=r"\['head'\], and none of \d+ training") as caught:
        rows_to_learn(records, load_recipe(str(path)), ["fetal_planes_db"])
    assert caught.value.slug == "data-choice"


def _bank(rows, folder, **changes):
    config = BankConfig(views_per_frame=2, seed=1, **changes)
    return build_bank(rows, PREPROCESSING, AugmentConfig(), config, folder)


def test_a_bank_holds_the_outlier_share_of_each_view_mixed_ones_too(learned, tmp_path):
    rows = [r for r in learned[0] if r.outlier][:4] + [r for r in learned[0] if not r.outlier][:4]
    rows = [replace(r, outlier=0.8) if r.outlier else r for r in rows]
    bank = _bank(rows, tmp_path, mix_share=0.6)
    assert bank.outlier is not None
    assert bank.targets.sum(1) + bank.outlier == pytest.approx(1, abs=1e-6)
    for view in range(len(bank)):
        expected = bank.share[view] * rows[bank.frame_index[view]].outlier
        if bank.partner_index[view] >= 0:
            expected += (1 - bank.share[view]) * rows[bank.partner_index[view]].outlier
        assert bank.outlier[view] == pytest.approx(expected, abs=1e-6)
    assert (bank.partner_index >= 0).any()


def test_a_bank_without_outliers_says_nothing_of_them(learned, tmp_path):
    assert _bank([r for r in learned[0] if not r.outlier][:3], tmp_path).outlier is None


def test_students_see_the_train_part_of_unlabelled_data_and_teachers_and_scores_see_none(
    marked_data, tmp_path, monkeypatch
):
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    recipe = load_recipe(_unlabelled_recipe(tmp_path))
    space = Workspace(recipe, tmp_path / "runs")
    own = [r for r in load_records(marked_data) if r.dataset == "not_fetal"]
    rows = [r for r in space.transfer_rows if r.dataset == "not_fetal"]
    assert [r.id for r in rows] == [r.id for r in own if r.split == "train"]
    assert rows == space.transfer_rows[-len(rows) :]
    assert not any(r.has_label for r in rows)
    for frames in (space.teacher_rows, space.transfer_records, *space.parts.values()):
        assert not any(r.dataset == "not_fetal" for r in frames)
    header = header_of(space.records, space.transfer_rows, recipe)["trained on"]
    labelled = Counter(r.label for r in space.transfer_records)
    assert f"background {labelled['background']}, unlabelled {len(rows)})" in header
    told = _unlabelled(space.student("kd"))
    assert told["unlabelled_data"][0]["frames"] == len(rows)
    assert "TimTrack" in attribution({"training_data": [], "teacher_start": None, **told})
    assert not _unlabelled(Workspace(load_recipe("smoke"), tmp_path / "other").student("kd"))


def test_a_view_of_an_unlabelled_frame_has_the_share_of_a_label_that_is_mixed_in(learned, tmp_path):
    known = [r for r in learned[0] if not r.outlier][:4]
    rows = known + [replace(r, part="unlabelled", id=f"{r.id}-u") for r in known]
    bank = _bank(rows, tmp_path, mix_share=0.6)
    assert bank.outlier is None
    for view in range(len(bank)):
        expected = bank.share[view] * (bank.frame_index[view] < 4)
        if bank.partner_index[view] >= 0:
            expected += (1 - bank.share[view]) * (bank.partner_index[view] < 4)
        assert bank.targets[view].sum() == pytest.approx(expected, abs=1e-6)
    assert (bank.targets[bank.frame_index >= 4].sum(1) == 0).any()
    _bank([*known, *known], tmp_path, mix_share=0.6)
    assert len(list(tmp_path.glob("bank-*"))) == 2  # the same frames with labels: another bank


def test_students_views_have_ranges_of_their_own_where_the_recipe_says_so(learned, tmp_path):
    rows = [r for r in learned[0] if not r.outlier][:3]
    mild = AugmentConfig(scale_min=1.0, scale_max=1.0, p_text=0.0)
    path = tmp_path / "r.toml"
    path.write_text(
        'base = "smoke"\n[transfer.augment]\nscale_min = 1.0\nscale_max = 1.0\np_text = 0.0\n'
    )
    recipe = load_recipe(str(path))
    views = transfer_bank(recipe, rows, tmp_path / "a", seed=1).views
    bank = recipe.transfer.bank(1)
    same = build_bank(rows, recipe.preprocessing, mild, bank, tmp_path / "b", labels=recipe.labels)
    other = build_bank(
        rows, recipe.preprocessing, recipe.augment, bank, tmp_path / "c", labels=recipe.labels
    )
    assert np.array_equal(views, same.views)
    assert not np.array_equal(views, other.views)
    assert teacher_digest(recipe) == teacher_digest(load_recipe("smoke"))


def test_data_that_are_learned_with_labels_are_not_unlabelled_too(tmp_path):
    with pytest.raises(ExportError, match=r"transfer\.unlabelled names 'fetal_planes_db'"):
        load_recipe(_unlabelled_recipe(tmp_path, "fetal_planes_db"))


def test_unlabelled_data_that_are_not_there_are_refused(marked_data, tmp_path):
    recipe = load_recipe(_unlabelled_recipe(tmp_path, "hc18"))
    with pytest.raises(ExportError, match=r"transfer\.unlabelled names 'hc18', and no frame"):
        used_records(load_records(marked_data), recipe)


def _unlabelled_recipe(tmp_path, dataset="not_fetal"):
    path = tmp_path / "unlabelled.toml"
    path.write_text(f'base = "smoke"\n[transfer]\nunlabelled = ["{dataset}"]\n')
    return str(path)


def test_an_altered_row_is_drawn_altered_and_names_another_bank(learned, tmp_path):
    rows, found = learned
    row = next(r for r in rows if r.label == "femur")
    shapes = found[row.id].shapes
    banks = [
        _bank([replace(row, alteration=alteration)], tmp_path)
        for alteration in (
            None,
            Alteration("erased", shapes, ("blur",)),
            Alteration("erased", shapes, ("mirror",)),
        )
    ]
    assert len(list(tmp_path.glob("bank-*"))) == 3
    assert all(np.any(bank.views != banks[0].views) for bank in banks[1:])


def test_a_teachers_loss_counts_the_outlier_share_by_the_recipes_loss(learned, tmp_path):
    rows = [r for r in learned[0] if r.outlier][:2] + [r for r in learned[0] if not r.outlier][:2]
    bank = _bank(rows, tmp_path)
    logits = torch.tensor(np.random.default_rng(0).normal(size=(len(bank), 4)), dtype=torch.float32)
    labels, outlier = torch.from_numpy(bank.targets), torch.from_numpy(bank.outlier)
    for name, formula in (
        ("labels", soft_cross_entropy),
        ("labels_against_rest", one_against_rest),
    ):
        recipe = load_recipe("smoke")
        recipe = structs.replace(recipe, teacher=structs.replace(recipe.teacher, loss=name))
        loss = _teacher_loss(recipe, "plain", bank, None)
        told = loss(lambda inputs, gaze: logits, logits, np.arange(len(bank)))["total"]
        assert told.item() == pytest.approx(formula(logits, labels, outlier).item(), abs=1e-6)
        assert told.item() != pytest.approx(formula(logits, labels).item(), abs=1e-3)


@pytest.fixture
def workspace(marked_data, monkeypatch, tmp_path) -> Workspace:
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    path = tmp_path / "r.toml"
    text = RECIPE.replace("[teacher]", '[teacher]\nstart = "scratch"')
    text += '[erasing]\nstructures = ["femur"]\nbeside = true\n'
    path.write_text(text + "[data]\npatients_share = 0.25\n")  # one chunk: drawn in this process
    return Workspace.open(str(path), tmp_path / "runs")


def test_a_student_learns_from_outliers_and_erased_frames(workspace):
    pipeline.distill(workspace.student("ce"))
    log = (workspace.folder / "student-ce-1" / "metrics.csv").read_text()
    assert "outlier " in log
    assert "erased" in log
    data = pipeline.training_data(workspace, "ce")
    assert data.bank.outlier is not None
    assert data.bank.outlier.max() == 1
    targets = data.task({"labels": 1.0}, 1.0).targets(np.arange(4), torch.device("cpu"))
    assert torch.equal(targets.outlier, torch.from_numpy(data.bank.outlier[:4]))


def test_runs_of_structures_that_are_marked_anew_are_refused(workspace, marked_data, tmp_path):
    assert workspace.transfer_rows
    text = (marked_data / "structures.json").read_text()
    moved = tmp_path / "moved"
    shutil.copytree(marked_data, moved)
    (moved / "structures.json").write_text(text.replace('"width":0.03', '"width":0.05'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOGAZE_DATA", str(moved))
        again = Workspace(workspace.recipe, workspace.folder)
        with pytest.raises(ExportError, match="marked elsewhere") as caught:
            _ = again.transfer_rows
    assert caught.value.slug == "run-data"
    assert Workspace(workspace.recipe, workspace.folder).transfer_rows == workspace.transfer_rows


def test_provenance_and_attribution_name_outliers_and_erased_structures(workspace):
    told = _none_of_the_labels(workspace.student("ce"))
    assert told["outliers"] == len([r for r in workspace.transfer_records if r.fine])
    assert told["erasing"]["structures"] == ["femur"]
    assert told["erasing"]["erased"] == len(
        [r for r in workspace.transfer_records if r.label == "femur"]
    )
    data = {"training_data": [], "teacher_start": None}
    assert "painted over" in attribution({**data, **told})
    assert "painted over" not in attribution(data)


def test_a_teacher_learns_from_the_same_kinds_of_rows(workspace, monkeypatch):
    seen = []
    monkeypatch.setattr(teaching, "_train_members", lambda *given: seen.append(given))
    pipeline.teacher(workspace)
    (_, _, _, bank, _, chosen), rows = seen[0], workspace.transfer_rows
    assert [r.id for r in chosen] == [r.id for r in rows]
    assert {r.alteration.how for r in chosen if r.alteration} >= {"erased", "elsewhere"}
    assert bank.outlier is not None
    assert bank.outlier[:: bank.views_per_frame].tolist() == [r.outlier for r in rows]


def test_seeds_have_views_of_their_own_where_the_recipe_says_so():
    recipe = load_recipe("smoke")
    shared = recipe.transfer
    own = structs.replace(shared, bank_by_seed=True)
    assert shared.bank(1) == shared.bank(2)
    assert len({own.bank(seed).seed for seed in range(5)}) == 5
    assert structs.replace(shared, mix_partners=48).bank(1).mix_partners == 48
    assert structs.replace(recipe.teacher, mix_partners=48).bank.mix_partners == 48
