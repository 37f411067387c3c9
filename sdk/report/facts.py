"""What a report says beside the plot: clip, answers, student, its data, and this machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import __version__, runtime
from .._kernels import kernel_facts
from .._region import Region
from ..classifier import Classifier
from ..model_file.stream_settings import StreamSettings
from .collected import Collected

_STAGES = {
    "preprocess_us": "pixels to tensor",
    "quality_us": "quality gate",
    "inference_us": "inference",
    "decision_us": "decision",
    "total_us": "whole classification",
}


class Clip(NamedTuple):
    """The file that was read.

    Attributes:
        name: without its folder.
        size_bytes: or None for what is no file.
        sha256: or None.
    """

    name: str
    size_bytes: int | None
    sha256: str | None


Facts = list[tuple[str, str]]


def clip_facts(clip: Clip, collected: Collected, seconds: float) -> Facts:
    """Describe the clip; nothing that a DICOM header says of a person is read or shown."""
    assert collected.first is not None
    info, result = collected.first
    frames = sum(collected.own_decisions.values())
    # the file's name without its folder: paths name wards and people
    facts = [("file", clip.name), ("kind", info.kind), ("frames", f"{frames:,}")]
    if info.frame_count is not None and info.frame_count != frames:
        facts.append(("frames declared", f"{info.frame_count:,}"))
    timed = "times from the file" if info.timestamp_us is not None else "an assumed steady rate"
    facts.append(("duration", f"{seconds:.3f} s, {timed}"))
    sizes = [f"{w} x {h} {name} ({count:,})" for (w, h, name), count in collected.sizes.items()]
    facts.append(("pixels", "; ".join(sizes)))
    if info.color is not None:
        facts.append(("colour", f"{info.color}, {info.color_origin}"))
    origins = ", ".join(f"{origin} ({count:,})" for origin, count in collected.regions.items())
    facts.append(("region", f"{_region(result.region)}; by origin, frames: {origins}"))
    if clip.sha256 is not None:
        facts += [("bytes", f"{clip.size_bytes:,}"), ("SHA-256", clip.sha256)]
    return facts


def answer_facts(collected: Collected) -> Facts:
    """Count the answers."""
    stats = collected.stats
    assert stats is not None
    shown = _counted(stats.decisions)
    events = {name: count for name, count in stats.events.items() if count}
    return [
        ("smoothed over time", shown),
        ("each frame by itself", _counted(collected.own_decisions)),
        ("events", _counted(events) or "none"),
    ]


def student_facts(classifier: Classifier) -> Facts:
    """Describe the student, from its own file."""
    metadata = classifier.metadata
    below = metadata.calibration.abstain_below
    settings = metadata.stream or StreamSettings()
    origin = "its own" if metadata.stream else "the defaults"
    return [
        ("model", classifier.model_id),
        ("precision", classifier.precision),
        ("labels", ", ".join(metadata.labels)),
        ("withheld below", ", ".join(f"{label} {value:.0%}" for label, value in below.items())),
        ("temperature", f"{metadata.calibration.temperature:g}"),
        ("smoothing", f"{settings.smoothing_s:g} s, leaves below {settings.leave_below:.0%}; "
                      f"{origin}"),
        ("SHA-256", classifier.sha256),
    ]  # fmt: skip


def data_facts(provenance: Mapping[str, Any]) -> Facts:
    """Name what the student was trained on."""
    sets = provenance.get("training_data")
    facts: Facts = []
    for one in sets if isinstance(sets, list) else []:
        if isinstance(one, Mapping):
            rest = [f"{key}: {value}" for key, value in one.items() if key != "name"]
            facts.append((str(one.get("name", "unnamed")), ", ".join(rest)))
    return facts or [("training data", "its file doesn't say")]


def machine_facts() -> Facts:
    """Describe what ran, without the machine's name or paths."""
    return [
        ("sonogaze", __version__),
        ("kernel", kernel_facts()["isa"]),
        ("onnxruntime", runtime.version()),
        ("processor", f"{platform.machine()}, {os.cpu_count()} cores visible"),
        ("system", f"{platform.system()}, Python {platform.python_version()}"),
    ]


def timing_rows(collected: Collected) -> list[tuple[str, str, str, int]]:
    """Return rows of a table: stage, median, 99th percentile, frames."""
    return [
        (_STAGES[name], _ms(times.percentile(0.5)), _ms(times.percentile(0.99)), times.total)
        for name, times in collected.stages.items()
    ]


def _ms(microseconds: float | None) -> str:
    return "none" if microseconds is None else f"{microseconds / 1000:.3f} ms"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)


def _region(region: Region | None) -> str:
    if region is None:
        return "the whole frame"
    return f"{region.kind} {', '.join(f'{number:g}' for number in region.numbers)}"
