"""The head that may deny every label: its graph, what it learns from, what it does."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec import structs

from export import evaluation
from export.data.dataset import data_root, load_records
from export.data.view_bank import ViewBank
from export.display import silent
from export.distill.checkpoint import Checkpoint
from export.errors import ExportError
from export.model_card.text import render
from export.models.open_set import OpenSetHead
from export.packaging.graph_places import trunk_name, values_at, without_novelty
from export.packaging.novelty import Measures, with_novelty
from export.packaging.prototypes import Prototypes
from export.recipe.read import load_recipe
from export.recipe.settings import OpenSetConfig
from export.release import gates
from export.release.added_novelty import rows_without, unseen_frames
from export.release.measures import limits_of
from export.release.open_set import learn, rows_of, train_open_set
from export.release.release import release
from export.release.repackage import repackage
from export.release.thresholds import Accepting, Answers
from export.workspace import Workspace
from sdk.model_file.known_answers import pattern_frame
from tests.sdk.toy_student import CARD, CHANNELS, toy_int8_model, toy_model

INPUTS = np.concatenate(
    [CARD.preprocessing.tensor(pattern_frame("ring", 200 + 7 * i, 150 + 3 * i)) for i in range(5)]
)
PROTOTYPES = Prototypes(np.zeros((4, CHANNELS)), np.zeros((1, CHANNELS)), 0.5)
RECIPE = """
base = "smoke"
[novelty]
prototypes = 1
[novelty.open_set]
datasets = ["fetal_planes_db", "not_fetal"]
views_per_frame = 2
epochs = 6
batch = 16
learning_rate = 1e-2
weight_decay = 0.01
seed = 1
average = 0.9
[novelty.open_set.outliers]
datasets = ["not_fetal"]
shuffled = 0.1
[novelty.open_set.erasing]
structures = ["head", "femur"]
share = 0.0
"""


@pytest.fixture
def recipe(tmp_path, marked_data, monkeypatch):
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    path = tmp_path / "r.toml"
    path.write_text(RECIPE)
    return path


def _head(channels: int, scale: float = 1.0) -> OpenSetHead:
    torch.manual_seed(5)
    return OpenSetHead(channels, 4, maps=3, hidden=7, scale=scale)


@pytest.mark.parametrize("model", [toy_model(), toy_int8_model()], ids=["fp32", "int8"])
def test_the_graph_denies_what_the_head_in_pytorch_denies(model):
    trunks, logits = values_at(model, [trunk_name(model), "logits"], INPUTS)
    head = _head(trunks.shape[1], scale=3.0)
    found = Measures(PROTOTYPES, head).of(model, INPUTS)[:, 1]
    with torch.no_grad():
        claims = torch.sigmoid(head(torch.from_numpy(trunks))).numpy()
    answers = np.exp(logits - logits.max(1, keepdims=True))
    answers /= answers.sum(1, keepdims=True)
    np.testing.assert_allclose(found, 1 - (answers * claims).sum(1), atol=1e-5)
    assert found.min() > 0
    assert np.ptp(found) > 1e-6


def test_the_measure_that_exceeds_its_limit_most_is_the_novelty():
    model = toy_model()
    measures = Measures(PROTOTYPES, _head(1))
    raw = measures.of(model, INPUTS)
    for limits in (np.median(raw, axis=0), [raw[:, 0].max() * 9, 0.01], [1e-3, 9.0]):
        novel = with_novelty(model, measures, list(limits))
        (found,) = values_at(novel, ["novelty"], INPUTS)
        np.testing.assert_allclose(found[:, 0], (raw / limits).max(1), rtol=1e-4)


@pytest.mark.parametrize("model", [toy_model(), toy_int8_model()], ids=["fp32", "int8"])
def test_an_answer_that_the_head_may_not_deny_is_no_part_of_what_it_denies(model):
    trunks, logits = values_at(model, [trunk_name(model), "logits"], INPUTS)
    head = _head(trunks.shape[1], scale=3.0)
    with torch.no_grad():
        denials = 1 - torch.sigmoid(head(torch.from_numpy(trunks))).numpy()
    answers = np.exp(logits - logits.max(1, keepdims=True))
    answers /= answers.sum(1, keepdims=True)
    head.claim_always([3, 0])
    found = Measures(PROTOTYPES, head).of(model, INPUTS)[:, 1]
    np.testing.assert_allclose(found, (answers * denials)[:, [1, 2]].sum(1), atol=1e-5)
    head.claim_always([1, 2])
    np.testing.assert_allclose(Measures(PROTOTYPES, head).of(model, INPUTS)[:, 1], 0, atol=1e-6)


def test_the_limit_of_denial_is_chosen_by_answers_that_may_be_denied(recipe):
    settings = load_recipe(str(recipe))
    said = np.repeat([0, 1, 2, 3], 50)
    answers = Answers(20.0 * np.eye(4)[said], said, ["p"] * 200)
    measured = np.stack([np.arange(200.0), np.where(said == 3, 1e-9, np.arange(200.0))], axis=1)
    chosen = Accepting(1.0, dict.fromkeys(settings.labels, 0.5), {})

    def limits(**changes):
        config = structs.replace(settings.novelty.open_set, kept=0.9, **changes)
        novelty = structs.replace(settings.novelty, kept=0.9, open_set=config)
        return limits_of(answers, measured, chosen, structs.replace(settings, novelty=novelty))

    planes = tuple(label for label in settings.labels if label != "background")
    assert settings.labels[3] == "background"
    everywhere, spared = limits(), limits(denies=planes)
    assert everywhere[0] == spared[0] == pytest.approx(np.quantile(np.arange(200), 0.9))
    assert everywhere[1] == pytest.approx(np.quantile(measured[:, 1], 0.9))
    assert spared[1] == pytest.approx(np.quantile(np.arange(150), 0.9))


def test_a_novelty_that_is_taken_off_leaves_the_student_as_it_was():
    for model in (toy_model(), toy_int8_model()):
        novel = with_novelty(model, Measures(PROTOTYPES, _head(1)), [2.0, 0.5])
        assert without_novelty(novel) == model


def test_it_learns_from_training_patients_and_never_from_a_kind_that_is_left_out(recipe):
    settings = load_recipe(str(recipe))
    config = settings.novelty.open_set
    rows = rows_of(settings, config)
    assert {r.split for r in rows} == {"train"}
    assert {r.fine for r in rows if r.outlier and r.alteration is None} == {"muscle", "lung"}
    assert {r.alteration.how for r in rows if r.alteration} == {"erased", "elsewhere", "shuffled"}
    data = structs.replace(settings.data, without_kinds=("lung",))
    left = rows_of(structs.replace(settings, data=data), config)
    assert "lung" not in {r.fine for r in left}
    assert {r.fine for r in rows} - {r.fine for r in left} == {"lung"}


def test_each_kind_is_left_out_in_turn_and_limits_meet_no_patient_of_the_head(recipe):
    settings = load_recipe(str(recipe))
    config = settings.novelty.open_set
    everything = rows_of(settings, config)
    for fine in ("muscle", "lung"):
        left = rows_without(settings, config, f"not_fetal:{fine}")
        assert {r.fine for r in everything} - {r.fine for r in left} == {fine}
    none_of_it = rows_without(settings, config, "not_fetal")
    assert "not_fetal" not in {r.dataset for r in none_of_it}
    records = load_records(data_root(), settings.labels)
    # of the student's patients a half: the head has met the others
    data = structs.replace(settings.data, patients_share=0.5)
    fewer = structs.replace(settings, data=data)
    met = {r.group for r in rows_of(fewer, config)}
    unseen = unseen_frames(records, fewer)
    assert unseen
    assert not met & {r.group for r in unseen}


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        (
            'datasets = ["not_fetal"]',
            'datasets = ["not_foetal"]',
            r"novelty\.open_set\.outliers\.datasets is 'not_foetal'",
        ),
        (
            "share = 0.0",
            'share = 0.0\nlabel = "backgroud"',
            r"novelty\.open_set\.erasing\.label is 'backgroud'",
        ),
        ("seed = 1", 'seed = 1\ndenies = ["feet"]', r"novelty\.open_set\.denies is 'feet'"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused_when_the_recipe_is_read(
    recipe, line, instead, told
):
    recipe.write_text(RECIPE.replace(f"{line}\n", f"{instead}\n"))
    with pytest.raises(ExportError, match=told) as caught:
        load_recipe(str(recipe))
    assert caught.value.slug == "recipe-field"


def test_outliers_that_the_data_folder_lacks_are_told_before_anything_is_trained(
    recipe, phantom_data, monkeypatch
):
    monkeypatch.setenv("SONOGAZE_DATA", str(phantom_data))
    settings = load_recipe(str(recipe))
    without = structs.replace(settings.novelty.open_set, erasing=None)
    with pytest.raises(ExportError, match="no frame to train on is of them") as caught:
        rows_of(settings, without)
    assert caught.value.slug == "data-choice"


def test_a_graph_without_convolutions_can_have_none():
    model = toy_model()
    for node in model.graph.node:
        node.op_type = "Relu" if node.op_type == "Conv" else node.op_type
    with pytest.raises(ExportError, match="no convolution") as caught:
        trunk_name(model)
    assert caught.value.slug == "novelty-graph"


def _spots(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy trunks with a spot, somewhere, in the channel of their label, or none."""
    rng = np.random.default_rng(seed)
    trunks = rng.normal(0, 0.3, (count, 4, 9, 12)).astype(np.float32)
    labels = rng.integers(-2, 4, count)
    for trunk, label in zip(trunks, labels, strict=True):
        if label >= 0:
            trunk[label, rng.integers(9), rng.integers(12)] += 6
    return trunks, labels


