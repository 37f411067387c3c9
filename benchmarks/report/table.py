"""A table as plain strings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A titled table of strings; ``note`` says how to read it."""

    title: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""
