"""Every slug that the package raises is in the table, and every slug of the table is raised."""

from __future__ import annotations

import re
from pathlib import Path

from sdk.errors import SLUGS

ROOT = Path(__file__).parents[2]
RAISED = re.compile(r'\b(?:Frame|Model|Source|Sdk)?Error\(\s*"([a-z0-9]+(?:-[a-z0-9]+)+)"')
QUOTED = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"')


def sources() -> list[str]:
    files = [*(ROOT / "sdk").rglob("*.py"), *(ROOT / "cpp_ext").rglob("*.[ch]pp")]
    return [path.read_text() for path in files if path.name != "errors.py"]


def test_every_raised_slug_is_in_the_table() -> None:
    raised = {slug for text in sources() for slug in RAISED.findall(text)}
    assert len(raised) > 40
    assert raised <= set(SLUGS)


def test_every_slug_of_the_table_is_used() -> None:
    quoted = {slug for text in sources() for slug in QUOTED.findall(text)}
    assert set(SLUGS) - quoted == set()