def test_it_learns_to_deny_what_shows_no_label_wherever_labels_are_to_be_seen(tmp_path):
    trunks, labels = _spots(960, seed=1)
    share = np.ones(len(labels), np.float32)
    views = ViewBank(
        trunks.astype(np.float16),
        np.arange(len(labels), dtype=np.int32),
        np.eye(5, dtype=np.float32)[labels][:, :4] * (labels >= 0)[:, None],
        np.zeros((len(labels), 2, 2, 3), np.float32),
        np.full(len(labels), -1, np.int32),
        share,
        (labels < 0).astype(np.float32),
    )
    torch.manual_seed(1)
    head = OpenSetHead(4, 4, maps=4, hidden=12)
    schedule = {"epochs": 30, "batch": 32, "learning_rate": 2e-2, "weight_decay": 0.0}
    config = OpenSetConfig(datasets=("x",), views_per_frame=1, seed=1, average=0.9, **schedule)
    learn(head, views, config, Checkpoint(tmp_path / "head.pt"))
    trunks, labels = _spots(600, seed=2)
    with torch.no_grad():
        claims = torch.sigmoid(head(torch.from_numpy(trunks))).numpy()
    assert (claims[labels < 0].max(1) < 0.5).mean() > 0.9
    shown = labels >= 0
    assert (claims[shown, labels[shown]] > 0.5).mean() > 0.9


