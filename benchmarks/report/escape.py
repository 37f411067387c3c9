"""Text from outside (names of models, errors) as plain text in Markdown and HTML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# punctuation that means something in CommonMark, GitHub's tables, strike-through and formulas
_MARKS = re.compile(r"[\\`*\[\]<>|~&$]|(?<!\w)_|_(?!\w)")
_WITH_UNIT = re.compile(r"^([≤≥] )?[\d.,]+ \S{1,5}$")
_INTERVAL = re.compile(r"^(?P<value>[^()]+) (?P<interval>\([^()]+ to [^()]+\))$")


def markdown_cell(text: object) -> str:
    """Return text that Markdown shows as it stands, on one line, in a table's cell or beside it."""
    line = "".join(c if c.isprintable() else " " for c in str(text)).strip()
    return _MARKS.sub(lambda match: "\\" + match[0], line)


def parted(text: object) -> Markup:
    """Return a cell for HTML: a value with its unit never wraps; its interval stands below it."""
    match = _INTERVAL.match(str(text))
    if match is None:
        plain = escape(str(text))
        whole = _WITH_UNIT.match(str(text))
        return Markup('<span class="value">{}</span>').format(plain) if whole else plain
    return Markup('<span class="value">{}</span> <span class="interval">{}</span>').format(
        match["value"], match["interval"]
    )
