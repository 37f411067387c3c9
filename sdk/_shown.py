"""Write what a file or a caller gave into an error message: bounded, printable, on one line."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

MAX_MESSAGE = 1000
"""Longest message of an error, in characters; of a longer one the middle is left out."""
MAX_SHOWN = 160
"""Longest text that stands for one value in a message, in characters."""
_TAIL_SHARE = 3  # the last third is kept: it says how to mend it
_BITS = 256
_CONTAINERS = (int, str, bytes, list, tuple, dict)
_SCALARS = (type(None), bool, float)


class _Writer(reprlib.Repr):
    """A `repr` of bounded size and work; text is cut before it is escaped."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxdict = 12
        self.maxlevel, self.maxstring, self.maxother = 3, 80, 80

    def repr1(self, x: Any, level: int) -> str:
        """Write built-in types alone: reprlib itself goes by the name of the type."""
        if type(x) in _CONTAINERS:
            return super().repr1(x, level)
        if type(x) in _SCALARS or isinstance(x, np.number | np.bool_):
            return repr(x)
        return f"a {type(x).__name__}"

    def repr_int(self, x: int, level: int) -> str:
        """Tell the size of a number too long to be written (`sys.set_int_max_str_digits`)."""
        return f"a whole number of {x.bit_length()} bits" if x.bit_length() > _BITS else repr(x)

    def repr_bytes(self, x: bytes, level: int) -> str:
        """Write the first bytes."""
        return repr(x[: self.maxstring]) + ("..." if len(x) > self.maxstring else "")


_writer = _Writer()


def shown(value: object, most: int = MAX_SHOWN) -> str:
    """Return a value for an error message: its `repr`, or what kind it is.

    No code of a foreign type runs, and nested containers are abridged before they are written.

    Args:
        value: of any type and size.
        most: length of the result, in characters, at least 100.
    """
    if type(value) is str and len(value) <= 2 * most:
        return printable(repr(value), most)
    return printable(_writer.repr(value), most)


def printable(text: str, most: int = MAX_MESSAGE) -> str:
    r"""Return text that is safe to print on one line of a terminal.

    Line ends, control, invisible and direction-changing characters and lone surrogates become
    Python escapes (``\n``, ``\x1b``, ``\u202e``). Text longer than `most` characters loses its
    middle. What this returned once it returns unchanged.

    Args:
        text: of any length and content.
        most: length of the result, in characters, at least 100.
    """
    if len(text) <= most and text.isprintable():
        return text
    tail = most // _TAIL_SHARE
    left_out = max(0, len(text) - 2 * most)
    kept = text if not left_out else text[:most] + text[-most:]
    escaped = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in kept)
    if len(escaped) <= most:
        return escaped
    note = f" [{left_out + len(escaped) - most} or more characters left out] "
    return escaped[: most - tail - len(note)] + note + escaped[len(escaped) - tail :]
