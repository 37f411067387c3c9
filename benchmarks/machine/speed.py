"""A fixed piece of work, timed at the start and the end, to see whether the machine changed."""

from __future__ import annotations

import hashlib

from benchmarks.measure.clock import Clock

_BLOCK = bytes(1 << 20)


def reference_ms(clock: Clock, repeats: int = 15) -> float:
    """Return the median time in ms to hash 1 MiB with SHA-256: one core, no memory traffic."""
    times = []
    for _ in range(repeats):
        start = clock.now_ns()
        hashlib.sha256(_BLOCK).digest()
        times.append(clock.now_ns() - start)
    return sorted(times)[len(times) // 2] / 1e6
