"""One classified frame, or one error, as a line of text, of JSON or of a table."""

from __future__ import annotations

import json
from typing import Any

from .._shown import printable
from ..errors import SdkError
from ..frame import Region
from ..sources import FrameInfo
from ..stream import StreamResult
from .answers import Answer, of_frame

COLUMNS = (
    "path", "index", "frame_count", "kind", "timestamp_us", "region_origin", "region", "decision",
    "label", "confidence", "reasons", "events", "total_us", "error",
)  # fmt: skip
"""Of a CSV file; a column for each label's probability comes after them."""


def text_of(result: Answer, info: FrameInfo) -> str:
    """Return a line for people and for grep."""
    path = printable(info.path)
    where = path if info.frame_count == 1 else f"{path}[{info.index}]"
    return f"{where}: {_answer(result)}  {result.timing.total_us / 1000:.2f} ms"


def table_line(result: Answer, info: FrameInfo) -> str:
    """Return a line of a table on a terminal; its columns are those of `table_head`."""
    time = "" if info.timestamp_us is None else f"{info.timestamp_us / 1e6:.3f}"
    cells = f"{info.index:>7} {time:>9}  {result.decision.value:<8}"
    return f"{cells}{_answer(result, decision=False)}"


def table_head(path: str) -> str:
    """Return what stands above the lines of one file."""
    return f"{printable(path)}\n{'frame':>7} {'seconds':>9}  {'decision':<8}answer"


def json_of(result: Answer, info: FrameInfo, *, attention: bool) -> str:
    """Return a JSON object on one line."""
    described: dict[str, Any] = {
        "path": info.path,
        "index": info.index,
        "frame_count": info.frame_count,
        "kind": info.kind,
        "timestamp_us": info.timestamp_us,
        "region_origin": of_frame(result).region_origin,
        "color": info.color,
        "color_origin": info.color_origin,
    }
    told = result.to_dict()
    if not attention:
        del told.get("frame", told)["attention"]
    return json.dumps(described | {"result": told}, allow_nan=False)


def json_error(path: str, error: SdkError) -> str:
    """Return an error as a JSON object on one line."""
    return json.dumps({"path": path, "error": {"slug": error.slug, "message": str(error)}})


def cells_of(result: Answer, info: FrameInfo, labels: tuple[str, ...]) -> list[Any]:
    """Return a row of a CSV file."""
    shares = result.probabilities or {}
    own = of_frame(result)
    events = result.events if isinstance(result, StreamResult) else ()
    return [
        info.path, info.index, info.frame_count, info.kind, info.timestamp_us,
        own.region_origin, _region(own.region), result.decision.value, result.label,
        f"{result.confidence:.6f}", " ".join(result.reasons), " ".join(events),
        f"{result.timing.total_us:.1f}", None,
        *(f"{shares[label]:.6f}" if label in shares else None for label in labels),
    ]  # fmt: skip


def error_cells(path: str, error: SdkError) -> list[Any]:
    """Return the row of a file, or the rest of one, that could not be read."""
    return [path, *[None] * (len(COLUMNS) - 2), error.slug]


def _region(region: Region | None) -> str | None:
    """Return a region as `--region` takes it."""
    return None if region is None else ",".join(f"{number:g}" for number in region.numbers)


def _answer(result: Answer, *, decision: bool = True) -> str:
    if result.label is not None:
        return f"{result.label} {result.confidence:.1%}"
    answer = ", ".join(result.reasons)
    if decision:
        answer = f"{result.decision.value}: {answer}"
    shares = result.probabilities or {}
    # a stream has them all alike where nothing speaks for a label
    if shares and max(shares.values()) - min(shares.values()) > 1e-6:
        likeliest = max(shares, key=shares.__getitem__)
        answer += f" (likeliest {likeliest} {result.confidence:.1%})"
    return answer