def test_one_that_never_met_a_kind_goes_on_from_no_other(recipe, tmp_path):
    settings = load_recipe(str(recipe))
    config = structs.replace(settings.novelty.open_set, epochs=2, denies=("head", "femur"))
    novelty = structs.replace(settings.novelty, open_set=config)
    settings = structs.replace(
        settings, novelty=novelty, preprocessing=replace(CARD.preprocessing, width=192, height=144)
    )
    rows = rows_of(settings, config)[::3]
    fewer = [r for r in rows if r.fine != "lung"]
    assert len(fewer) < len(rows)
    model = toy_model()

    def weights(rows, folder):
        head = train_open_set(model, settings, rows, tmp_path / folder, silent)
        return {name: value.numpy() for name, value in head.state_dict().items()}

    all_of_it, narrower = weights(rows, "shared"), weights(fewer, "shared")
    assert not np.array_equal(all_of_it["mix.weight"], narrower["mix.weight"])
    alone = weights(fewer, "alone")
    assert all(np.array_equal(alone[name], narrower[name]) for name in alone)
    may_deny = narrower["decide.weight"].any(axis=1)
    assert may_deny.tolist() == [label in config.denies for label in settings.labels]


def test_a_release_has_it_and_a_released_student_gets_it_anew(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    waived = [f"{gate}=two epochs" for gate in gates.GATES]
    run = Workspace.open(str(recipe), tmp_path / "runs").student("ce")
    report = release(run, tmp_path / "to", waived)
    assert set(report["novelty_limits"]) == {"distance", "denied"}
    told = report["provenance"]["open_set"]
    assert {d["name"] for d in told["training_data"]} == {"fetal_planes_db", "not_fetal"}
    assert told["rows"]["erased"] > 0
    assert "Structures were painted over" in report["attribution"]
    assert "muscle from TimTrack" in report["attribution"]
    plain = json.loads(json.dumps(report["scores"]["fp32"]["val"]["confusion"]))
    before = (tmp_path / "to" / "smoke-int8.onnx").read_bytes()
    again = repackage(tmp_path / "to", waived, str(recipe), new_novelty=True)
    assert again["scores"]["fp32"]["val"]["confusion"] == plain
    assert set(report["strangers"]) == {"not_fetal:lung", "not_fetal:muscle"}
    near = again["novelty_limits"]["distance"]  # other limits, other answers: another look
    assert f"limits distance {near}, denied" in (tmp_path / "looks.jsonl").read_text()
    for told in ("strangers", "novelty_limits", "kept"):
        assert again[told] == report[told]
    # the same frames and the same recipe: the head is fitted to the same bits
    assert (tmp_path / "to" / "smoke-int8.onnx").read_bytes() == before
    card = render(again, [], "release.json")
    assert "where the open-set head denies" in card
    assert "not_fetal (own)" in card
    assert "not_fetal:muscle | never trained on" not in card
    assert report["provenance"]["open_set"]["settings"]["kept"] == 0.98
    recipe.write_text('base = "smoke"\n')
    with pytest.raises(ExportError, match=r"no \[novelty\]; add one") as caught:
        repackage(tmp_path / "to", waived, str(recipe), new_novelty=True)
    assert caught.value.slug == "recipe-field"


def test_a_head_that_nothing_is_marked_for_is_refused_before_anything_trains(
    recipe, phantom_data, tmp_path, monkeypatch
):
    text = RECIPE.replace('["fetal_planes_db", "not_fetal"]', '["fetal_planes_db"]')
    recipe.write_text(text.replace('outliers]\ndatasets = ["not_fetal"]', "outliers]"))
    monkeypatch.setenv("SONOGAZE_DATA", str(phantom_data))
    run = Workspace.open(str(recipe), tmp_path / "runs").student("ce")
    waived = [f"{gate}=two epochs" for gate in gates.GATES]
    with pytest.raises(ExportError, match=r"\[novelty\.open_set\.erasing\] names") as caught:
        release(run, tmp_path / "to", waived)
    assert caught.value.slug == "data-choice"
    assert not run.folder.exists()
