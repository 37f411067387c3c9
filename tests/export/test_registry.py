"""Losses and architectures of one's own: registered in a module, then used in a recipe by name."""

import sys

import pytest
import torch

from export.distill import pipeline
from export.distill.losses import LOSSES, register_loss
from export.distill.objectives import check_names, needs_gaze
from export.errors import ExportError
from export.models.student import STUDENTS, Student
from export.models.teacher import TEACHERS, build_teacher
from export.recipe.digests import student_digest, teacher_digest
from export.recipe.read import load_recipe
from export.recipe.settings import Recipe
from export.registry import Registry
from export.workspace import Workspace


@pytest.fixture(autouse=True)
def own_entries(monkeypatch):
    """What a test registers is gone after it."""
    for registry in (LOSSES, STUDENTS, TEACHERS):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))


class Wide(Student):
    """An architecture of one's own, as far as these tests go."""


def _recipe(tmp_path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(f'base = "smoke"\nname = "mine"\n{text}')
    return str(path)


def _read(tmp_path, text: str) -> Recipe:
    recipe = load_recipe(_recipe(tmp_path, text))
    check_names(recipe)
    return recipe


def test_a_loss_and_an_architecture_of_ones_own_train_by_their_names(data_folder, tmp_path):
    @register_loss("confidence")
    def confidence(predictions, targets, temperature):
        """Return the mean of -log of the largest probability."""
        return -predictions.logits.log_softmax(1).amax(1).mean()

    STUDENTS.add("wide", Wide)
    recipe = _recipe(
        tmp_path,
        '[student]\narchitecture = "wide"\n[objectives.mine]\nlabels = 1.0\nconfidence = 0.5\n',
    )
    notes = []
    show = lambda step, done, total, note: notes.append(note)  # noqa: E731
    student = pipeline.distill(Workspace.open(recipe, tmp_path / "runs", show).student("mine"))
    assert type(student) is Wide
    assert all(torch.isfinite(p).all() for p in student.parameters())
    parts = dict(zip(*[iter(notes[-1].split())] * 2, strict=True))
    # half of -log of a probability of 1/4 at least, before anything is learned
    assert 0 < float(parts["confidence"]) <= 0.5 * 1.4
    total = float(parts["labels"]) + float(parts["confidence"])
    assert float(parts["total"]) == pytest.approx(total, abs=0.002)


def test_a_loss_of_ones_own_that_needs_gaze_is_given_it(tmp_path):
    @register_loss("near_gaze", needs=["gaze"])
    def near_gaze(predictions, targets, temperature):
        return targets.gaze.mean()

    text = '[objectives.mine]\nnear_gaze = 1.0\ngaze = "expert"\n'
    assert needs_gaze(_read(tmp_path, text).objectives["mine"])
    with pytest.raises(ExportError, match=r"objectives.mine.gaze is missing"):
        _read(tmp_path, "[objectives.mine]\nnear_gaze = 1.0\n")


def test_a_loss_that_nothing_registered_is_refused_by_name(tmp_path):
    with pytest.raises(ExportError, match=r"hinge is no loss; allowed: \['attention', ") as caught:
        _read(tmp_path, "[objectives.mine]\nhinge = 1.0\n")
    assert caught.value.slug == "recipe-field"


def test_an_installed_package_offers_a_loss_by_an_entry_point(tmp_path, monkeypatch):
    (tmp_path / "my_losses.py").write_text(
        "from export.distill.losses import register_loss\n"
        '@register_loss("margin")\n'
        "def margin(predictions, targets, temperature):\n"
        "    return predictions.logits.square().mean()\n"
    )
    info = tmp_path / "my_losses-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_losses\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[sonogaze.losses]\nmargin = my_losses\nbroken = no_such_module\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert "my_losses" not in sys.modules
    assert LOSSES["margin"].name == "margin"
    recipe = _read(tmp_path, "[objectives.mine]\nmargin = 1.0\n")
    assert "margin" in recipe.objectives["mine"].weights
    with pytest.raises(ExportError, match="'broken' is in 'no_such_module'") as caught:
        LOSSES["broken"]
    assert caught.value.slug == "registry-name"


def test_architectures_are_chosen_by_the_recipe_and_the_default_is_left_unsaid(tmp_path):
    STUDENTS.add("wide", Wide)
    TEACHERS.add("calm", lambda **settings: build_teacher(**settings, dropout=0.0))
    text = '[teacher]\narchitecture = "calm"\n[student]\narchitecture = "wide"\n'
    other = _read(tmp_path, text)
    assert (other.teacher.architecture, other.student.architecture) == ("calm", "wide")
    text = '[teacher]\narchitecture = "efficientnet_lite0"\n[student]\narchitecture = "depthwise"\n'
    stated, smoke = _read(tmp_path, text), load_recipe("smoke")
    assert stated.student == smoke.student
    assert student_digest(stated, "ce") == student_digest(smoke, "ce")
    assert teacher_digest(stated) == teacher_digest(smoke)
    assert student_digest(other, "ce") != student_digest(smoke, "ce")
    assert teacher_digest(other) != teacher_digest(smoke)


@pytest.mark.parametrize("section", ["teacher", "student"])
def test_an_architecture_that_nothing_registered_is_refused_by_name(tmp_path, section):
    with pytest.raises(ExportError, match=f"{section}.architecture is 'moon'; allowed") as caught:
        _read(tmp_path, f'[{section}]\narchitecture = "moon"\n')
    assert caught.value.slug == "recipe-field"


def test_a_name_is_given_once():
    registry: Registry[int] = Registry("number", "sonogaze.numbers")
    registry.register("one")(1)
    with pytest.raises(ExportError, match="a number 'one' already"):
        registry.add("one", 2)
    assert (registry["one"], [*registry], "two" in registry) == (1, ["one"], False)
    with pytest.raises(ExportError, match=r"no number 'two'; known: \['one'\]") as caught:
        registry["two"]
    assert caught.value.slug == "registry-name"
