"""Size against accuracy and latency against accuracy, with published networks beside ours."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.report.plots import scatter
from benchmarks.report.view import View, quality_subject


@cache
def published() -> dict[str, Any]:
    """Return the published networks with their sources."""
    return dict(json.loads(Path(__file__).with_name("published.json").read_text()))


def size_accuracy(view: View) -> str | None:
    """Return file size against accuracy, on the external part when it was scored."""
    part = _part(view)
    if part is None:
        return None
    points = []
    for subject in view.subjects:
        if subject["runtime"] in ("sdk", "onnxruntime") and "file_bytes" in subject:
            point = _point(view, subject, part, subject["file_bytes"] / 1e6)
            name = subject["name"].rsplit("/", 1)[0]
            if point and name not in {p["name"] for p in points}:
                points.append({**point, "name": name})
    if not points:
        return None
    if part == "external":
        points += [_published_point(network) for network in published()["networks"]]
    cost = "weights on the disk, MB (published ones: 4 bytes a parameter)"
    return scatter(points, cost, _label(part))


def latency_accuracy(view: View) -> str | None:
    """Return p50 end to end against accuracy."""
    part = _part(view)
    if part is None:
        return None
    points = []
    for subject in view.subjects:
        latency = view.latency(subject["name"])
        if latency:
            point = _point(view, subject, part, latency["p50"]["value"])
            points += [{**point, "name": subject["name"]}] if point else []
    return scatter(points, "p50 end to end, back to back, one thread (ms)", _label(part))


def _part(view: View) -> str | None:
    return "external" if "external" in view.parts else next(iter(view.parts), None)


def _label(part: str) -> str:
    names = {"external": "external set", "test": "test part"}
    return f"accuracy on the {names.get(part, part)} (%)"


def _point(view: View, subject: dict[str, Any], part: str, x: float) -> dict[str, Any] | None:
    if subject["family"] == "teacher" and subject["precision"] != "fp32":
        return None  # the committed logits are the fp32 teacher's
    entry = view.quality(quality_subject(subject, view), part)
    if entry is None:
        return None
    share = entry["accuracy"]
    bounds = {k: None if share[k] is None else 100 * share[k] for k in ("low", "high")}
    return {"x": x, "y": 100 * share["value"], "ours": True, **bounds}


def _published_point(network: dict[str, Any]) -> dict[str, Any]:
    low, high = 100 * network["low"], 100 * network["high"]
    return {
        "name": network["name"],
        "x": 4 * network["parameters"] / 1e6,
        "y": (low + high) / 2,
        "low": low,
        "high": high,
        "ours": False,
    }
