"""Classify the frames of many files, and carry on when one of them is bad."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .. import sources
from .._shown import printable, shown
from ..classifier import Classifier
from ..errors import SdkError, SourceError
from ..frame import Frame, Region
from ..result import Result
from ..sources import FrameInfo
from ..sources.intake import expand


def classify_files(
    classifier: Classifier, files: list[Path], region: Region | None, *, as_json: bool
) -> int:
    """Classify every frame and print each result at once.

    Args:
        classifier: the student.
        files: images, DICOM files, and folders of them; a bad file doesn't stop the others.
        region: the part of every frame to look at, or None.
        as_json: print one JSON object per line instead of text; errors go to standard output too.

    Returns:
        0 if every file was read to its end, else 1.
    """
    failed = False
    # on a terminal, rich prints results above its bar; elsewhere standard output is theirs alone
    results = None if sys.stdout.isatty() else sys.stdout
    quiet = nullcontext() if results is None else redirect_stdout(sys.stderr)
    with _progress() as progress, quiet:
        task = progress.add_task("", total=None)
        for path, place, frames in _every_file(files, region):
            name = printable(os.path.basename(path))
            progress.reset(task, total=None, description=f"{place} of {len(files)}: {name}")
            try:
                for frame, info in frames():
                    result = classifier.classify(frame)
                    line = _json(result, info) if as_json else _text(result, info)
                    _write(results or sys.stdout, line)
                    progress.update(task, total=info.frame_count, completed=info.index + 1)
            except SdkError as error:
                failed = True
                if as_json:
                    _write(results or sys.stdout, _json_error(path, error))
                else:
                    _write(sys.stderr, f"{printable(path)}: {error.slug}: {error}")
    return 1 if failed else 0


def _every_file(
    files: list[Path], region: Region | None
) -> Iterator[tuple[str, int, Callable[[], Iterator[tuple[Frame, FrameInfo]]]]]:
    """Yield every path, folders expanded, its place on the command line, and how to open it."""
    for place, path in enumerate(files, start=1):
        try:
            inside = expand(path)
        except SdkError:
            inside = [str(path)]  # opening it says why
        for file in inside:
            opened = partial(sources.open, file, region=region)
            inner = file != str(path) and os.path.isdir(file)
            yield file, place, partial(_refuse_folder, file) if inner else opened


def _refuse_folder(path: str) -> Iterator[tuple[Frame, FrameInfo]]:
    raise SourceError(
        "source-unreadable", f"{shown(path)} is a folder inside a folder; name it by itself"
    )


def _progress() -> Progress:
    """Make a bar that never mixes with results sent to a file or a pipe."""
    to_screen = sys.stdout.isatty()
    errors_to_screen = sys.stderr is not None and sys.stderr.isatty()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=not to_screen),
        transient=True,
        redirect_stdout=to_screen,
        redirect_stderr=errors_to_screen,
        disable=not (to_screen or errors_to_screen),
    )


def _text(result: Result, info: FrameInfo) -> str:
    path = printable(info.path)
    where = path if info.frame_count == 1 else f"{path}[{info.index}]"
    if result.label is not None:
        answer = f"{result.label} {result.confidence:.1%}"
    else:
        answer = f"{result.decision.value}: {', '.join(result.reasons)}"
        if result.probabilities is not None:
            likeliest = max(result.probabilities, key=result.probabilities.__getitem__)
            answer += f" (likeliest {likeliest} {result.confidence:.1%})"
    return f"{where}: {answer}  {result.timing.total_us / 1000:.2f} ms"


def _json(result: Result, info: FrameInfo) -> str:
    described: dict[str, Any] = {
        "path": info.path,
        "index": info.index,
        "frame_count": info.frame_count,
        "kind": info.kind,
        "timestamp_us": info.timestamp_us,
        "region_origin": info.region_origin,
    }
    return json.dumps(described | {"result": result.to_dict()}, allow_nan=False)


def _json_error(path: str, error: SdkError) -> str:
    return json.dumps({"path": path, "error": {"slug": error.slug, "message": str(error)}})


def _write(stream: TextIO | None, line: str) -> None:
    if stream is None:
        return
    # a file name may hold what the terminal cannot show, or bytes that aren't text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
