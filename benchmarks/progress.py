"""A progress bar with the time that is left; a line every tenth where no terminal watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console

from benchmarks.session import Advance


@contextmanager
def progress_bar(console: Console) -> Iterator[Advance]:
    """Yield what a run tells its steps to. A step before the processes are counted is a line."""
    if not console.is_terminal:
        yield _lines(console)
        return
    from export.display import bars

    with bars(console) as show:

        def advance(step: str, done: int, total: int) -> None:
            if total:
                show("processes", done, total, step)
            else:
                console.print(step, highlight=False, markup=False)

        yield advance


def _lines(console: Console) -> Advance:
    shown, begun = -1, monotonic()

    def advance(step: str, done: int, total: int) -> None:
        nonlocal shown
        if not total:
            console.print(step, highlight=False, markup=False)
            return
        tenth = 10 * done // total
        if tenth > shown:
            shown = tenth
            left_s = (monotonic() - begun) / done * (total - done) if done else 0.0
            more = f", about {_duration(left_s)} left" if 0 < done < total else ""
            console.print(f"{done} of {total} processes done{more}", highlight=False)

    return advance


def _duration(seconds: float) -> str:
    """Return a time in whole minutes; below one and a half, in tens of seconds."""
    if seconds >= 90:
        return f"{seconds / 60:.0f} min"
    return f"{10 * max(1, round(seconds / 10))} s"
