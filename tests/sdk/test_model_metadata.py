"""Whatever stands in the metadata of a student file, the answer is a `ModelError` or a student."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from export.packaging.packaging import package
from sdk import ModelError
from sdk._shown import shown
from sdk.cli.app import app
from sdk.cli.info import print_description
from sdk.fields import free_json, string
from sdk.model_file import parse_model_file
from sdk.model_file.digest import seal
from sdk.model_file.metadata import ModelMetadata
from sdk.preprocess import Preprocessing
from tests.sdk.toy_student import CARD, toy_model, toy_student

PREFIX = "sonogaze."
PROPERTIES = {
    item.key: item.value
    for item in onnx.load_from_string(toy_student()).metadata_props
    if item.key != "sonogaze.sha256"
}
JSON_KEYS = ("labels", "preprocessing", "calibration", "quality", "known_answers", "provenance")
LONGEST_MESSAGE = 1000

# JSON as text: wrong types, and what JSON can say but no float, list or terminal should get
WILD = [
    "null", "true", "false", "0", "-1", "1.5", "-0.0", '""', '" "', '"x"', "[]", "{}", "[[]]",
    '[""]', '{"":1}', "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "10" * 200,
    "1" + "0" * 400, "-1" + "0" * 400, "1" * 4301, "1e400", str(2**63), str(2**64),
    "[" * 100_000, "[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "[" * 30 + "]" * 30,
    '"' + "x" * 200_000 + '"', "[" + "1," * 50_000 + "1]", "[" + '"a",' * 999 + '"a"]',
    '"\\ud800"', '"\\udc00\\ud800"', '"a\\u0000b"', '"\\u001b[31m"', '"\\u0007"', '"\\u0085"',
    '"\\u202egpj"', '"\\u2066x"', '"\\u200b"', '"\\ufeff"', '"\\u2028"', '"e\\u0301"', '"\\n"',
    '"[/bold]"', '"\U0001f600"', '{"a":1,"a":2}', "01", "1.", "'x'", "[1,]", "", " ", "{", "\x00",
    '{"__class__":"x"}', '["pattern"]', '{"pattern":"ring"}', '"ring"', '"2"', "2", "1e2",
]  # fmt: skip


_MARK = "the value goes here"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value within a JSON value."""
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], text: str) -> str:
    """Return JSON text with the value at `path` replaced by any text."""
    if not path:
        return text
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = _MARK
    return json.dumps(copy).replace(json.dumps(_MARK), text)


def check(properties: dict[str, str]) -> str:
    """Return the slug, or "accepted"; anything but a ModelError escapes."""
    try:
        metadata = ModelMetadata.from_properties(properties)
    except ModelError as error:
        message = str(error)
        assert len(message) < LONGEST_MESSAGE
        assert message.isprintable()
        assert message.encode()
        return error.slug
    assert_harmless(metadata)
    return "accepted"


def assert_harmless(metadata: ModelMetadata) -> None:
    """What was accepted can be shown, hashed, packaged again and computed with."""
    told = [metadata.student_id, metadata.precision, *metadata.labels]
    assert all(text.isprintable() and text.strip() == text for text in told)
    assert len(set(metadata.labels)) == len(metadata.labels)
    again = metadata.to_properties()
    assert ModelMetadata.from_properties(again) == metadata
    every = json.dumps(dict(metadata.provenance), ensure_ascii=False)
    assert every.replace("\\n", "").isprintable()
    assert metadata.attribution.replace("\n", "").isprintable()


def every_place() -> Iterator[tuple[str, tuple[Any, ...]]]:
    for key in JSON_KEYS:
        for path in places(json.loads(PROPERTIES[PREFIX + key])):
            yield key, path


@pytest.mark.parametrize(("key", "path"), list(every_place()))
def test_a_wild_value_at_any_place_is_refused_or_harmless(key: str, path: tuple[Any, ...]) -> None:
    value = json.loads(PROPERTIES[PREFIX + key])
    verdicts = [check(PROPERTIES | {PREFIX + key: replaced(value, path, wild)}) for wild in WILD]
    assert verdicts.count("accepted") < len(WILD) / 2 or key == "provenance"
    assert set(verdicts) <= {"accepted", "model-metadata-invalid", "preprocessing-invalid"}


