"""Time every way on every case, by turns, on frames that no cache holds."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.record.outcomes import PixelCase, Pixels
from benchmarks.suites.pixels import baselines, chains
from benchmarks.suites.pixels.cases import FORMATS, SIZES, Case, all_cases, buffers, jpegs, pool
from sdk import Frame, Region, _kernels
from sdk.preprocess import Preprocessing

RECIPE = Preprocessing(192, 144, aspect="stretch")
SLOW_WAYS_EVERY = 6  # plain NumPy takes as long as everything else together
WARM_UP = 3

#: Prepares the frame with this index; what it returns is of no interest.
Way = Callable[[int], object]


def run(
    formats: Sequence[str] = FORMATS,
    sizes: Sequence[tuple[int, int]] = tuple(SIZES),
    samples: int = 60,
    memory: NDArray[np.uint8] | None = None,
) -> Pixels:
    """Measure on one thread.

    Args:
        formats: names of pixel formats.
        sizes: frame sizes, keys of ``SIZES``.
        samples: times each way is timed; plain NumPy a sixth of that.
        memory: bytes to rotate through; left out: 512 MiB.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        memory = pool() if memory is None else memory
        cases = [measure(case, samples, memory) for case in all_cases(formats, sizes)]
        return Pixels(cases, baselines.absent())
    finally:
        cv2.setNumThreads(threads)


def measure(case: Case, samples: int, memory: NDArray[np.uint8]) -> PixelCase:
    """Return one case: raw microseconds of each way, medians, ratios."""
    if case.format == "MJPEG":
        count, ways = _jpeg_ways(case)
        deviation = {}
    else:
        count, ways = _raw_ways(case, memory)
        deviation = deviations(case, buffers(case, memory)[0])
    raw = _times(ways, count, samples)
    median = {name: round(statistics.median(times), 2) for name, times in raw.items()}
    opencv = min(value for name, value in median.items() if name.startswith("opencv"))
    read = min(median.get("read_sum", 0), median.get("read_memcpy", 0))
    read_all = min(median.get("read_all_sum", 0), median.get("read_all_memcpy", 0))
    return PixelCase(
        format=case.format,
        width=case.width,
        height=case.height,
        region=list(case.region),
        samples_us=raw,
        median_us=median,
        opencv_over_sdk=round(opencv / median["sdk"], 2),
        sdk_over_read=_ratio(median["sdk"], read),
        measured_over_read_all=_ratio(median.get("sdk_measured"), read_all),
        numpy_over_sdk=_ratio(median.get("numpy"), median["sdk"]),
        over_sdk=_over_sdk(median),
        deviation=deviation,
    )


def _over_sdk(median: dict[str, float]) -> dict[str, float]:
    """Return the fastest order of each baseline over the SDK."""
    fastest = {
        family: min((us for way, us in median.items() if way.startswith(family)), default=None)
        for family in baselines.FAMILIES
    }
    return {name: round(us / median["sdk"], 2) for name, us in fastest.items() if us is not None}


def deviations(case: Case, data: NDArray[np.uint8]) -> dict[str, float]:
    """Return the largest deviation of each way from the SDK's exact tensor, in grey levels."""
    exact = np.empty((RECIPE.height, RECIPE.width), np.float32)
    RECIPE.tensor_into(case.frame(data), exact)
    found = {}
    for name, chain in _chains(case).items():
        out = np.empty_like(exact)
        chain(data, out)
        found[name] = round(float(np.abs(out - exact).max()) * 255, 3)
    return found


def _ratio(value: float | None, base: float) -> float | None:
    """Return value / base; None where a way is not timed, as reading is not for MJPEG."""
    return None if value is None or not base else round(value / base, 2)


def _times(ways: dict[str, Way], count: int, samples: int) -> dict[str, list[float]]:
    """Return microseconds of each way; each turn takes the next of ``count`` frames.

    The order is shuffled anew for each sample: what ran before a way decides what the caches hold.
    """
    order = list(ways)
    shuffle = random.Random(0).shuffle
    turn = 0
    raw: dict[str, list[float]] = {name: [] for name in ways}
    for sample in range(-WARM_UP, samples):
        shuffle(order)
        for name in order:
            if name == "numpy" and sample % SLOW_WAYS_EVERY:
                continue
            turn = (turn + 1) % count
            start = time.perf_counter_ns()
            ways[name](turn)
            elapsed = (time.perf_counter_ns() - start) / 1000
            if sample >= 0:
                raw[name].append(round(elapsed, 2))
    return raw


def _raw_ways(case: Case, memory: NDArray[np.uint8]) -> tuple[int, dict[str, Way]]:
    data = buffers(case, memory)
    frames = [case.frame(buffer) for buffer in data]
    layout = frames[0]._layout
    out = np.empty((RECIPE.height, RECIPE.width), np.float32)
    ways: dict[str, Way] = {
        "sdk": lambda i: RECIPE.tensor_into(frames[i], out),
        "sdk_measured": lambda i: RECIPE.measure_into(frames[i], out),
        "read_sum": lambda i: _kernels.sum_region(layout, data[i], False),
        "read_memcpy": lambda i: _kernels.memcpy_region(layout, data[i], False),
        "read_all_sum": lambda i: _kernels.sum_region(layout, data[i], True),
        "read_all_memcpy": lambda i: _kernels.memcpy_region(layout, data[i], True),
    }
    for name, chain in _chains(case).items():
        ways[name] = _way(chain, data, out)
    return len(data), ways


def _chains(case: Case) -> dict[str, chains.Chain]:
    return {
        **chains.opencv_chains(case),
        **baselines.chains(case),
        "numpy": chains.numpy_chain(case, RECIPE.width, RECIPE.height),
    }


def _jpeg_ways(case: Case) -> tuple[int, dict[str, Way]]:
    data, region = jpegs(case), Region.rectangle(*case.region)
    out = np.empty((RECIPE.height, RECIPE.width), np.float32)
    ways: dict[str, Way] = {
        "sdk": lambda i: RECIPE.tensor_into(Frame(data[i], format="MJPEG", region=region), out)
    }
    for name, chain in chains.jpeg_chains(case).items():
        ways[name] = _jpeg_way(chain, data, out)
    return len(data), ways


def _way(chain: chains.Chain, data: list[NDArray[np.uint8]], out: NDArray[np.float32]) -> Way:
    return lambda i: chain(data[i], out)


def _jpeg_way(chain: chains.JpegChain, data: list[bytes], out: NDArray[np.float32]) -> Way:
    return lambda i: chain(data[i], out)
