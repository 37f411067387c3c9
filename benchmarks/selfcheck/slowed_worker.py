"""`benchmarks.worker` with the pixel kernel made slower: the defect that `compare` has to find.

    python -m benchmarks.selfcheck.slowed_worker 0.15 < job.json > result.json

Each call of the kernel is followed by busy waiting for that share of the time it took.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any


def slow_down(share: float) -> None:
    """Make each pass of the pixel kernel take ``1 + share`` times as long, in this process."""
    from sdk.preprocess import Preprocessing

    for name in ("tensor_into", "measure_into"):
        setattr(Preprocessing, name, _slowed(getattr(Preprocessing, name), share))


def _slowed(call: Callable[..., Any], share: float) -> Callable[..., Any]:
    def slowed(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter_ns()
        result = call(*arguments, **named)
        end = time.perf_counter_ns()
        until = end + share * (end - start)
        while time.perf_counter_ns() < until:
            pass
        return result

    return slowed


if __name__ == "__main__":
    from benchmarks.worker import main

    slow_down(float(sys.argv[1]))
    sys.exit(main())
