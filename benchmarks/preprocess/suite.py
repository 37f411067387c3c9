"""Time every way on every case, by turns, on frames that no cache holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine.kernel import isa_in_use
from benchmarks.preprocess import chains
from benchmarks.preprocess.cases import FORMATS, SIZES, Case, all_cases, buffers, jpegs, pool
from sdk import _kernels
from sdk.preprocess import Preprocessing

RECORD_FORMAT = "sonogaze-preprocess/1"
RECIPE = Preprocessing(192, 144, aspect="stretch")
SLOW_WAYS_EVERY = 6  # plain NumPy takes as long as everything else together
WARM_UP = 3
LIMIT_OVER_READ, LIMIT_UNDER_OPENCV = 1.5, 5.0

Way = Callable[[int], None]


def run(
    formats: tuple[str, ...] = FORMATS,
    sizes: tuple[tuple[int, int], ...] = tuple(SIZES),
    samples: int = 60,
    advance: Callable[[str], None] = lambda _: None,
    memory: NDArray[np.uint8] | None = None,
) -> dict[str, Any]:
    """Measure, on one thread, and return a record that JSON takes as it is.

    Args:
        formats: names of pixel formats.
        sizes: frame sizes, keys of ``SIZES``.
        samples: times each way is timed; plain NumPy a sixth of that.
        advance: told a line for each case that is done.
        memory: bytes to rotate through; left out: 512 MiB.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        memory = pool() if memory is None else memory
        cases = []
        for case in all_cases(formats, sizes):
            cases.append(measure(case, samples, memory))
            advance(line(cases[-1]))
    finally:
        cv2.setNumThreads(threads)
    return {
        "format": RECORD_FORMAT,
        "isa": isa_in_use(),
        "pool_bytes": int(memory.size),
        "target": [RECIPE.width, RECIPE.height],
        "cases": cases,
    }


def measure(case: Case, samples: int, memory: NDArray[np.uint8]) -> dict[str, Any]:
    """Return one case: raw microseconds of each way, medians, ratios."""
    count, ways = _jpeg_ways(case) if case.format == "MJPEG" else _raw_ways(case, memory)
    turn = 0
    raw: dict[str, list[float]] = {name: [] for name in ways}
    for sample in range(-WARM_UP, samples):
        for name, way in ways.items():
            if name == "numpy" and sample % SLOW_WAYS_EVERY:
                continue
            turn = (turn + 1) % count
            start = time.perf_counter_ns()
            way(turn)
            elapsed = (time.perf_counter_ns() - start) / 1000
            if sample >= 0:
                raw[name].append(round(elapsed, 2))
    median = {name: round(statistics.median(times), 2) for name, times in raw.items()}
    return {
        "format": case.format,
        "width": case.width,
        "height": case.height,
        "region": list(case.region),
        "samples_us": raw,
        "median_us": median,
        **_ratios(median),
    }


def _raw_ways(case: Case, memory: NDArray[np.uint8]) -> tuple[int, dict[str, Way]]:
    data = buffers(case, memory)
    frames = [case.frame(buffer) for buffer in data]
    layout = frames[0]._layout
    out = np.empty((RECIPE.height, RECIPE.width), np.float32)
    ways: dict[str, Way] = {
        "sdk": lambda i: RECIPE.tensor_into(frames[i], out),
        "sdk_measured": lambda i: _measured(frames[i], out),
        "read_sum": lambda i: _discard(_kernels.sum_region(layout, data[i], False)),
        "read_memcpy": lambda i: _kernels.memcpy_region(layout, data[i], False),
        "read_all_sum": lambda i: _discard(_kernels.sum_region(layout, data[i], True)),
        "read_all_memcpy": lambda i: _kernels.memcpy_region(layout, data[i], True),
    }
    for name, chain in chains.opencv_chains(case).items():
        ways[name] = lambda i, chain=chain: chain(data[i], out)
    plain = chains.numpy_chain(case, RECIPE.width, RECIPE.height)
    ways["numpy"] = lambda i: plain(data[i], out)
    return len(data), ways


def _jpeg_ways(case: Case) -> tuple[int, dict[str, Way]]:
    data = jpegs(case)
    about = {"format": "MJPEG", "region": case_region(case)}
    from sdk import Frame

    out = np.empty((RECIPE.height, RECIPE.width), np.float32)
    ways: dict[str, Way] = {"sdk": lambda i: RECIPE.tensor_into(Frame(data[i], **about), out)}
    for name, chain in chains.jpeg_chains(case).items():
        ways[name] = lambda i, chain=chain: chain(data[i], out)
    return len(data), ways


def case_region(case: Case) -> Any:
    """Return the region as the SDK's own."""
    from sdk import Region

    return Region.rectangle(*case.region)


def _measured(frame: Any, out: NDArray[np.float32]) -> None:
    RECIPE.measure_into(frame, out)


def _discard(_: int) -> None:
    pass


def _ratios(median: dict[str, float]) -> dict[str, Any]:
    opencv = min(value for name, value in median.items() if name.startswith("opencv"))
    ratios: dict[str, Any] = {"opencv_over_sdk": round(opencv / median["sdk"], 2)}
    if "read_sum" in median:
        read = min(median["read_sum"], median["read_memcpy"])
        read_all = min(median["read_all_sum"], median["read_all_memcpy"])
        ratios["sdk_over_read"] = round(median["sdk"] / read, 2)
        ratios["measured_over_read_all"] = round(median["sdk_measured"] / read_all, 2)
        ratios["numpy_over_sdk"] = round(median["numpy"] / median["sdk"], 2)
    return ratios


HEADER = (
    f"{'size':>9} {'format':7} {'sdk us':>8} {'read us':>8} {'sdk/read':>8} {'+stats':>7} "
    f"{'opencv us':>9} {'opencv/sdk':>10} {'numpy/sdk':>9}"
)


def line(case: dict[str, Any]) -> str:
    """Return a case as a row under ``HEADER``; ``-`` where a figure does not apply."""
    median = case["median_us"]
    reads = [median[name] for name in ("read_sum", "read_memcpy") if name in median]
    opencv = min(value for name, value in median.items() if name.startswith("opencv"))

    def figure(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    return (
        f"{case['width']:>4}x{case['height']:<4} {case['format']:7} {median['sdk']:8.0f} "
        f"{figure(min(reads, default=None), 0):>8} {figure(case.get('sdk_over_read'), 2):>8} "
        f"{figure(case.get('measured_over_read_all'), 2):>7} {opencv:9.0f} "
        f"{case['opencv_over_sdk']:10.1f} {figure(case.get('numpy_over_sdk'), 0):>9}"
    )


def table(record: dict[str, Any]) -> str:
    """Return the record as text."""
    return "\n".join([HEADER, *(line(case) for case in record["cases"])])
