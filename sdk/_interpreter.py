"""Refuses to be imported in a subinterpreter, before NumPy is: some versions of it hang there."""

from __future__ import annotations

from typing import Any


def _in_main_interpreter() -> bool:
    interpreters: Any
    try:
        import _interpreters as interpreters  # type: ignore[import-not-found]  # from 3.13 on
    except ImportError:
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            return True  # this Python has none
    return bool(interpreters.get_current() == interpreters.get_main())


if not _in_main_interpreter():
    raise ImportError(
        "sdk can't be imported in a subinterpreter, since NumPy and onnxruntime can't: "
        "import it in the main interpreter, or in a process of its own"
    )
