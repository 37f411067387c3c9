"""Replays an audit log: the same frames must give the same answers, bit for bit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ..classifier import Classifier
from ..errors import SdkError
from ..frame import Frame, Region
from ..stream import Stream
from .session import frame_facts, input_digest, region_facts, session_facts, stream_facts

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that came out otherwise.

    Attributes:
        session: of the log.
        index: of the frame; None for a fact of the whole session.
        field: such as `stream.label`.
        logged: what the log has.
        replayed: what came out now.
    """

    session: str
    index: int | None
    field: str
    logged: Any
    replayed: Any


@dataclass(slots=True)
class ReplayReport:
    """What a replay found.

    Attributes:
        records: answers in the log.
        same: answers that came out alike in every bit.
        alone: of those, the ones whose smoothing could not be compared, since a frame before them
            was not among the frames; what follows from the frame alone is compared.
        missing: answers whose frame was not among the frames.
        unlogged: frames that no answer of the log belongs to: dropped or failed ones.
        damaged: lines of the log that are no records.
        differences: at most 100 values that differ.
        different: answers in which any value differs.
        facts: differences of versions, machine and model between the log and now; not answers.
    """

    records: int = 0
    same: int = 0
    alone: int = 0
    missing: int = 0
    unlogged: int = 0
    damaged: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)
    facts: list[Difference] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        """Every answer was replayed and came out alike."""
        return self.records > 0 and self.same == self.records

    def to_dict(self) -> dict[str, Any]:
        """Return a new JSON-ready object."""
        return asdict(self) | {"verified": self.verified}


def replay(
    records: Iterable[dict[str, Any]], frames: Iterable[Frame], classifier: Classifier
) -> ReplayReport:
    """Answer frames again, and compare with what was logged.

    Frames are matched by the digest of the student's input, so more of them than were logged are
    fine, as where a background stream dropped some; they must come in the log's order.

    Args:
        records: of `read_log`.
        frames: in the order in which they were pushed, without the stream's region.
        classifier: of the student that the log names.
    """
    report = ReplayReport()
    waiting = _Waiting(list(records), classifier, report)
    for frame in frames:
        if not waiting.take(frame):
            report.unlogged += 1
    waiting.end()
    return report


class _Waiting:
    """Records whose frames are still to come, in order."""

    def __init__(
        self, records: list[dict[str, Any]], classifier: Classifier, report: ReplayReport
    ) -> None:
        self._classifier = classifier
        self._recipe = classifier.metadata.preprocessing
        self._report = report
        self._sessions: dict[str, _Session] = {}
        self._steps = list(self._usable(records))
        self._next = 0
        self._places: dict[str, deque[int]] = {}
        self._regions: list[Any] = []
        for place, record in enumerate(self._steps):
            if record["kind"] == "frame":
                report.records += 1
                self._places.setdefault(record["input_sha256"], deque()).append(place)
                if record["region"] not in self._regions:
                    self._regions.append(record["region"])

    def take(self, frame: Frame) -> bool:
        """Replay the record of a frame; False where none belongs to it."""
        for region in self._regions:
            placed = _placed(frame, region)
            if placed is None:
                continue
            place = self._place(input_digest(placed, self._recipe))
            if place is not None:
                self._skip_to(place)
                self._session(self._steps[place]).compare(placed, self._steps[place])
                self._next = place + 1
                return True
        return False

    def end(self) -> None:
        """Count what is left as missing."""
        self._skip_to(len(self._steps))

    def _place(self, digest: str) -> int | None:
        places = self._places.get(digest)
        while places and places[0] < self._next:
            places.popleft()
        return places.popleft() if places else None

    def _skip_to(self, place: int) -> None:
        for record in self._steps[self._next : place]:
            session = self._session(record)
            if record["kind"] == "reset":
                session.stream.reset()
            else:
                session.broken = True
                self._report.missing += 1
        self._next = place

    def _usable(self, records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for record in records:
            if record["kind"] == "start":
                if record["session"] not in self._sessions and _is_start(record):
                    made = _Session(record, self._classifier, self._report)
                    self._sessions[record["session"]] = made
            elif record["session"] in self._sessions and _is_whole(record):
                yield record
            else:
                self._report.damaged += 1

    def _session(self, record: dict[str, Any]) -> _Session:
        return self._sessions[record["session"]]


class _Session:
    def __init__(self, start: dict[str, Any], classifier: Classifier, report: ReplayReport) -> None:
        self._report = report
        self._id = start["session"]
        self.stream = Stream(classifier, fps=1e6 / start["period_us"])
        self.stream.period_us = start["period_us"]
        self.broken = False
        self._first = True
        for name, now in session_facts(self.stream).items():
            if start.get(name) != now:
                report.facts.append(Difference(self._id, None, name, start.get(name), now))

    def compare(self, frame: Frame, record: dict[str, Any]) -> None:
        if self._first:
            # where the oldest files were deleted, what came before is unknown
            self.broken = self.broken or record["index"] != 0
            self._first = False
        try:
            answer = self.stream.push(frame, record["timestamp_us"])
        except SdkError as error:
            self._differs(record, [("answer", record["stream"]["decision"], error.slug)])
            return
        statistics = self.stream._statistics
        found = _unlike("frame", record["frame"], frame_facts(answer.frame_result, statistics))
        if not self.broken:
            found += _unlike("stream", record["stream"], stream_facts(answer, statistics))
        if found:
            self._differs(record, found)
            return
        self._report.same += 1
        self._report.alone += self.broken

    def _differs(self, record: dict[str, Any], found: list[tuple[str, Any, Any]]) -> None:
        self._report.different += 1
        room = _MOST_SHOWN - len(self._report.differences)
        for name, logged, now in found[:room]:
            self._report.differences.append(
                Difference(self._id, record["index"], name, logged, now)
            )


def _unlike(part: str, logged: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    names = sorted({*logged, *now})
    return [
        (f"{part}.{name}", logged.get(name), now.get(name))
        for name in names
        if logged.get(name) != now.get(name)
    ]


def _placed(frame: Frame, region: dict[str, Any] | None) -> Frame | None:
    """Return the frame with a logged region; None where that doesn't fit it."""
    if region is None or region_facts(frame.region) == region:
        return frame
    try:
        clip = region.get("clip")
        clip = None if clip is None else tuple(clip)
        return frame.with_region(Region(region["kind"], tuple(region["numbers"]), clip=clip))
    except SdkError:
        return None


def _is_start(record: dict[str, Any]) -> bool:
    period_us = record.get("period_us")
    return isinstance(period_us, int | float) and 1e3 <= period_us <= 1e7


def _is_whole(record: dict[str, Any]) -> bool:
    if record["kind"] == "reset":
        return True
    region = record.get("region", 0)
    return (
        all(isinstance(record.get(name), int) for name in ("index", "timestamp_us"))
        and isinstance(record.get("input_sha256"), str)
        and isinstance(record.get("frame"), dict)
        and isinstance(record.get("stream"), dict)
        and (
            region is None
            or (
                isinstance(region, dict)
                and isinstance(region.get("kind"), str)
                and isinstance(region.get("numbers"), list)
                and isinstance(region.get("clip"), list | None)
            )
        )
    )
