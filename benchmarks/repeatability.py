"""Does `compare` find a slower kernel, and leave an unchanged one alone? Tries of both.

    python -m benchmarks.repeatability -o docs/results/repeatability.json

A try is three runs of the preprocessing suite: one, the same again, and one whose kernel takes 15 %
longer. `compare` must stay silent on the second and flag the third.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.commands import guarded
from benchmarks.compare import Comparison, compare
from benchmarks.kernels import request, run_kernels
from benchmarks.machine.facts import machine_facts, state_at_start
from benchmarks.machine.software import software_facts
from benchmarks.processes import Launcher, launch_module
from benchmarks.record.build import utc_now
from benchmarks.record.store import write_text

FORMAT = "sonogaze-repeatability/1"
FORMATS = ("BGRA32", "GRAY8", "NV12")
SHARE = 0.15

Suite = Callable[[Launcher], dict[str, Any]]


def one_try(suite: Suite, plain: Launcher, slowed: Launcher) -> dict[str, Any]:
    """Return what `compare` says of an unchanged and of a slowed kernel.

    Args:
        suite: runs the preprocessing suite with a launcher and returns its record.
        plain: launches a worker.
        slowed: launches one with the slower kernel.
    """
    first, again, slow = records = [suite(launcher) for launcher in (plain, plain, slowed)]
    slugs = {warning["slug"] for record in records for warning in record["warnings"]}
    return {
        "unchanged": _told(compare(first, again)),
        "slowed": _told(compare(first, slow)),
        "warnings": sorted(slugs),
    }


def _told(found: Comparison) -> dict[str, Any]:
    ratios = {c.id: c.ratio.value for c in found.changes if c.ratio is not None}
    return {
        "flagged": bool(found.worse),
        "worse": [change.id for change in found.worse],
        "ratios": {key: round(ratios[key], 4) for key in sorted(ratios) if _is_judged(key)},
    }


def _is_judged(key: str) -> bool:
    return "|sdk|" in key or "|sdk_measured|p50" in key or "|sdk_over_read|" in key


def summary(tries: list[dict[str, Any]]) -> dict[str, int]:
    """Return the number of tries, of slowed kernels found and of unchanged ones flagged."""
    return {
        "tries": len(tries),
        "slowed_found": sum(one["slowed"]["flagged"] for one in tries),
        "unchanged_flagged": sum(one["unchanged"]["flagged"] for one in tries),
    }


def as_document(tries: list[dict[str, Any]], share: float, start: dict[str, Any]) -> dict[str, Any]:
    """Return the tries with the machine and the software they ran on."""
    return {
        "format": FORMAT,
        "created_utc": utc_now(),
        "slowed_by": share,
        "formats": list(FORMATS),
        "summary": summary(tries),
        "machine": machine_facts(),
        "state_at_start": start,
        "software": software_facts(),
        "tries": tries,
    }


def main(
    out: Annotated[Path, typer.Option("-o", "--out", help="JSON file to write.")],
    tries: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the slow-down.")] = SHARE,
) -> None:
    """Try it, on one thread, in fresh processes; after Ctrl-C the finished tries are kept."""
    from benchmarks.progress import progress_bar

    errors = Console(stderr=True)
    start, done = state_at_start(), []
    plain = partial(launch_module, "benchmarks.worker")
    slowed = partial(launch_module, "benchmarks.slowed_worker", arguments=(str(share),))
    runs = 0
    with progress_bar(errors) as advance:

        def suite(launcher: Launcher) -> dict[str, Any]:
            nonlocal runs
            advance(f"try {runs // 3 + 1}", runs, 3 * tries)
            runs += 1
            return run_kernels(request(True, FORMATS, runs), launcher, lambda *_: None)

        for _ in range(tries):
            done.append(one_try(suite, plain, slowed))
            write_text(out, json.dumps(as_document(done, share, start), indent=1) + "\n")
    found = summary(done)
    Console().print(
        f"{found['slowed_found']} of {tries} slowed kernels found, "
        f"{found['unchanged_flagged']} of {tries} unchanged ones flagged: {out}"
    )
    if found["slowed_found"] < tries or found["unchanged_flagged"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    guarded(lambda: typer.run(main))
