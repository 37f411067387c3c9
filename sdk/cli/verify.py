"""Replay an audit log on the frames that it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .. import sources
from ..audit import ReplayReport, read_log, replay
from ..classifier import Classifier
from ..frame import Frame
from ..sources.intake import expand


def verify_log(classifier: Classifier, log: Path, frames: list[Path]) -> ReplayReport:
    """Replay a log.

    Args:
        classifier: of the student that the log names.
        log: the newest file of it.
        frames: files and folders, in the order in which their frames were pushed.

    Raises:
        SdkError: `audit-unreadable`, or a `SourceError` for frames that can't be read.
    """
    found = read_log(log)
    report = replay(found.records, _every_frame(frames), classifier)
    report.damaged += found.damaged
    return report


def print_report(report: ReplayReport, *, as_json: bool) -> None:
    """Print what a replay found: one JSON object, or lines for a person."""
    if as_json:
        print(json.dumps(report.to_dict(), allow_nan=False))
        return
    for fact in report.facts:
        print(f"session {fact.session}: {fact.field} was {fact.logged!r}, now {fact.replayed!r}")
    for one in report.differences:
        where = f"session {one.session}, frame {one.index}"
        print(f"{where}: {one.field} was {one.logged!r}, now {one.replayed!r}")
    alone = f" ({report.alone} of them without their smoothing)" if report.alone else ""
    print(
        f"{report.same} of {report.records} answers are the same, bit for bit{alone}; "
        f"{report.different} differ, {report.missing} have no frame here; "
        f"{report.unlogged} frames were not answered; {report.damaged} damaged lines"
    )


def _every_frame(files: list[Path]) -> Iterator[Frame]:
    for path in files:
        for file in expand(path):
            for frame, _ in sources.open(file):
                yield frame
