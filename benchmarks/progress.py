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
            left = (monotonic() - begun) / done * (total - done) / 60 if done else 0.0
            more = f", about {left:.0f} min left" if left >= 1 else ""
            console.print(f"{done} of {total} processes done{more}", highlight=False)

    return advance
