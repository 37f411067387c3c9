"""The pixel suite's record as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.record.figures import outcomes_of
from benchmarks.record.outcomes import PixelCase, Pixels
from benchmarks.record.types import Record
from benchmarks.report.escape import markdown_cell
from benchmarks.report.text import number, with_interval
from benchmarks.report.view import View

_HEAD = (
    "frame",
    "SDK, µs",
    "read, µs",
    "SDK / read",
    "OpenCV, µs",
    "OpenCV / SDK",
    "NumPy / SDK",
)

_HOW = (
    "µs: p50 of all samples. Ratios, here and below: of the medians in one process; the median "
    "over processes. Read: the faster of summing and copying the region's bytes. OpenCV: the "
    "fastest of its orders."
)
_WAYS = ("frame", "way", "µs", "times the SDK's", "deviation, levels")
_DEVIATION = (
    "Deviation: the largest distance of a cell from the exact area mean, in grey levels of 255, on "
    "random pixels. Ways that look at some of a cell's pixels alone deviate by tens of levels."
)


def pixel_report(record: Record) -> str:
    """Return the report: medians with 95 % intervals between fresh processes."""
    warnings = record.warnings
    isa = ", ".join(subject.name.split("/")[1] for subject in record.subjects)
    lines = ["# Preprocessing: frame to tensor, one thread", ""]
    if record.status != "complete":
        lines += ["**The run was interrupted.**", ""]
    lines += [
        f"Instruction set: {isa or 'unknown'}. Machine: {markdown_cell(record.machine.cpu_model)}.",
        "",
        *(f"- `{w.slug}`: {w.meaning} ({markdown_cell(w.detail)})" for w in warnings),
        *([""] if warnings else []),
    ]
    lines += [_row(_HEAD), "|" + "---|" * len(_HEAD)]
    lines += [_row(cells) for cells in _rows(View(record))]
    lines += ["", _HOW]
    lines += _baselines(record)
    return "\n".join(lines) + "\n"


def _baselines(record: Record) -> list[str]:
    """Return every way beside the SDK's, with its deviation from the exact tensor."""
    processes = [pixels for _, pixels in outcomes_of(record.runs, Pixels)]
    measured = [case for pixels in processes for case in pixels.cases]
    cases = {_name(case): case.deviation for case in measured if case.deviation}
    absent = {name: why for pixels in processes for name, why in pixels.absent.items()}
    lines = ["", *(f"- {name} was not measured: {why}." for name, why in absent.items())]
    if not cases:
        return lines if absent else []
    view = View(record)
    lines += [*([""] if absent else []), "## Every way", "", _row(_WAYS), "|" + "---|" * len(_WAYS)]
    for key, deviation in cases.items():
        for way, levels in deviation.items():
            time = view.value(key, "preprocess", way, "p50")
            ratio = _over_sdk([case for case in measured if _name(case) == key], way)
            lines.append(_row((key, way, number(time), number(ratio), number(levels))))
    return [*lines, "", _DEVIATION]


def _name(case: PixelCase) -> str:
    return f"{case.format}-{case.width}x{case.height}"


def _over_sdk(processes: Sequence[PixelCase], way: str) -> float | None:
    """Return a way's time over the SDK's, by the statistic of the first table's ratios."""
    medians = [case.median_us for case in processes if way in case.median_us]
    return median(each[way] / each["sdk"] for each in medians) if medians else None


def _rows(view: View) -> Iterator[tuple[str, ...]]:
    ids = [figure.id.split("|")[0] for figure in view.record.figures]
    for case in dict.fromkeys(key for key in ids if not key.startswith("all-")):
        reads = [view.value(case, "preprocess", f"read_{way}", "p50") for way in ("sum", "memcpy")]
        ways = ("opencv", "opencv_resize_first", "opencv_gray")
        chains = [view.value(case, "preprocess", way, "p50") for way in ways]
        ratios = ("sdk_over_read", "opencv_over_sdk", "numpy_over_sdk")
        over_read, over_opencv, over_numpy = (
            view.figure(case, "preprocess", name, "p50") for name in ratios
        )
        yield (
            case,
            with_interval(view.figure(case, "preprocess", "sdk", "p50")),
            number(min((r for r in reads if r is not None), default=None)),
            with_interval(over_read),
            number(min((c for c in chains if c is not None), default=None)),
            with_interval(over_opencv),
            with_interval(over_numpy),
        )


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(map(markdown_cell, cells)) + " |"
