"""What an audit log says of one stream: facts once a file, and a record a frame."""

from __future__ import annotations

import hashlib  # OpenSSL's: with SHA instructions ten times as fast as `_sha256`, and paid a frame
import platform
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import runtime
from .._region import Region
from ..frame import Frame
from ..preprocess import Preprocessing, Statistics
from ..result import Result

if TYPE_CHECKING:
    from ..stream import Stream, StreamResult
    from .log import AuditLog

FORMAT = 1


class AuditSession:
    """Writes one stream's records to a log; as much for one thread as the stream is."""

    def __init__(self, log: AuditLog, stream: Stream) -> None:
        self._log = log
        self._stream = stream
        self._id = secrets.token_hex(4)
        self._generation = 0

    def write(self, frame: Frame, answer: StreamResult, statistics: Statistics) -> None:
        """Log one answer; never raises an `Exception`."""
        try:
            classifier = self._stream.classifier
            record = frame_record(frame, answer, statistics, classifier.metadata.preprocessing)
            record["lost"] = self._log.lost
            self._append("frame", record)
        except Exception:
            self._log.lost += 1

    def reset(self) -> None:
        """Log that the stream forgot its frames."""
        self._append("reset", {})

    def _append(self, kind: str, values: dict[str, Any]) -> None:
        if self._generation != self._log.generation:
            self._generation = self._log.generation
            self._log.append(self._headed("start", session_facts(self._stream)))
        self._log.append(self._headed(kind, values))

    def _headed(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return {"kind": kind, "session": self._id, "time": now, **values}


def session_facts(stream: Stream) -> dict[str, Any]:
    """Return what holds for all answers of a stream; a replay compares it."""
    from .. import __version__

    classifier = stream.classifier
    return {
        "format": FORMAT,
        "sdk": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "onnxruntime": runtime.version(),
        "machine": platform.machine(),
        "model_id": classifier.model_id,
        "model_sha256": classifier.sha256,
        "precision": classifier.precision,
        "labels": list(classifier.labels),
        "period_us": stream.period_us,
        "settings": stream.settings.to_dict(),
    }


def frame_record(
    frame: Frame, answer: StreamResult, statistics: Statistics, recipe: Preprocessing
) -> dict[str, Any]:
    """Return what a log says of one answer: `compared` fields, and those of this run alone."""
    key = frame._key
    return {
        "index": answer.index,
        "timestamp_us": answer.timestamp_us,
        "width": key.width,
        "height": key.height,
        "format": key.format,
        "pixel_size_mm": list(key.pixel_size),
        "region": region_facts(key.region),
        "region_origin": answer.region_origin,
        "isa": recipe._plan(frame._layout).isa,
        "input_sha256": input_digest(frame, recipe),
        "timing": answer.timing.to_dict(),
        "latency_us": answer.latency_us,
        "late": answer.late,
        "frame": frame_facts(answer.frame_result, statistics),
        "stream": stream_facts(answer, statistics),
    }


def input_digest(frame: Frame, recipe: Preprocessing) -> str:
    """Return the SHA-256 of the student's input: the float32 tensor, rows from the top."""
    return hashlib.sha256(recipe.tensor(frame).data).hexdigest()


def region_facts(region: Region | None) -> dict[str, Any] | None:
    """Return a region as a log has it."""
    if region is None:
        return None
    facts: dict[str, Any] = {"kind": region.kind, "numbers": list(region.numbers)}
    if region.clip is not None:
        facts["clip"] = list(region.clip)
    return facts


def frame_facts(result: Result, statistics: Statistics) -> dict[str, Any]:
    """Return what follows from a frame alone."""
    return {
        **_answer_facts(result),
        "mean": statistics.mean,
        "black": statistics.black,
        "colored": statistics.colored,
    }


def stream_facts(answer: StreamResult, statistics: Statistics) -> dict[str, Any]:
    """Return what follows from a frame and those before it."""
    return {
        **_answer_facts(answer),
        "events": list(answer.events),
        "lasting": list(answer.lasting),
        "difference": statistics.difference,
        "shift": statistics.shift,
    }


def _answer_facts(answer: Result | StreamResult) -> dict[str, Any]:
    probabilities = answer.probabilities
    return {
        "decision": answer.decision.value,
        "label": answer.label,
        "confidence": answer.confidence,
        "probabilities": None if probabilities is None else list(probabilities.values()),
        "reasons": list(answer.reasons),
    }
