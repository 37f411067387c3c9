"""What a budget can limit, and how each figure with its interval is found in a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.record.types import Quality, Record, Share
from benchmarks.scenarios import scenario_name
from benchmarks.stats.intervals import between_processes

#: Metrics that may be limited for one label too, as ``recall.femur``.
BY_LABEL = ("recall", "external_recall")


@dataclass(frozen=True)
class Bounds:
    """A figure with its 95 % interval; None where it was not measured or has none.

    ``scenario`` says in words how frames came, where that matters.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    scenario: str = ""


Find = Callable[[Record, str], Bounds | None]


@dataclass(frozen=True)
class Metric:
    """How a metric is found and judged.

    Attributes:
        find: the figure of a subject in a record.
        less: whether less is better.
        unit: of the limit, for a reader.
        observed: whether the figure is a plain observation, judged by itself and not by a bound.
    """

    find: Find
    less: bool = True
    unit: str = ""
    observed: bool = False


def _figure(*keys: str) -> Find:
    """Return the first of these figures that was measured."""

    def find(record: Record, subject: str) -> Bounds | None:
        figures = {figure.id: figure for figure in record.figures}
        for key in keys:
            figure = figures.get(f"{subject}|{key}")
            if figure is not None:
                scenario = scenario_name(key.split("|")[0])
                return Bounds(figure.value, figure.low, figure.high, scenario)
        return None

    return find


def _latency(percentile: str) -> dict[str, Metric]:
    """Return the three latencies of a percentile: the call as on a cart, back to back, response."""
    paced = f"paced-30fps|threads=1|end_to_end|{percentile}"
    back_to_back = f"single_stream|threads=1|end_to_end|{percentile}"
    response = f"paced-30fps|threads=1|response|{percentile}"
    observed = percentile == "max"
    return {
        f"{percentile}_ms": Metric(_figure(paced, back_to_back), unit="ms", observed=observed),
        f"back_to_back_{percentile}_ms": Metric(
            _figure(back_to_back), unit="ms", observed=observed
        ),
        f"response_{percentile}_ms": Metric(_figure(response), unit="ms", observed=observed),
    }


def _paced_tail(record: Record, subject: str) -> Bounds | None:
    """Return p99 over p50, with the interval of the ratio in each process."""
    figures = {figure.id: figure for figure in record.figures}
    key = f"{subject}|paced-30fps|threads=1|end_to_end|"
    p99, p50 = figures.get(key + "p99"), figures.get(key + "p50")
    if not p99 or not p50 or not p50.value or not all(p50.processes):
        return None
    ratios = [a / b for a, b in zip(p99.processes, p50.processes, strict=True)]
    tail = between_processes(p99.value / p50.value, ratios)
    return Bounds(tail.value, tail.low, tail.high, scenario_name("paced-30fps"))


def _file_bytes(record: Record, subject: str) -> Bounds | None:
    return next((Bounds(s.file_bytes) for s in record.subjects if s.name == subject), None)


def _quality(read: Callable[[Quality], Share | None], part: str) -> Find:
    def find(record: Record, subject: str) -> Bounds | None:
        entry = _entry(record, subject, part)
        share = None if entry is None else read(entry)
        return None if share is None else _bounds(share)

    return find


def _bounds(share: Share) -> Bounds:
    return Bounds(share.value, share.low, share.high)


def _recall(part: str, label: str = "") -> Find:
    """Return the recall of a label, else of the label whose lower bound is the lowest."""

    def find(record: Record, subject: str) -> Bounds | None:
        entry = _entry(record, subject, part)
        if entry is None:
            return None
        shares = entry.recall
        if label:
            return _bounds(shares[label]) if label in shares else None
        if not shares or any(share.value is None for share in shares.values()):
            return None  # a label without frames was not measured
        return min(map(_bounds, shares.values()), key=_lowest)

    return find


def _lowest(bounds: Bounds) -> tuple[float, float]:
    return (-1.0 if bounds.low is None else bounds.low, bounds.value or 0.0)


def _entry(record: Record, subject: str, part: str) -> Quality | None:
    """Return the quality on the external set, or on the test set, else of the user's folder."""
    parts = ("external",) if part == "external" else ("test", "folder")
    entries = {entry.part: entry for entry in record.quality if entry.subject == subject}
    return next((entries[name] for name in parts if name in entries), None)


def label_metric(name: str) -> Metric | None:
    """Return the metric of one label, as ``external_recall.femur``; None for any other name."""
    base, _, label = name.partition(".")
    if base not in BY_LABEL or not label:
        return None
    return Metric(_recall("external" if base.startswith("external") else "", label), less=False)


_SHARES: dict[str, Callable[[Quality], Share | None]] = {
    "accuracy": lambda entry: entry.accuracy,
    "agreement": lambda entry: entry.agreement,
    "coverage": lambda entry: entry.coverage,
    "selective_accuracy": lambda entry: entry.selective_accuracy,
}

_PERCENTILES = ("p50", "p90", "p99", "max")
METRICS: dict[str, Metric] = {
    **{name: metric for p in _PERCENTILES for name, metric in _latency(p).items()},
    "peak_mb": Metric(_figure("memory|process|peak"), unit="MB"),
    "above_imports_mb": Metric(_figure("memory|process|above_imports"), unit="MB"),
    "above_imports_and_frame_mb": Metric(
        _figure("memory|process|above_imports_and_frame"), unit="MB"
    ),
    "growth_kib_per_1000": Metric(
        _figure("soak|memory|growth_per_1000"), unit="KiB", observed=True
    ),
    "overhead_us": Metric(_figure("overhead|overhead|p50"), unit="µs"),
    "hot_overhead_us": Metric(_figure("overhead|hot_overhead|p50"), unit="µs"),
    "overhead_percent": Metric(_figure("overhead|overhead|share"), unit="%"),
    "times_read_bound": Metric(_figure("overhead|times_read_bound|p50"), unit="x"),
    "paced_p99_over_p50": Metric(_paced_tail, unit="x"),
    "cold_start_ms": Metric(_figure("cold_start|total|p50"), unit="ms"),
    "cpu_share_percent": Metric(_figure("paced-30fps|threads=1|cpu|share_of_core"), unit="%"),
    "missed_percent": Metric(
        _figure("paced-30fps|threads=1|deadline|missed"), unit="%", observed=True
    ),
    "file_bytes": Metric(_file_bytes, unit="bytes", observed=True),
}
for _part, _prefix in (("", ""), ("external", "external_")):
    METRICS |= {
        f"{_prefix}{_name}": Metric(_quality(_read, _part), less=False)
        for _name, _read in _SHARES.items()
    }
    METRICS[f"{_prefix}recall"] = Metric(_recall(_part), less=False)
    METRICS[f"{_prefix}calibration_error"] = Metric(
        _quality(lambda entry: entry.calibration_error, _part)
    )
