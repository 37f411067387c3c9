"""Reading a recipe: what it says, and that a wrong one is refused by field, value and range."""

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect, structs

from export.distill.objectives import check_names, objective_named
from export.errors import ExportError
from export.recipe.digests import outputs_digest, recipe_digest, student_digest, teacher_digest
from export.recipe.read import RECIPES, load_recipe
from export.recipe.settings import Recipe


def read(path: Path, text: str) -> Recipe:
    path.write_text(text, encoding="utf-8")
    recipe = load_recipe(str(path))
    check_names(recipe)
    return recipe


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda p: p.stem)
def test_every_recipe_can_be_read(path):
    recipe = load_recipe(path.stem)
    check_names(recipe)
    assert recipe.name == path.stem
    assert recipe == load_recipe(str(path))


def test_a_recipe_that_is_not_there_or_no_toml_is_refused(tmp_path):
    with pytest.raises(ExportError, match=r"no recipe 'none'.*'default'") as caught:
        load_recipe("none")
    assert caught.value.slug == "recipe-missing"
    with pytest.raises(ExportError) as caught:
        read(tmp_path / "r.toml", "name = ")
    assert caught.value.slug == "recipe-syntax"


def test_a_recipe_on_a_base_says_only_what_differs(tmp_path):
    base, path = tmp_path / "base.toml", tmp_path / "r.toml"
    base.write_text((RECIPES / "smoke.toml").read_text())
    path.write_text(
        'base = "base.toml"\nname = "r"\n[student]\nhead = 32\n[objectives.more]\nlabels = 2.0\n'
    )
    under, found = load_recipe(str(base)), load_recipe(str(path))
    assert (found.name, found.student.head) == ("r", 32)
    assert found.student.stages == under.student.stages
    assert set(found.objectives) == {*under.objectives, "more"}
    assert teacher_digest(found) == teacher_digest(under)
    assert student_digest(found, "kd") != student_digest(under, "kd")
    first = recipe_digest(found)
    base.write_text(base.read_text().replace("epochs = 2", "epochs = 3"))
    assert recipe_digest(load_recipe(str(path))) != first


@pytest.mark.parametrize(
    ("line", "slug"),
    [
        ('base = "r.toml"', "recipe-field"),
        ("base = 3", "recipe-field"),
        ('base = "no"', "recipe-missing"),
    ],
)
def test_a_base_that_is_no_other_recipe_is_refused(tmp_path, line, slug):
    with pytest.raises(ExportError, match=r"base|no recipe") as caught:
        read(tmp_path / "r.toml", line)
    assert caught.value.slug == slug


