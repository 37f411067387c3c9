"""What an error says is bounded and harmless to print, whatever a file or a path holds."""

from __future__ import annotations

import pickle
import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk._shown import printable, shown
from sdk.errors import MAX_MESSAGE, SdkError, SourceError

HOSTILE = {
    "escape sequence": "\x1b[2J\x1b]0;title\x07",
    "line end": "a\nb\r\nc\u2028d\x85e",
    "direction override": "a\u202egnp.exe",
    "zero width": "a\u200bb\ufeff",
    "lone surrogate": "name\udcff",
    "C1 control": "\x9b31m",
    "null": "a\0b",
    "delete": "a\x7fb",
    "private use": "\ue000",
    "tag": "\U000e0041",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_message_never_carries_what_a_terminal_would_obey(text: str) -> None:
    message = str(SourceError("source-unreadable", f"{text} cannot be read"))
    assert message.isprintable()
    message.encode("utf-8")
    assert message.endswith(" cannot be read")


@given(st.text(), st.integers(0, 3000))
def test_any_message_is_bounded_and_printable(text: str, times: int) -> None:
    message = str(SdkError("frame-size", text * times))
    assert len(message) <= MAX_MESSAGE
    assert message.isprintable()


@given(st.text(max_size=MAX_MESSAGE))
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert printable(once) == once
    if text.isprintable():
        assert once == text


def test_of_a_long_message_both_ends_stay() -> None:
    message = str(SourceError("source-unreadable", "name " + "x" * 5000 + "; name a file"))
    assert message.startswith("name xxx")
    assert message.endswith("xxx; name a file")
    assert "characters left out" in message
    assert len(message) == MAX_MESSAGE


def test_a_message_of_a_quarter_gigabyte_costs_nothing() -> None:
    huge = "\x1b" * 240_000_000
    tracemalloc.start()
    start = time.perf_counter()
    error = SdkError("frame-size", huge)
    assert time.perf_counter() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert len(str(error)) <= MAX_MESSAGE


def test_an_error_that_crossed_a_process_says_the_same() -> None:
    error = SourceError("source-malformed", "x\x1b" * 5000)
    again = pickle.loads(pickle.dumps(error))
    assert (again.slug, str(again)) == (error.slug, str(error))


class Unwilling:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value",
    [10**5000, "x" * 10**7, [[[[10**5000] * 99] * 99] * 99] * 99, b"\0" * 10**7, Unwilling(),
     {"a": "\x1b" * 900}, float("nan"), None],
    ids=["int", "str", "nested", "bytes", "unwilling", "dict", "nan", "none"],
)  # fmt: skip
def test_a_value_of_any_size_is_shown_in_bounds(value: object) -> None:
    text = shown(value)
    assert 0 < len(text) <= 200
    assert text.isprintable()


def test_a_small_value_is_shown_as_it_is() -> None:
    assert shown(b"\x89PNG") == "b'\\x89PNG'"
    assert shown((3, "a")) == "(3, 'a')"
    assert shown(-(2**200)) == repr(-(2**200))


def test_a_long_list_or_text_is_shown_in_part() -> None:
    assert shown([0] * 12) == repr([0] * 12)
    assert shown([0] * 13) == "[" + "0, " * 12 + "...]"
    assert shown(b"x" * 80) == repr(b"x" * 80)
    assert shown(b"x" * 81) == repr(b"x" * 80) + "..."
    assert shown([[[[0]]]]) == "[[[[...]]]]"


@pytest.mark.parametrize("length", [100, 101, 200, 201, 5000])
def test_what_is_left_out_of_a_text_is_counted(length: int) -> None:
    text = "".join(chr(65 + at % 26) for at in range(length))
    kept = printable(text, 100)
    if length == 100:
        assert kept == text
        return
    begin, count, end = re.fullmatch(r"(\w+) \[(\d+) or more .* left out\] (\w+)", kept).groups()
    assert text.startswith(begin)
    assert text.endswith(end)
    assert (len(kept), len(end), int(count)) == (100, 33, length - 100)


def test_a_text_that_fits_once_it_is_escaped_keeps_all_of_it() -> None:
    assert printable("a\n" + "b" * 97, 100) == "a\\n" + "b" * 97
    assert "left out" in printable("a\n" + "b" * 98, 100)
