"""Streams: one video's frames in order, answers smoothed over time. `docs/stream.md` has it all."""

from __future__ import annotations

from .background import BackgroundStream
from .result import StreamResult
from .stats import StreamStats
from .stream import Stream

__all__ = ["BackgroundStream", "Stream", "StreamResult", "StreamStats"]
