"""Progress for eyes: one bar a step, with the latest losses beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from export.parallel import is_leader

Show = Callable[[str, int, int, str], None]


@contextmanager
def bars(console: Console) -> Iterator[Show]:
    """Yield `show(step, done, total, note)`, which draws one bar for each step's name.

    Of several processes that train together, the leader alone draws.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=console, disable=not is_leader()) as progress:
        known: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int, note: str = "") -> None:
            if step not in known:
                known[step] = progress.add_task(step, total=total, note=note)
            progress.update(known[step], completed=done, total=total, note=note)

        yield show


def silent(step: str, done: int, total: int, note: str = "") -> None:
    """Show nothing; for tests and library use."""
