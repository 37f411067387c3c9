"""The bar that commands show on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sdk.cli.progress import bar


def test_the_bar_shows_brackets_as_they_are_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with bar(console, disable=False) as progress:
        progress.add_task("[red]a.png", total=3)
        progress.refresh()
    assert "[red]a.png" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K"), "the line of the bar is erased"
