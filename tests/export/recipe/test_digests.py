"""What names a run: the rule, and the digests that committed records name."""

import json
from pathlib import Path

import pytest
from msgspec import structs, to_builtins

from export.recipe.constants import MAP_PROJECTION, PREDICTED_GAZE, VIEW_DRAWING
from export.recipe.digests import (
    outputs_digest,
    quantisation_digest,
    recipe_digest,
    student_digest,
    teacher_digest,
)
from export.recipe.read import RECIPES, load_recipe
from export.recipe.settings import (
    AugmentConfig,
    BankConfig,
    DataConfig,
    ErasingConfig,
    GazeConfig,
    LoopConfig,
    NoveltyConfig,
    ObjectiveConfig,
    OpenSetConfig,
    OutlierConfig,
    Quantisation,
    Recipe,
    StudentTraining,
    TeacherConfig,
    ThresholdConfig,
    TransferConfig,
)

ROOT = Path(__file__).parents[3]
RECORD = json.loads((ROOT / "docs/results/recipes.json").read_text(encoding="utf-8"))
SECTIONS = (
    *(AugmentConfig, BankConfig, LoopConfig, DataConfig, GazeConfig, TeacherConfig),
    *(OutlierConfig, ErasingConfig, NoveltyConfig, OpenSetConfig, ThresholdConfig),
    *(TransferConfig, StudentTraining, ObjectiveConfig, Quantisation),
)
# They are part of what digests mean. One that changes is another setting under an old name: give
# `export.recipe.digests.VERSION` the next number, and record the recipes' digests anew.
DEFAULTS = {
    "AugmentConfig": {
        "scale_min": 0.6, "scale_max": 2.0, "aspect": 0.35, "rotation_deg": 15.0, "shift": 0.12,
        "p_flip": 0.5, "gamma": 0.5, "gain": 0.35, "depth_gain": 0.5, "speckle": 0.35,
        "blur_sigma_px": 1.6, "p_sector": 0.3, "p_text": 0.5, "p_mask": 0.4, "p_shadow": 0.25,
        "p_recode": 0.3, "p_crop": 0.0, "crop_aspect_min": 0.8, "crop_aspect_max": 1.6,
        "p_border": 0.0,
    },
    "BankConfig": {"mix_share": 0.0, "oversample": 2, "chunk_frames": 64, "mix_partners": 16},
    "LoopConfig": {"average": 0.999, "warmup_epochs": 1.0, "decay_gaze_gates": True,
        "max_gradient_norm": 5.0},
    "DataConfig": {
        "machines": None, "patients_share": 1.0, "seed": 1, "without_source_quality": (),
        "without_kinds": (), "fold": None, "folds": 5,
    },
    "NoveltyConfig": {"prototypes": 1, "shrinkage": 0.5, "directions": 16, "kept": 0.98,
        "open_set": None},
    "OpenSetConfig": {
        "average": 0.999, "warmup_epochs": 1.0, "decay_gaze_gates": True,
        "max_gradient_norm": 5.0, "outliers": OutlierConfig(), "erasing": None, "augment": None,
        "maps": 8, "hidden": 16, "denies": (), "kept": 0.98,
    },
    "ThresholdConfig": {"accuracy": 0.99, "folds": 0, "per_label": False, "strangers": (),
        "epochs": None, "strangers_accepted": 0.05, "kept": 0.95},
    "OutlierConfig": {"datasets": (), "kinds": (), "share": 1.0, "most": None, "shuffled": 0.0,
        "drawn": 0.0},
    "ErasingConfig": {
        "fills": ("inpaint", "blur", "speckle", "copy"), "label": "background", "share": 1.0,
        "most": None, "beside": False, "seed": 1,
    },
    "GazeConfig": {
        "way": "modulate", "dropout": 0.5, "control": "none", "seed": 1, "least_coverage": 0.5,
        "pass_coverage": (),
    },
    "TeacherConfig": {
        "average": 0.999, "warmup_epochs": 1.0, "decay_gaze_gates": True,
        "max_gradient_norm": 5.0, "start": "imagenet", "members": 1,
        "architecture": "efficientnet_lite0", "loss": "labels", "mix_partners": 16,
    },
    "TransferConfig": {
        "mix_partners": 16, "bank_by_seed": False, "unlabelled": (), "augment": None,
        "teacher_precision": "bf16",
    },
    "StudentTraining": {"average": 0.999, "warmup_epochs": 1.0, "decay_gaze_gates": True,
        "max_gradient_norm": 5.0, "architecture": "depthwise", "patch": 4, "branches": 0},
    "ObjectiveConfig": {"teacher": "plain", "gaze": None, "against": ()},
    "Quantisation": {
        "method": "static", "epochs": 8, "learning_rate": 3e-4, "average": 0.99, "seed": 1,
        "float_layers": (),
    },
}  # fmt: skip


