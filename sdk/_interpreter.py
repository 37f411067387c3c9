"""Refuses to be imported in a subinterpreter, before NumPy is: some versions of it hang there."""

from __future__ import annotations

from importlib import import_module

_MODULES = ("_interpreters", "_xxsubinterpreters")  # from Python 3.13 on, and before


def _in_main_interpreter() -> bool:
    for name in _MODULES:
        try:
            interpreters = import_module(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() == interpreters.get_main())
    return True  # this Python has no others


if not _in_main_interpreter():
    raise ImportError(
        "sdk can't be imported in a subinterpreter, since NumPy and onnxruntime can't: "
        "import it in the main interpreter, or in a process of its own"
    )