def test_the_places_are_many() -> None:
    assert check(PROPERTIES) == "accepted"
    assert len(list(every_place())) > 60
    assert len(WILD) > 60


@pytest.mark.parametrize("key", ["student_id", "precision", "attribution", "format_version"])
def test_wild_text_is_refused_or_harmless(key: str) -> None:
    values = [*WILD, "\x1b]0;title\x07", "a\x00b", "\r", "a\tb", "\u202e", "x" * 300_000, "\ud800"]
    for value in values:
        check(PROPERTIES | {PREFIX + key: value})
    assert check(PROPERTIES | {PREFIX + key: "a\x1b[2Jb"}) != "accepted"


@pytest.mark.parametrize("key", sorted(PROPERTIES))
def test_every_entry_is_needed_and_no_other_is_known(key: str) -> None:
    without = {name: value for name, value in PROPERTIES.items() if name != key}
    assert check(without) in {"model-metadata-invalid", "model-unknown-version"}
    assert check(PROPERTIES | {key + "s": "1"}) == "model-metadata-invalid"
    assert check(PROPERTIES | {"other.tool": "\x1b[31m"}) == "accepted"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from([10**400, -(10**400)]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(key=st.sampled_from(JSON_KEYS), value=JSON, seed=st.integers(0, 2**32))
def test_any_json_at_any_place_is_refused_or_harmless(key: str, value: Any, seed: int) -> None:
    whole = json.loads(PROPERTIES[PREFIX + key])
    path = Random(seed).choice(list(places(whole)))
    text = json.dumps(value)  # 1e400 becomes Infinity, as a careless writer's would
    check(PROPERTIES | {PREFIX + key: replaced(whole, path, text)})


def test_numbers_too_large_for_a_float_are_refused_by_name() -> None:
    for name in ("mean", "std"):
        recipe = json.loads(PROPERTIES["sonogaze.preprocessing"])
        for huge in (10**400, -(10**400), 10**5000, float("inf"), float("nan")):
            with pytest.raises(ModelError, match=f"preprocessing {name} is") as caught:
                Preprocessing.from_dict(recipe | {name: huge})
            assert caught.value.slug == "preprocessing-invalid"


@pytest.mark.parametrize("pattern", [[], {}, None, 1, True, ["ring"], "", "Ring", "x" * 10_000])
def test_a_pattern_is_the_name_of_one(pattern: Any) -> None:
    known = json.loads(PROPERTIES["sonogaze.known_answers"])
    known["answers"][0]["pattern"] = pattern
    assert check(PROPERTIES | {"sonogaze.known_answers": json.dumps(known)}) == (
        "model-metadata-invalid"
    )


@pytest.mark.parametrize(("count", "verdict"), [(6, "accepted"), (7, "model-metadata-invalid")])
def test_known_answers_are_few(count: int, verdict: str) -> None:
    known = json.loads(PROPERTIES["sonogaze.known_answers"])
    known["answers"] = (known["answers"] * 3)[:count]
    assert check(PROPERTIES | {"sonogaze.known_answers": json.dumps(known)}) == verdict


def test_a_tolerance_that_says_nothing_is_refused() -> None:
    known = json.loads(PROPERTIES["sonogaze.known_answers"])
    peak = max(abs(logit) for answer in known["answers"] for logit in answer["logits"])
    for share, verdict in ((0.0499, "accepted"), (0.0501, "model-metadata-invalid")):
        changed = known | {"tolerance": share * max(1.0, peak)}
        assert check(PROPERTIES | {"sonogaze.known_answers": json.dumps(changed)}) == verdict


@pytest.mark.parametrize("pattern", ["speckle", "ring", "bands"])
def test_every_pattern_has_a_known_answer(pattern: str) -> None:
    known = json.loads(PROPERTIES["sonogaze.known_answers"])
    other = next(answer for answer in known["answers"] if answer["pattern"] != pattern)
    known["answers"] = [
        other if answer["pattern"] == pattern else answer for answer in known["answers"]
    ]
    properties = PROPERTIES | {"sonogaze.known_answers": json.dumps(known)}
    with pytest.raises(ModelError, match=f"without \\['{pattern}'\\]"):
        ModelMetadata.from_properties(properties)


@pytest.mark.parametrize(
    "label", ["\u202egpj", "a\u200bb", "\x1b[31mred", "a\u00a0b", "e\u0301", "a\x7f", "\ud800"]
)
def test_labels_that_a_terminal_could_show_otherwise_are_refused(label: str) -> None:
    with pytest.raises(ModelError, match="printable characters in Unicode form NFC") as caught:
        string(label, "field", longest=64)
    assert str(caught.value).isascii() or str(caught.value).isprintable()


@pytest.mark.parametrize(
    "label", ["tête", "股骨", "Oberschenkel (links)", "[/bold]", ":smile:", "Ж"]
)
def test_labels_of_any_language_are_shown_as_they_are(label: str) -> None:
    assert string(label, "field", longest=64) == label
    console = Console(width=100, record=True, file=io.StringIO())
    print_description({"labels": [label, "x"], "provenance": {label: [label]}}, console)
    assert f"{label}, x" in console.export_text()


def test_free_json_is_bounded_in_depth_and_size() -> None:
    deep: Any = 1
    for _ in range(15):
        deep = [deep]
    free_json(deep, "field")
    for value in ([deep], [0] * 10_001, {"k": "x" * 4097}, {"\x1b": 1}, [1e301], [10**400]):
        with pytest.raises(ModelError):
            free_json(value, "field")


@settings(max_examples=200, deadline=None)
@given(JSON | st.binary() | st.text())
def test_a_shown_value_is_short_and_printable(value: Any) -> None:
    assert len(shown(value)) <= 160
    assert shown(value).isprintable()


def test_a_huge_value_is_shown_in_a_few_words() -> None:
    for value in ([0] * 10**6, "x" * 10**7, 10**5000, {"k" * 10**6: 1}, b"x" * 10**6):
        assert len(shown(value)) <= 160


def test_a_sealed_file_with_wild_metadata_is_refused_as_a_whole() -> None:
    model = onnx.load_from_string(toy_student())
    del model.metadata_props[-1]
    entry = next(p for p in model.metadata_props if p.key == "sonogaze.provenance")
    entry.value = (
        '{"training_data":[{"name":"x","licence":"y"}],"deep":' + "[" * 900 + "]" * 900 + "}"
    )
    with pytest.raises(ModelError, match="levels of lists and objects") as caught:
        parse_model_file(seal(model.SerializeToString()))
    assert caught.value.slug == "model-metadata-invalid"


@pytest.fixture
def marked_student(tmp_path: Path) -> Path:
    """A student whose texts look like markup, colours and links."""
    labels = ("[/bold]", "[red]x[/red]", ":warning:", "[link=http://example.org]y[/link]")
    card = replace(
        CARD,
        student_id="[blink]toy[/]",
        labels=labels,
        abstain_below=dict.fromkeys(labels, 0.0),
        provenance={"training_data": [{"name": "[/x]", "licence": "[u]"}], "[b]": ["\\", "[/b]"]},
        attribution="[reverse]first line\nsecond line[/reverse]",
    )
    path = tmp_path / "marked.onnx"
    path.write_bytes(package(toy_model(), card))
    return path


def test_info_shows_texts_as_they_are(marked_student: Path) -> None:
    done = CliRunner().invoke(app, ["info", str(marked_student)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    for text in ("[/bold], [red]x[/red], :warning:", "[blink]toy[/]", "name: [/x]", "second line["):
        assert text in done.output
    assert done.output.replace("\n", "").isprintable()
    as_json = CliRunner().invoke(app, ["info", str(marked_student), "--json"])
    assert json.loads(as_json.output)["labels"][0] == "[/bold]"


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\u009b2Jb", "a\rb", "\u202eb", "a\x08b"])
@pytest.mark.parametrize("key", ["student_id", "attribution", "labels", "provenance", "other"])
def test_no_control_character_of_a_file_reaches_the_terminal(
    tmp_path: Path, key: str, text: str
) -> None:
    quoted = json.dumps(text)
    values = {
        "student_id": text,
        "attribution": text,
        "other": text,
        "labels": f'[{quoted},"b","c","d"]',
        "provenance": f'{{"training_data":[{{"name":"x","licence":"y"}}],{quoted}:1}}',
    }
    model = onnx.load_from_string(toy_student())
    kept = {p.key: p.value for p in model.metadata_props if p.key != "sonogaze.sha256"}
    del model.metadata_props[:]
    for name, value in (kept | {PREFIX + key: values[key]}).items():
        model.metadata_props.add(key=name, value=value)
    path = tmp_path / "hostile.onnx"
    path.write_bytes(seal(model.SerializeToString()))
    for arguments in (["info", str(path)], ["info", str(path), "--json"]):
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
        assert done.exit_code == 1
        assert done.output.replace("\n", "").isprintable()
        assert len(done.output) < LONGEST_MESSAGE


def number_places() -> list[tuple[str, tuple[Any, ...]]]:
    found = []
    for key, path in every_place():
        value = json.loads(PROPERTIES[PREFIX + key])
        for step in path:
            value = value[step]
        if isinstance(value, int | float) and key != "provenance":
            found.append((key, path))
    return found


@pytest.mark.parametrize(("key", "path"), number_places())
@pytest.mark.parametrize("wrong", ["true", "false", '"1"', "[1]", "null", "NaN", "1e999"])
def test_a_number_is_a_number(key: str, path: tuple[Any, ...], wrong: str) -> None:
    value = json.loads(PROPERTIES[PREFIX + key])
    verdict = check(PROPERTIES | {PREFIX + key: replaced(value, path, wrong)})
    assert verdict in {"model-metadata-invalid", "preprocessing-invalid"}


@pytest.mark.parametrize("key", ["preprocessing", "calibration", "quality", "known_answers"])
def test_a_key_given_twice_is_refused_though_both_are_right(key: str) -> None:
    text = PROPERTIES[PREFIX + key]
    name, value = next(iter(json.loads(text).items()))
    twice = f'{{"{name}":{json.dumps(value)},{text[1:]}'
    with pytest.raises(ModelError, match="a key is there twice"):
        ModelMetadata.from_properties(PROPERTIES | {PREFIX + key: twice})


def labelled(*labels: str) -> dict[str, str]:
    """The toy's texts with other labels, everywhere they stand."""
    metadata = ModelMetadata.from_properties(PROPERTIES)
    shares = dict.fromkeys(labels, 0.5)
    answers = [
        replace(answer, logits=tuple(range(len(labels))))
        for answer in metadata.known_answers.answers
    ]
    return replace(
        metadata,
        labels=labels,
        calibration=replace(metadata.calibration, abstain_below=shares),
        known_answers=replace(metadata.known_answers, answers=tuple(answers)),
    ).to_properties()


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        (("a", "b"), "accepted"),
        (("a",), "model-metadata-invalid"),
        (("x" * 64, "b"), "accepted"),
        (("x" * 65, "b"), "model-metadata-invalid"),
        (tuple(f"l{at}" for at in range(64)), "accepted"),
        (("a", "b", "a"), "model-metadata-invalid"),
    ],
    ids=["two", "one", "64 characters", "65 characters", "64 labels", "one twice"],
)
def test_labels_are_two_or_more_of_up_to_64_characters(
    labels: tuple[str, ...], verdict: str
) -> None:
    assert check(labelled(*labels)) == verdict


@pytest.mark.parametrize(("length", "verdict"), [(64, "accepted"), (65, "model-metadata-invalid")])
def test_a_student_id_has_up_to_64_characters(length: int, verdict: str) -> None:
    assert check(PROPERTIES | {PREFIX + "student_id": "x" * length}) == verdict