def _told(recipe: Recipe) -> dict[str, object]:
    fields = {f.name: to_builtins(getattr(recipe, f.name)) for f in structs.fields(recipe)
              if f.name != "preprocessing"}  # fmt: skip
    return json.loads(json.dumps({**fields, "preprocessing": recipe.preprocessing.to_dict()}))


def test_no_default_has_changed_under_its_name():
    found = {
        kind.__name__: {f.name: f.default for f in structs.fields(kind) if not f.required}
        for kind in SECTIONS
    }
    assert found == DEFAULTS


@pytest.mark.parametrize("name", sorted(p.stem for p in RECIPES.glob("*.toml")))
def test_a_committed_recipe_has_the_settings_and_the_digest_that_are_recorded(name):
    recipe = load_recipe(name)
    assert _told(recipe) == RECORD["recipes"][name]["settings"]
    assert recipe_digest(recipe) == RECORD["recipes"][name]["digest"]


@pytest.mark.parametrize("record", RECORD["records"], ids=lambda record: record["file"])
def test_a_committed_record_was_made_by_the_settings_that_are_recorded(record):
    """The records name digests of before the rule; `differs` is what has changed since."""
    value = json.loads((ROOT / record["file"]).read_text(encoding="utf-8"))
    for step in record["field"].split("."):
        value = value[step]
    assert value == record["sha256"]
    recipe = load_recipe(record["recipe"])
    for section, fields in record["differs"].items():
        if section == "name":
            recipe = structs.replace(recipe, name=fields)
            continue
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        changed = structs.replace(getattr(recipe, section), **fields)
        recipe = structs.replace(recipe, **{section: changed})
    of = teacher_digest if record["field"] == "teacher_recipe_sha256" else recipe_digest
    assert of(recipe) == record["digest"]


def _variant(tmp_path: Path, text: str) -> Recipe:
    path = tmp_path / "r.toml"
    path.write_text(f'base = "smoke"\n{text}\n')
    return load_recipe(str(path))


DEFAULTS_SAID = """
[augment]
aspect = 0.35
[data]
patients_share = 1
[teacher]
members = 1
average = 0.999
[gaze.expert]
source = "folder"
way = "modulate"
[quantise]
epochs = 8
"""


def test_a_default_counts_for_nothing_whether_a_recipe_writes_it_or_not(tmp_path):
    said, plain = _variant(tmp_path, DEFAULTS_SAID), load_recipe("smoke")
    assert recipe_digest(said) == recipe_digest(plain)
    assert teacher_digest(said, "expert") == teacher_digest(plain, "expert")
    assert student_digest(said, "petra") == student_digest(plain, "petra")
    assert quantisation_digest(said.quantise) == quantisation_digest(plain.quantise)