# By section: lines, and what their refusal says between the field's full path and its end.
HOSTILE = {
    "student": {
        "epochs = -1": "epochs is -1; allowed: a whole number, at least 1, at most 100000",
        "epochs = 2.0": "epochs is 2.0; allowed: a whole number",
        "epochs = true": "epochs is True; allowed: a whole number",
        'epochs = "a"': "epochs is 'a'; allowed: a whole number",
        "batch = 0": "batch is 0; allowed: a whole number, at least 1",
        "learning_rate = nan": "learning_rate is nan; allowed: a finite number, above 0",
        "learning_rate = inf": "learning_rate is inf; allowed: a finite number",
        "average = 1.0": "average is 1.0; allowed: a finite number, at least 0, below 1",
        "temperature = 0": "temperature is 0; allowed: a finite number, above 0",
        "stages = []": "stages is []; allowed: a list of 1 to 64",
        'stages = [["a", 1, 3, 1]]': "stages[0][0] is 'a'; allowed: a whole number, at least 0",
        "stages = [[0, 8, 4, 2]]": "stages[0][2] is 4; allowed: one of [1, 3, 5, 7, 9, 11]",
        "seed = -1": "seed is -1; allowed: a whole number, at least 0, at most 2147483647",
        "seed = 2147483648": "seed is 2147483648; allowed",
        "seed = 99999999999999999999": "seed is 99999999999999999999; allowed",
        "stages = [[0, 8, 3, 1], [0, 8, 3, 0]]": "stages[1][3] is 0; allowed: a whole number",
        "stages = [[0, 8, 3]]": "stages[0] is [0, 8, 3]; allowed: a list of expansion, channels",
        "head = -3": "head is -3; allowed: a whole number",
        "learning_rat = 9": "learning_rat is unknown (did you mean 'learning_rate'?); student may",
    },
    "teacher": {
        "views_per_frame = 0": "views_per_frame is 0; allowed: a whole number, at least 1",
        "mix_share = 2": "mix_share is 2; allowed: a finite number, at least 0, at most 1",
        'datasets = "own"': "datasets is 'own'; allowed: a list of 1 or more",
        "datasets = []": "datasets is []; allowed: a list of 1 or more",
        'datasets = ["own", ""]': "datasets[1] is ''; allowed: text, not empty",
        'datasets = ["own", "own"]': "datasets has 'own' twice; allowed: each once",
        'start = "moon"': "start is 'moon'; allowed: one of ['imagenet', 'scratch']",
        "member = 3": "member is unknown (did you mean 'members'?); teacher may have",
        "members = 0": "members is 0; allowed: a whole number, at least 1, at most 16",
        "members = 17": "members is 17; allowed: a whole number, at least 1, at most 16",
        "members = true": "members is True; allowed: a whole number",
        "members = 1.5": "members is 1.5; allowed: a whole number",
    },
    "transfer": {
        "bank_seed = -1": "bank_seed is -1; allowed: a whole number, at least 0",
        "vews = 3": "vews is unknown; transfer may have ['augment', 'bank_by_seed',",
        "views_per_fram = 3": "views_per_fram is unknown (did you mean 'views_per_frame'?)",
    },
    "augment": {
        'gamma = "a"': "gamma is 'a'; allowed: a finite number, at least 0",
        "p_flip = 1.5": "p_flip is 1.5; allowed: a finite number, at least 0, at most 1",
        "scale_min = 3.0": "scale_min is 3.0; allowed: at most scale_max, 2.0",
        "scale_mni = 0.5": "scale_mni is unknown (did you mean 'scale_min'?); augment may have",
        "nothing = 1": "nothing is unknown; augment may have ['aspect',",
    },
    "data": {
        "patients_share = true": "patients_share is True; allowed: a finite number, above 0",
        "patients_share = 0": "patients_share is 0; allowed: a finite number, above 0",
        'machines = "A"': "machines is 'A'; allowed: a list of 1 or more",
        "machines = []": "machines is []; allowed: a list of 1 or more",
        "machines = [3]": "machines[0] is 3; allowed: text, not empty",
    },
    "quantise": {
        "epochs = 1.5": "epochs is 1.5; allowed: a whole number",
        "epochs = 0": "epochs is 0; allowed: a whole number, at least 1",
        'method = "int4"': "method is 'int4'; allowed: one of ['qat', 'static']",
        "method = 4": "method is 4; allowed: one of ['qat', 'static']",
    },
    "gaze.expert": {
        'source = "moon"': "source is 'moon'; allowed: one of ['annotations', 'folder'",
        'source = "folder"\ndropout = 2': "dropout is 2; allowed: a finite number",
        'source = "folder"\nway = "sniff"': "way is 'sniff'; allowed: one of",
        'source = "folder"\ncontrol = "x"': "control is 'x'; allowed: one of",
        'way = "modulate"': "source is missing; gaze.expert needs ['source']",
    },
    "objectives.kd": {
        "labels = 0": "labels is 0; allowed: a finite number, above 0",
        "labels = inf": "labels is inf; allowed: a finite number",
        "labels = nan": "labels is nan; allowed: a finite number",
        "labels = true": "labels is True; allowed: a finite number",
        "label = 1": "label is no loss (did you mean 'labels'?); allowed: ['attention',",
        "against = 3": "against is 3; allowed: a list of 1 or more",
        "teacher = 'plain'": " is {}; allowed: a table of 1 or more names",
        'labels = 1\nagainst = ["none"]': "against is 'none'; allowed: ['ce', 'kd',",
        'labels = 1\nteacher = "none"': "teacher is 'none'; allowed: ['plain', 'expert']",
        'labels = 1\ngaze = "none"': "gaze is 'none'; allowed: ['expert']",
        "attention = 1": "gaze is missing, and a loss of it needs gaze; allowed: ['expert']",
    },
}


@pytest.mark.parametrize(
    ("section", "line", "told"),
    [(name, line, told) for name, lines in HOSTILE.items() for line, told in lines.items()],
)
def test_a_wrong_field_is_refused_by_its_path_with_its_value_and_what_is_allowed(
    tmp_path, section, line, told
):
    path = tmp_path / "r.toml"
    said = f"{path}: {section}{'' if told.startswith(' ') else '.'}{told}".replace(
        f"{path}: objectives.kd.label is no", "objectives.kd.label is no"
    )
    if "gaze is missing" in told:  # found where losses are known, not where the file is read
        said = f"{section}.{told}"
    with pytest.raises(ExportError, match="^" + re.escape(said)) as caught:
        read(path, f'base = "smoke"\n[{section}]\n{line}\n')
    assert caught.value.slug == "recipe-field"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[preprocessing]\nwidth = "a"', "preprocessing width is 'a', it must be a whole number"),
        ("[preprocessing]\nwidth = 0", "preprocessing width is 0, it must be a whole number 1"),
        ("[preprocessing]\ndepth = 3", "'depth'.*it must have exactly"),
        ("preprocessing = 3", "it must have exactly"),
        ('[gaze.plain]\nsource = "folder"', "gaze.plain is the teacher without gaze"),
        ('[gaze.2]\nsource = "folder"', r"'gaze.2': the name is '2'; allowed: text that matches"),
        ('[gaze."a\\n"]\nsource = "folder"', r"the name is 'a\\n'; allowed: text that matches"),
        ('[objectives."../../x"]\nlabels = 1', r"the name is '../../x'; allowed: text that"),
        ('[objectives."x y"]\nlabels = 1', r"the name is 'x y'; allowed: text that matches"),
        ('[quantize]\nmethod = "qat"', r"quantize is unknown \(did you mean 'quantise'\?\)"),
        ('labels = "abc"', "labels is 'abc'; allowed: a list of 2 or more"),
        ("labels = []", r"labels is \[\]; allowed: a list of 2 or more"),
        ('labels = ["a"]', "allowed: a list of 2 or more"),
        ('labels = ["a", "a"]', "labels has 'a' twice; allowed: each once"),
        ("labels = [1, 2]", r"labels\[0\] is 1; allowed: text, not empty"),
        ("name = 3", "name is 3; allowed: text that matches"),
        ('name = "../x"', "name is '../x'; allowed: text that matches"),
        (f'name = "{"x" * 65}"', "at most 64 characters"),
        ("gaze = 3", "gaze is 3; allowed: a table of 0 or more names"),
        ("objectives = 3", "objectives is 3; allowed: a table of 1 or more names"),
        ("data = 3", "data is 3; allowed: a table of machines,"),
        ("objectives = {x = 3}", "objectives.x is 3; allowed: a table of"),
    ],
)
def test_a_recipe_of_another_shape_is_refused(tmp_path, text, told):
    with pytest.raises(ExportError, match=told) as caught:
        read(tmp_path / "r.toml", f'base = "smoke"\n{text}\n')
    assert caught.value.slug == "recipe-field"


