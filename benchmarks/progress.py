"""A progress bar with the time that is left; a line every tenth where no terminal watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.run import Advance


@contextmanager
def progress_bar(console: Console) -> Iterator[Advance]:
    """Yield what a run tells its steps to."""
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("start", total=None)

        def advance(step: str, done: int, total: int) -> None:
            progress.update(task, description=step, completed=done, total=total or None)

        yield advance


def _lines(console: Console) -> Advance:
    told = -1

    def advance(step: str, done: int, total: int) -> None:
        nonlocal told
        if not total:
            console.print(step, highlight=False, markup=False)
            return
        tenth = 10 * done // total
        if tenth > told:
            told = tenth
            console.print(f"{done} of {total} processes done", highlight=False)

    return advance
