"""Does `compare` find a slower kernel, and leave an unchanged one alone? Tries of both.

    python -m benchmarks.selfcheck.repeatability -o docs/results/repeatability.json

A try is three runs of the pixel suite: one, the same again, and one whose kernel takes 15 %
longer. `compare` must stay silent on the second and flag the third.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.commands import guarded
from benchmarks.compare import Comparison, compare
from benchmarks.machine.facts import machine_facts, state_at_start
from benchmarks.machine.software import software_facts
from benchmarks.processes import WORKER, Launcher, launch_module
from benchmarks.progress import progress_bar
from benchmarks.record.build import utc_now
from benchmarks.record.json_form import to_json
from benchmarks.record.machine import StartState
from benchmarks.record.store import write
from benchmarks.record.types import Record
from benchmarks.session import Advance
from benchmarks.suites.pixels.run import make_request, run

FORMAT = "sonogaze-repeatability/1"
FORMATS = ("BGRA32", "GRAY8", "NV12")
SHARE = 0.15

Suite = Callable[[Launcher], Record]


@dataclass(frozen=True)
class Verdict:
    """What `compare` says of a run against the first; ratios of the figures that are judged."""

    flagged: bool
    worse: list[str]
    ratios: dict[str, float]


@dataclass(frozen=True)
class Try:
    """An unchanged kernel and a slowed one, each against the first run; slugs of all warnings."""

    unchanged: Verdict
    slowed: Verdict
    warnings: list[str]


@dataclass(frozen=True)
class Summary:
    """How many tries, slowed kernels found, and unchanged ones flagged."""

    tries: int
    slowed_found: int
    unchanged_flagged: int

    @property
    def right(self) -> bool:
        """Return whether `compare` was right each time."""
        return self.slowed_found == self.tries and not self.unchanged_flagged


def one_try(suite: Suite, unchanged: Launcher, slowed: Launcher) -> Try:
    """Return what `compare` says of an unchanged and of a slowed kernel.

    Args:
        suite: runs the pixel suite with a launcher and returns its record.
        unchanged: launches a worker.
        slowed: launches one with the slower kernel.
    """
    first, again, slow = records = [suite(one) for one in (unchanged, unchanged, slowed)]
    slugs = {warning.slug for record in records for warning in record.warnings}
    return Try(_verdict(compare(first, again)), _verdict(compare(first, slow)), sorted(slugs))


def _verdict(comparison: Comparison) -> Verdict:
    ratios = {c.id: round(c.ratio.value, 4) for c in comparison.changes if c.ratio is not None}
    return Verdict(
        flagged=bool(comparison.worse),
        worse=[change.id for change in comparison.worse],
        ratios={key: ratios[key] for key in sorted(ratios) if _is_judged(key)},
    )


def _is_judged(key: str) -> bool:
    return "|sdk|" in key or "|sdk_measured|p50" in key or "|sdk_over_read|" in key


def summary(tries: Sequence[Try]) -> Summary:
    """Return the number of tries, of slowed kernels found and of unchanged ones flagged."""
    return Summary(
        tries=len(tries),
        slowed_found=sum(one.slowed.flagged for one in tries),
        unchanged_flagged=sum(one.unchanged.flagged for one in tries),
    )


def as_document(tries: Sequence[Try], share: float, start: StartState) -> dict[str, Any]:
    """Return the tries as JSON, with the machine and the software they ran on."""
    return {
        "format": FORMAT,
        "created_utc": utc_now(),
        "slowed_by": share,
        "formats": list(FORMATS),
        "summary": to_json(summary(tries)),
        "machine": to_json(machine_facts()),
        "state_at_start": to_json(start),
        "software": to_json(software_facts()),
        "tries": to_json(tries),
    }


def main(
    out: Annotated[Path, typer.Option("-o", "--out", help="JSON file to write.")],
    tries: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the slow-down.")] = SHARE,
) -> None:
    """Try it, on one thread, in fresh processes; after Ctrl-C the finished tries are kept."""
    start, done = state_at_start(), list[Try]()
    unchanged = partial(launch_module, WORKER)
    slowed = partial(launch_module, "benchmarks.selfcheck.slowed_worker", arguments=(str(share),))
    with progress_bar(Console(stderr=True)) as advance:
        suite = _counted_suite(advance, 3 * tries)
        for _ in range(tries):
            done.append(one_try(suite, unchanged, slowed))
            document = as_document(done, share, start)
            write(out, json.dumps(document, indent=1, allow_nan=False) + "\n")
    counted = summary(done)
    Console().print(
        f"{counted.slowed_found} of {tries} slowed kernels found, "
        f"{counted.unchanged_flagged} of {tries} unchanged ones flagged: {out}"
    )
    if not counted.right:
        raise typer.Exit(1)


def _counted_suite(advance: Advance, total: int) -> Suite:
    """Return the suite with another order of processes each time, its runs counted."""
    seeds = count(1)

    def suite(launcher: Launcher) -> Record:
        seed = next(seeds)
        advance(f"try {1 + (seed - 1) // 3}", seed - 1, total)
        return run(make_request(True, FORMATS, seed), launcher, lambda *_: None)

    return suite


if __name__ == "__main__":
    guarded(lambda: typer.run(main))