@pytest.mark.parametrize("at", ["recipe", "base"])
def test_sections_of_the_old_name_are_told_the_new_one(tmp_path, at):
    old = tmp_path / "old.toml"
    old.write_text('base = "smoke"\n[losses.kd]\nlabels = 1.0\n')
    text = old.read_text() if at == "recipe" else 'base = "old.toml"\n'
    with pytest.raises(
        ExportError, match=r"\[losses.NAME\] is now called \[objectives.NAME\]; rename it"
    ) as caught:
        read(tmp_path / "r.toml", text)
    assert caught.value.slug == "recipe-field"


@pytest.mark.parametrize("section", ["teacher", "transfer", "student", "objectives", "labels"])
def test_a_missing_section_is_named(tmp_path, section):
    text = (RECIPES / "smoke.toml").read_text(encoding="utf-8")
    if section == "labels":
        text = re.sub(r"(?m)^labels = \[.*$", "", text)
    elif section == "objectives":
        text = text[: text.index("[objectives.ce]")]
    else:
        text = re.sub(rf"(?ms)^\[{section}\]$.*?(?=^\[)", "", text)
    with pytest.raises(ExportError, match=rf"{section} is missing; the recipe needs \['labels',"):
        read(tmp_path / "r.toml", text)


def test_every_number_of_every_section_has_both_bounds_and_refuses_nan():
    """So that a new field can't take NaN or infinity, which TOML has words for."""
    numbers = 0
    for section in structs.fields(Recipe):
        kind = inspect.type_info(section.type)
        if isinstance(kind, inspect.DictType):
            kind = kind.value_type
        for field in kind.fields if isinstance(kind, inspect.StructType) else ():
            if isinstance(field.type, inspect.FloatType):
                numbers += 1
                low = field.type.ge if field.type.gt is None else field.type.gt
                high = field.type.le if field.type.lt is None else field.type.lt
                assert None not in (low, high), f"{section.name}.{field.name}"
                for bad in (float("nan"), float("inf"), -float("inf")):
                    with pytest.raises(msgspec.ValidationError):
                        msgspec.convert(bad, _annotated(kind.cls, field.name))
    assert numbers > 25


def _annotated(kind: type, field: str) -> object:
    return next(f.type for f in structs.fields(kind) if f.name == field)


def test_a_name_that_no_file_can_have_is_no_recipe(tmp_path):
    for name in ("x" * 5000, "a\0b", str(tmp_path)):
        with pytest.raises(ExportError, match="no recipe") as caught:
            load_recipe(name)
        assert caught.value.slug == "recipe-missing"
    with pytest.raises(ExportError) as caught:
        read(tmp_path / "deep.toml", "a = " + "[" * 100_000)
    assert caught.value.slug == "recipe-syntax"


def test_an_objective_that_the_recipe_lacks_is_refused_with_those_it_has():
    recipe = load_recipe("smoke")
    assert objective_named(recipe, "kd") is recipe.objectives["kd"]
    with pytest.raises(ExportError, match=r"no \[objectives.kdd\].*did you mean 'kd'.*'petra'"):
        objective_named(recipe, "kdd")


def test_gaze_of_an_objective_is_the_teachers_unless_it_names_another():
    objectives = load_recipe("ablation").objectives
    assert objectives["petra"].gaze_name == "expert"
    assert objectives["attention"].gaze_name == "expert"
    assert objectives["kd"].gaze_name is None


def test_what_a_teacher_predicts_belongs_to_the_views_that_it_saw(tmp_path):
    found = []
    for line in ("bank_seed = 2", "bank_seed = 3", "mix_share = 0.5"):
        found.append(read(tmp_path / "r.toml", f'base = "smoke"\n[transfer]\n{line}\n'))
    assert len({outputs_digest(recipe) for recipe in found}) == 3
    assert len({teacher_digest(recipe) for recipe in found}) == 1
