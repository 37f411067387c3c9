"""Whether quantisation paid: an int8 file beside the fp32 file of the same model."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.record.types import Figure, SubjectEntry
from benchmarks.report.text import byte_size, number, times
from benchmarks.report.view import View


def quantised_against_fp32(view: View) -> Iterator[str]:
    """Yield a sentence for each int8 file behind the SDK whose fp32 twin was measured too."""
    behind = {s.name: s for s in view.subjects if s.runtime == "sdk"}
    for name, int8 in behind.items():
        fp32 = behind.get(name.replace("-int8/", "-fp32/"))
        if int8.precision == "int8" and fp32 is not None:
            text = _sentence(view, int8, fp32)
            if text:
                yield text


def _sentence(view: View, int8: SubjectEntry, fp32: SubjectEntry) -> str:
    ours, theirs = view.latency(int8.name), view.latency(fp32.name)
    if not (ours and theirs and int8.file_bytes and fp32.file_bytes):
        return ""
    larger, speed = int8.file_bytes > fp32.file_bytes, _speed(ours.p50, theirs.p50)
    facts = (
        f"{int8.artefact} is a file of {byte_size(int8.file_bytes)} and takes "
        f"{number(ours.p50.value)} ms a frame back to back, "
        f"{fp32.artefact} {byte_size(fp32.file_bytes)} and {number(theirs.p50.value)} ms"
    )
    ratio = times(max(ours.p50.value, theirs.p50.value), min(ours.p50.value, theirs.p50.value))
    return f"{facts}: {_verdict(larger, speed, ratio)}."


def _verdict(larger: bool, speed: str, ratio: str) -> str:
    if larger and speed != "faster":
        also = f"slower ({ratio} the time)" if speed == "slower" else "no faster"
        return f"the int8 file is larger and {also}, so use the fp32 file on this machine"
    if larger:
        return f"the int8 file is larger, and fp32 takes {ratio} its time"
    if speed == "slower":
        return f"the int8 file saves space and takes {ratio} the time, so use it only to save space"
    if speed == "faster":
        return f"the int8 file is smaller, and fp32 takes {ratio} its time"
    return "the int8 file is smaller and as fast"


def _speed(int8: Figure, fp32: Figure) -> str:
    """Return slower or faster where the intervals lie apart, else same."""
    if None in (int8.low, int8.high, fp32.low, fp32.high):
        return "same"
    if (int8.low or 0) > (fp32.high or 0):
        return "slower"
    return "faster" if (int8.high or 0) < (fp32.low or 0) else "same"
