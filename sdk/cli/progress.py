"""The one progress bar of the commands."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def bar(console: Console, *, disable: bool, **redirects: Any) -> Progress:
    """Return a bar that leaves nothing behind.

    Args:
        console: where it is shown.
        disable: show nothing, since nobody looks.
        redirects: of `rich.progress.Progress`.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=disable,
        **redirects,
    )
