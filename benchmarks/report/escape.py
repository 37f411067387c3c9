"""Text from outside (names of models, errors) as plain text in Markdown and HTML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# punctuation that means something in CommonMark, GitHub's tables, strike-through and formulas
_MARKS = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")
_WITH_UNIT = re.compile(r"^([≤≥] )?[\d.,]+ \S{1,5}$")
_INTERVAL = re.compile(r"^(?P<value>[^()]+) (?P<interval>\([^()]+ to [^()]+\))$")


def printable(text: object) -> object:
    """Return text without what moves a terminal or turns a line about; anything else as it is."""
    if not isinstance(text, str) or isinstance(text, Markup):
        return text
    return "".join(c if c.isprintable() else " " for c in text)


def markdown_cell(text: object) -> str:
    """Return text that Markdown shows as it stands, on one line, in a table's cell or beside it."""
    line = str(printable(str(text))).strip()
    return _MARKS.sub(lambda match: "\\" + match[0], line)


def parted(text: object) -> Markup:
    """Return a cell for HTML: a value with its unit never wraps; its interval stands below it."""
    line = str(printable(str(text)))
    match = _INTERVAL.match(line)
    if match is None:
        plain = escape(line)
        with_unit = _WITH_UNIT.match(line)
        return Markup('<span class="value">{}</span>').format(plain) if with_unit else plain
    return Markup('<span class="value">{}</span> <span class="interval">{}</span>').format(
        match["value"], match["interval"]
    )
