"""Readers of metadata: what is just allowed, what is just not, and that each names its field."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sdk import ModelError
from sdk.fields import (
    dump_json,
    free_json,
    integer,
    json_list,
    json_object,
    number,
    numbers_by_label,
    parse_json,
    string,
    text,
)

LONGEST_JSON = 256 * 1024


def refused(read: Callable[..., Any], value: object, allowed: str) -> str:
    with pytest.raises(ModelError) as caught:
        read(value, "the.field")
    assert caught.value.slug == "model-metadata-invalid"
    message = str(caught.value)
    assert message.startswith("model file: the.field ")
    assert allowed in message
    return message


def test_json_is_read_up_to_256_kib() -> None:
    longest = json.dumps("x" * (LONGEST_JSON - 2))
    assert parse_json(longest, "the.field") == "x" * (LONGEST_JSON - 2)
    assert f"{LONGEST_JSON + 1} characters" in refused(
        parse_json, longest + " ", f"allowed is at most {LONGEST_JSON}"
    )
    refused(parse_json, json.dumps("x" * LONGEST_JSON * 2), "at most")


def test_an_object_of_many_keys_is_read_and_one_key_twice_is_not() -> None:
    entries = {f"key{at}": at for at in range(1000)}
    assert parse_json(json.dumps(entries), "the.field") == entries
    refused(parse_json, '{"a": 1, "b": 2, "a": 1}', "a key is there twice")
    for name in ("NaN", "Infinity", "-Infinity"):
        refused(parse_json, f"[{name}]", f"{name} is no JSON number")
    refused(parse_json, "[" * 100_000, "strict JSON")


def test_equal_values_give_equal_bytes_in_any_language() -> None:
    assert dump_json({"b": [1, 2.5, None], "a": "Zürich"}) == '{"a":"Zürich","b":[1,2.5,null]}'
    with pytest.raises(ValueError, match="JSON"):
        dump_json(math.nan)


def test_an_object_has_exactly_its_keys() -> None:
    keys = frozenset({"a", "b"})
    assert json_object({"a": 1, "b": 2}, "the.field", keys) == {"a": 1, "b": 2}
    assert json_object({"z": 1}, "the.field") == {"z": 1}
    read = partial(json_object, keys=keys)
    message = refused(read, {"a": 1, "c": 2}, "allowed are exactly the keys ['a', 'b']")
    assert "lacks ['b'] and has the unknown ['c']" in message
    refused(read, [1], "a JSON object")


def test_a_list_has_from_so_many_to_so_many_items() -> None:
    read = partial(json_list, low=1, high=3)
    assert read([1], "the.field") == [1]
    assert read([1, 2, 3], "the.field") == [1, 2, 3]
    for value in ([], [1, 2, 3, 4], (1,), "a"):
        refused(read, value, "allowed is a list of 1 to 3 items")


@pytest.mark.parametrize("value", [2, 5, 2.0, 4.999])
def test_a_number_lies_within_its_bounds(value: float) -> None:
    found = number(value, "the.field", low=2, high=5)
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize("value", [1.999, 5.001, math.nan, math.inf, -math.inf, 10**400])
def test_a_number_outside_its_bounds_is_refused(value: float) -> None:
    refused(partial(number, low=2, high=5), value, "allowed is a number in [2, 5]")


@pytest.mark.parametrize("value", [True, "3", None, [3]])
def test_what_is_no_number_is_refused_as_one(value: object) -> None:
    refused(partial(number, low=0, high=5), value, "allowed is a number")


def test_an_integer_lies_within_its_bounds() -> None:
    read = partial(integer, low=2, high=5)
    assert [read(value, "the.field") for value in (2, 3, 5)] == [2, 3, 5]
    for value in (1, 6, 3.0, True, "3", None):
        refused(read, value, "allowed is an integer in [2, 5]")


def test_a_string_is_short_printable_and_composed() -> None:
    read = partial(string, longest=4)
    for value in ("a", "abcd", "a b", "Zü"):
        assert read(value, "the.field") == value
    for value in ("", "abcde", " a", "a ", "a\n", "\u202ea", "Zu\u0308", 3, None):
        refused(read, value, "1 to 4 printable characters in Unicode form NFC")


def test_a_text_may_hold_line_ends() -> None:
    read = partial(text, longest=5)
    for value in ("a", "a\nb\n", "abcde"):
        assert read(value, "the.field") == value
    for value, allowed in (
        ("", "a text of 1 to 5 characters"),
        ("abcdef", "a text of 1 to 5 characters"),
        (5, "a text of 1 to 5 characters"),
        ("a\tb", "printable characters and line ends"),
    ):
        refused(read, value, allowed)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 0


def test_free_json_is_bounded_in_depth_size_text_and_numbers() -> None:
    for value in (
        {"a": None, "b": True, "c": ""}, nested(15), [0] * 10_000, "x" * 4096, 1e300, -1e300, "\n",
    ):  # fmt: skip
        free_json(value, "the.field")
    for value, allowed in (
        (nested(16), "at most 15 levels of lists and objects"),
        ([0] * 10_001, "at most 10000 items"),
        ([[0] * 5000, [0] * 5000], "at most 10000 items"),
        ("x" * 4097, "a text of 1 to 4096 characters"),
        ({"k" * 4097: 0}, "a text of 1 to 4096 characters"),
        ([1.1e300], "a number in [-1e+300, 1e+300]"),
        ([math.nan], "a number in"),
        (["\0"], "printable characters"),
    ):
        refused(free_json, value, allowed)


def test_every_label_and_nothing_else_has_a_number() -> None:
    read = partial(numbers_by_label, labels=("a", "b"), low=0, high=1)
    assert read({"b": 1, "a": 0}, "the.field") == {"a": 0.0, "b": 1.0}
    refused(read, {"a": 0}, "lacks ['b']")
    with pytest.raises(ModelError, match=r"the\.field\.b is 2, allowed is a number in \[0, 1\]"):
        read({"a": 0, "b": 2}, "the.field")
