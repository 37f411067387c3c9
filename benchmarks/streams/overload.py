"""Streams that are given ten times what they can answer: memory, ages and counts must hold.

The student is slowed to 33 ms a frame and gets 300 frames a second, in each background form, with
callbacks that raise, sleep and never return. Then a sender's clock steps to and fro, and senders
are killed and started again under a running stream.

`python -m benchmarks.streams.overload [--seconds N] [--kills N] [-o FILE]`, N seconds a form;
status 1 where something did not hold.
"""

from __future__ import annotations

import argparse
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter_ns, sleep
from typing import Any, Literal

import numpy as np

import sdk
from benchmarks.machine.facts import machine_facts
from benchmarks.streams.cine import phantom_pictures
from benchmarks.streams.clocks import stepping
from benchmarks.streams.killed import killed
from benchmarks.streams.memory import anonymous_kib, growth
from benchmarks.streams.shown import show
from benchmarks.streams.slowed import Slowed
from sdk.stream import BackgroundStream, StreamResult, StreamStats

SERVICE_S = 1 / 30
PUT_FPS = 300.0
_MOST_GROWN_KIB = 1024
_SAMPLES = 60
AGE = "p99 of the newest answer's age within twice its bound"


@dataclass(frozen=True)
class Form:
    """A background stream, and what its callback does."""

    name: str
    capacity: int
    when_full: Literal["drop-oldest", "wait"]
    callback: Literal["raises", "sleeps", "hangs"]

    @property
    def age_bound(self) -> int:
        """How old the newest answer's frame gets: those before it, itself and the next one."""
        return self.capacity + 2


FORMS = (
    Form("latest", 1, "drop-oldest", "raises"),
    Form("queue", 32, "drop-oldest", "sleeps"),
    Form("wait", 8, "wait", "hangs"),
)


class Callback:
    """Misbehaves, and counts its calls."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.calls = self.raised = 0
        self.release = threading.Event()

    def __call__(self, answer: StreamResult) -> None:
        """Take an answer."""
        self.calls += 1
        if self._kind == "raises" and self.calls % 3 == 0:
            self.raised += 1
            raise RuntimeError("on purpose")
        if self._kind == "sleeps":
            self.release.wait(0.1)
        if self._kind == "hangs" and self.calls == 10:
            self.release.wait()


@dataclass
class Seen:
    """What was seen while frames were put; ages in memory that is there from the start."""

    ages_s: Any
    pushed: int = 0
    frames: list[int] = field(default_factory=list)
    kib: list[int] = field(default_factory=list)
    unaccounted: set[int] = field(default_factory=set)

    def sample(self, live: BackgroundStream) -> None:
        """Read memory, and count the frames that no count of the stream holds."""
        stats = settled(live)
        held = stats.frames + stats.failed + stats.dropped + stats.waiting
        self.unaccounted.add(self.pushed - held)
        self.frames.append(self.pushed)
        self.kib.append(anonymous_kib())


def settled(live: BackgroundStream) -> StreamStats:
    """Return counts between two changes: they are read one after the other, while it works."""
    while True:
        first, second = live.stats(), live.stats()
        if (first.frames, first.waiting) == (second.frames, second.waiting):
            return second


def put_all(live: BackgroundStream, form: Form, seconds: float) -> Seen:
    """Put frames at `PUT_FPS` for so long; ticks that are missed are left out."""
    most = round(seconds * PUT_FPS)
    seen, shown = Seen(np.full(most, np.nan)), phantom_pictures()
    begun_s = sampled_s = monotonic()
    timeout_s = 0.0 if form.when_full == "wait" else None
    tick = 0
    while tick < most:
        sleep(max(0.0, begun_s + tick / PUT_FPS - monotonic()))
        live.put(shown[tick % len(shown)], timeout_s=timeout_s)
        seen.pushed += 1
        if live.latest is not None:
            seen.ages_s[tick] = perf_counter_ns() / 1e9 - live.latest.timestamp_us / 1e6
        if monotonic() - sampled_s > seconds / _SAMPLES:
            sampled_s = monotonic()
            seen.sample(live)
        tick = max(tick + 1, int((monotonic() - begun_s) * PUT_FPS))
    return seen


def _ages(seen: Seen) -> list[float]:
    return [float(age) for age in np.nanpercentile(seen.ages_s, [50, 99, 100])]


def overload(classifier: sdk.Classifier, form: Form, seconds: float) -> dict[str, Any]:
    """Give one form too much, and tell what held and what didn't."""
    callback = Callback(form.callback)
    slowed = Slowed(classifier, SERVICE_S)
    live = slowed.stream(fps=30).background(
        callback, capacity=form.capacity, when_full=form.when_full
    )
    seen = put_all(live, form, seconds)
    stuck = not live.close(timeout_s=2.0)
    callback.release.set()
    closed = live.close(timeout_s=60.0)
    stats = live.stats()
    memory = growth(seen.frames, seen.kib)
    age_s = dict(zip(("p50", "p99", "max"), _ages(seen), strict=True))
    age_bound_s = form.age_bound * slowed.took_p99_s()
    held = {
        "pushed = answered + failed + dropped": seen.pushed
        == stats.frames + stats.failed + stats.dropped,
        "while it ran, one frame at most was between two counts": seen.unaccounted <= {0, 1},
        "answered = delivered + undelivered": stats.frames == callback.calls + stats.undelivered,
        "callback errors counted": stats.callback_errors == callback.raised,
        "memory grew by less than 1 MiB": memory.grown_kib < _MOST_GROWN_KIB,
        AGE: age_s["p99"] < 2 * age_bound_s,
        "a callback that hangs is told by close": stuck or form.callback != "hangs",
        "closed at the end": closed,
    }
    return {
        "form": form.name,
        "capacity": form.capacity,
        "callback": form.callback,
        "seconds": seconds,
        "pushed": seen.pushed,
        "delivered": callback.calls,
        "age_s": age_s,
        "age_bound_s": age_bound_s,
        "memory": memory._asdict(),
        "stats": stats.to_dict(),
        "held": held,
    }


def main() -> None:
    """Run all of it and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier = sdk.Classifier()
    record: dict[str, Any] = {
        "command": f"python -m benchmarks.streams.overload --seconds {asked.seconds:g} "
        f"--kills {asked.kills}",
        "cpu": machine_facts().cpu_model,
        "model_id": classifier.model_id,
        "overload": [overload(classifier, form, asked.seconds) for form in FORMS],
        "clocks": stepping(classifier, frames=5000, seed=0),
        "killed": [killed(classifier, kind, asked.kills) for kind in ("http", "igtl")],
    }
    parts = [*record["overload"], record["clocks"], *record["killed"]]
    record["held"] = all(all(part["held"].values()) for part in parts)
    show(record, asked.output)
    sys.exit(not record["held"])


if __name__ == "__main__":
    main()
