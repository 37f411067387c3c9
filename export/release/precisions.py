"""Whether int8 is worth having on this machine: its size and time beside those of fp32."""

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from export.packaging.sessions import open_session
from sdk.model_file.reader import INPUT_NAME

RUNS, WARM_UP_RUNS = 60, 10
# medians of alternating runs differ by less where nothing differs
SLOWER = 1.05


def remarks(paths: Mapping[str, Path]) -> list[str]:
    """Return a line for each way in which the int8 file is worse to run than the fp32 file."""
    sizes = {precision: path.stat().st_size for precision, path in paths.items()}
    times_ms = median_times_ms(paths)
    lines = []
    if sizes["int8"] >= sizes["fp32"]:
        lines.append(
            f"int8 is no smaller than fp32 here ({sizes['int8']:,} against {sizes['fp32']:,} "
            "bytes): a student this small pays more for scales than it saves in weights"
        )
    if times_ms["int8"] > SLOWER * times_ms["fp32"]:
        lines.append(
            f"int8 takes {times_ms['int8'] / times_ms['fp32']:.1f} times as long as fp32 on this "
            f"machine ({times_ms['int8']:.3f} against {times_ms['fp32']:.3f} ms, medians of {RUNS} "
            'alternating runs): precision="fp32" is the faster file'
        )
    return lines


def median_times_ms(paths: Mapping[str, Path]) -> dict[str, float]:
    """Return the median time of one inference by each file, in turn, on one thread."""
    runs = {precision: _runner(path) for precision, path in paths.items()}
    times: dict[str, list[float]] = {precision: [] for precision in paths}
    for number in range(WARM_UP_RUNS + RUNS):
        for precision, run in runs.items():
            start = time.perf_counter()
            run()
            if number >= WARM_UP_RUNS:
                times[precision].append(1000 * (time.perf_counter() - start))
    return {precision: statistics.median(values) for precision, values in times.items()}


def _runner(path: Path) -> Callable[[], object]:
    session = open_session(path.read_bytes())
    frame = np.zeros(session.get_inputs()[0].shape, np.float32)
    return lambda: session.run(None, {INPUT_NAME: frame})
