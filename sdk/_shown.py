"""Write a refused value into an error message: bounded, printable, and running no foreign code."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

_CHARACTERS = 160
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


def shown(value: object) -> str:
    """Return a value for an error message: escaped, at most 160 characters, whatever its size."""
    text = _writer.repr(value)
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 3] + "..."
