"""Which interpreter this is, by whichever module this Python tells it."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace

import pytest

from sdk import _interpreter

NAMES = ("_interpreters", "_xxsubinterpreters")


def telling(current: int) -> SimpleNamespace:
    return SimpleNamespace(get_current=lambda: current, get_main=lambda: 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("current", "is_main"), [(0, True), (1, False)])
def test_the_main_interpreter_is_told_by_either_module(
    name: str, current: int, is_main: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in NAMES:
        monkeypatch.setitem(sys.modules, other, telling(current) if other == name else None)
    assert _interpreter._in_main_interpreter() is is_main


def test_the_newer_module_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, current in zip(NAMES, (1, 0), strict=True):
        monkeypatch.setitem(sys.modules, name, telling(current))
    assert not _interpreter._in_main_interpreter()


def test_a_python_without_others_is_the_main_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setitem(sys.modules, name, None)
    assert _interpreter._in_main_interpreter()


def test_the_module_refuses_to_be_imported_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setitem(sys.modules, name, telling(1))
    with pytest.raises(ImportError, match="can't be imported in a subinterpreter"):
        importlib.reload(_interpreter)
