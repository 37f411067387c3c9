"""What decoding one frame may cost, as the kernel has it before, in and after the frame."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sdk.sources import limits

NEAR_BYTES = 8 << 20  # what the process may grow by between two lines
MEASURE = """
import json, re, resource, signal, sys
from sdk.sources import limits

def now():
    status = open("/proc/self/status").read()
    size = int(re.search(r"VmSize:\\s*(\\d+) kB", status)[1]) * 1024
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    timer, again = signal.getitimer(signal.ITIMER_PROF)
    return {"size": size, "own": limits.size_bytes(), "soft": soft, "hard": hard, "timer_s": timer,
            "again_s": again}

if sys.argv[1] != "none":
    resource.setrlimit(resource.RLIMIT_AS, (now()["size"] + int(sys.argv[1]),) * 2)
told = [now()]
for step in (limits.begin, lambda: limits.allow_pixels(10_000_000), limits.end):
    step()
    told.append(now())
print(json.dumps(told))
"""


def measured(hard_limit_bytes: int | None) -> list[dict[str, float]]:
    command = [sys.executable, "-c", MEASURE, str(hard_limit_bytes or "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: list[dict[str, float]] = json.loads(done.stdout)
    return told


def test_a_frame_has_so_much_memory_and_time_and_afterwards_there_is_no_limit() -> None:
    before, begun, declared, ended = measured(None)
    assert abs(before["own"] - before["size"]) < NEAR_BYTES
    assert abs(begun["soft"] - begun["size"] - limits.MEMORY_BYTES) < NEAR_BYTES
    more = 10_000_000 * limits.BYTES_PER_PIXEL
    assert abs(declared["soft"] - declared["size"] - limits.MEMORY_BYTES - more) < NEAR_BYTES
    assert ended["soft"] == before["hard"]
    assert 0 < begun["timer_s"] < limits.CPU_S + 0.1  # in ticks of the kernel
    assert (begun["again_s"], ended["timer_s"]) == (0, 0)


def test_a_host_may_allow_less_memory_than_a_frame_may_have() -> None:
    for told in measured(100 << 20):
        assert told["soft"] == told["hard"]


@pytest.mark.parametrize("pixels", [1, 64 * 1024 * 1024])
def test_a_process_that_is_kept_has_room_for_any_frame(pixels: int) -> None:
    assert limits.MEMORY_BYTES + pixels * limits.BYTES_PER_PIXEL > limits.RECYCLE_BYTES
