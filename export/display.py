"""Progress: one bar a step, with the latest losses beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column

from export.parallel import is_leader

Show = Callable[[str, int, int, str], None]
Progress = Callable[[int, int], None]
Report = Callable[[int, dict[str, float]], None]

NAME_WIDTH = 20
#: Over how much of the past a bar's speed is taken: after a step longer than that, the time that
#: is left would be unknown again.
_SPEED_S = 3600.0


@contextmanager
def bars(console: Console) -> Iterator[Show]:
    """Yield `show(step, done, total, note)`, which draws one bar for each step's name.

    Of several processes that train together, the leader alone draws.
    """
    columns = (
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(min_width=NAME_WIDTH, no_wrap=True),
        ),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        # losses have many parts: what 80 columns don't hold goes on in the next line
        TextColumn("{task.fields[note]}", markup=False, table_column=Column(ratio=1)),
    )
    with Bars(
        *columns,
        console=console,
        expand=True,
        disable=not is_leader(),
        speed_estimate_period=_SPEED_S,
    ) as progress:
        known: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int, note: str = "") -> None:
            if step not in known:
                known[step] = progress.add_task(step, total=total, note=note)
            progress.update(known[step], completed=done, total=total, note=note)

        yield show


def silent(step: str, done: int, total: int, note: str = "") -> None:
    """Show nothing; for tests and library use."""


def quiet(done: int, total: int) -> None:
    """Report nothing."""


def progress_of(show: Show, step: str) -> Progress:
    """Return what shows one step by how much of it is done."""
    return lambda done, total: show(step, done, total, "")


def epochs_of(show: Show, step: str, epochs: int) -> Report:
    """Return what shows one training by its epochs, with the latest losses."""

    def report(epoch: int, losses: dict[str, float]) -> None:
        note = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        show(step, epoch, epochs, note)

    return report