def test_layout_comments_and_bases_of_a_recipe_change_no_digest(tmp_path):
    whole = tmp_path / "whole.toml"
    whole.write_text("# a comment\n" + (RECIPES / "smoke.toml").read_text(encoding="utf-8"))
    assert recipe_digest(load_recipe(str(whole))) == recipe_digest(load_recipe("smoke"))
    assert recipe_digest(_variant(tmp_path, "")) == recipe_digest(load_recipe("smoke"))


CHANGES = {
    "labels": ('labels = ["head", "abdomen"]', "teacher outputs student"),
    "augment": ("[augment]\nshift = 0.5", "teacher outputs student"),
    "data": ("[data]\nseed = 2", "teacher outputs student"),
    "outliers": ("[outliers]\nkinds = ['lung']", "teacher outputs student"),
    "erasing": ("[erasing]\nstructures = ['femur']", "teacher outputs student"),
    "teacher's loss": ("[teacher]\nloss = 'labels_against_rest'", "teacher outputs student"),
    "precision": ("[transfer]\nteacher_precision = 'fp32'", "outputs student"),
    "teacher": ("[teacher]\nepochs = 2", "teacher outputs student"),
    "transfer": ("[transfer]\nbank_seed = 3", "outputs student"),
    "student": ("[student]\nhead = 32", "student"),
    "objective": ("[objectives.petra]\nlabels = 2.0\nattention = 1.0\nteacher = 'expert'",
                  "student"),
    "gaze": ('[gaze.expert]\nsource = "folder"\ndropout = 0.25', "teacher outputs student"),
    "against": ("[objectives.petra]\nlabels = 1.0\nlogits = 1.0\nfeatures_at_gaze = 0.5\n"
                "attention = 0.1\nteacher = 'expert'\nagainst = ['ce']", ""),
    "another objective": ("[objectives.more]\nlabels = 2.0", ""),
    "another gaze": ('[gaze.other]\nsource = "landmarks"', ""),
    "quantisation": ("[quantise]\nepochs = 3", ""),
    "novelty": ("[novelty]\nprototypes = 2", ""),
    "thresholds": ("[thresholds]\nfolds = 3", ""),
    "fold": ("[data]\nfold = 1", "teacher outputs student"),
    "name": ('name = "other"', ""),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_is_renamed_by_what_it_depends_on_and_by_nothing_else(tmp_path, change):
    text, renamed = CHANGES[change]
    other, plain = _variant(tmp_path, text), load_recipe("smoke")
    found = [
        what
        for what, of, name in (
            ("teacher", teacher_digest, "expert"),
            ("outputs", outputs_digest, "expert"),
            ("student", student_digest, "petra"),
        )
        if of(other, name) != of(plain, name)
    ]
    assert found == renamed.split()
    assert recipe_digest(other) != recipe_digest(plain)


@pytest.mark.parametrize(
    ("block", "field", "renamed"),
    [
        *(("VIEW_DRAWING", name, True) for name in VIEW_DRAWING.__struct_fields__),
        *(("MAP_PROJECTION", name, True) for name in MAP_PROJECTION.__struct_fields__),
        *(("PREDICTED_GAZE", name, False) for name in PREDICTED_GAZE.__struct_fields__),
    ],
)
def test_a_constant_that_changes_results_is_in_the_digest(monkeypatch, block, field, renamed):
    plain, simulated = load_recipe("smoke"), load_recipe("ablation")
    before = (student_digest(plain, "kd"), student_digest(simulated, "petra"))
    constants = {"VIEW_DRAWING": VIEW_DRAWING, "MAP_PROJECTION": MAP_PROJECTION,
                 "PREDICTED_GAZE": PREDICTED_GAZE}[block]  # fmt: skip
    other = structs.replace(constants, **{field: 77})
    monkeypatch.setattr(f"export.recipe.digests.{block}", other)
    after = (student_digest(plain, "kd"), student_digest(simulated, "petra"))
    assert (after[0] != before[0]) is renamed  # gaze of recordings is not predicted
    assert after[1] != before[1]
