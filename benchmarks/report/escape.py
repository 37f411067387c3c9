"""Text from outside (names of models, errors) as plain text in Markdown and HTML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# punctuation that means something in CommonMark, GitHub's tables, strike-through and formulas
_MARKS = re.compile(r"[\\`*\[\]<>|~&$]|(?<!\w)_|_(?!\w)")
_INTERVAL = re.compile(r"^(?P<value>[^()]+) (?P<interval>\([^()]+ to [^()]+\))$")


def markdown_cell(text: object) -> str:
    """Return text that Markdown shows as it stands, on one line, in a table's cell or beside it."""
    line = "".join(c if c.isprintable() else " " for c in str(text)).strip()
    return _MARKS.sub(lambda match: "\\" + match[0], line)


def parted(text: object) -> Markup:
    """Return a cell for HTML: a value that never wraps, and its interval below it."""
    match = _INTERVAL.match(str(text))
    if match is None:
        return escape(str(text))
    return Markup('<span class="value">{}</span> <span class="interval">{}</span>').format(
        match["value"], match["interval"]
    )
