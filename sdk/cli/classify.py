"""Classify the frames of many files, and carry on when one of them is bad."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from rich.console import Console
from rich.progress import Progress

from .. import sources
from .._shown import printable, shown
from ..classifier import Classifier
from ..errors import SdkError, SourceError
from ..frame import Frame
from ..sources import FrameInfo, LiveSource
from ..sources.folder import without_raw_data
from ..sources.intake import expand, open_path
from ..sources.live import is_live
from .answers import Answer, Answers
from .drawn import Film, Pictures
from .progress import bar
from .rows import json_error, json_of, table_head, table_line, text_of
from .saving import Keeper, Keepers, Table

STANDARD_INPUT = "-"


class Asked(NamedTuple):
    """What the command is to do with frames.

    Attributes:
        options: of `sources.open`.
        fps: frames a second of frames without times, counted through a folder; or None.
        smooth: whether frames are answered along their file, by a `Stream`.
        as_json: one JSON object per line instead of text; errors go to standard output too.
        attention: with the attention map in the JSON.
        csv: a CSV file to write, or None.
        save: an MP4 to write if its name ends in `.mp4`, else a folder of PNGs; or None.
    """

    options: dict[str, Any]
    fps: float | None
    smooth: bool
    as_json: bool
    attention: bool
    csv: Path | None
    save: Path | None


def classify_files(classifier: Classifier, files: list[str], asked: Asked) -> int:
    """Classify every frame and print each result at once.

    Args:
        classifier: the student.
        files: what `sources.open` reads, folders, live sources, and `-` for standard input; a bad
            one doesn't stop the others, and Ctrl-C ends a live one.
        asked: what to do with them.

    Returns:
        0 if every file was read to its end, else 1.

    Raises:
        NotSaved: the CSV file, or what is to be saved, cannot be written.
    """
    # on a terminal, rich prints results above its bar; elsewhere standard output is theirs alone
    results = None if sys.stdout.isatty() else sys.stdout
    quiet = nullcontext() if results is None else redirect_stdout(sys.stderr)
    with _progress() as progress, quiet, Keepers(_makers(classifier, asked)) as keepers:
        run = _Run(classifier, asked, progress, keepers, results)
        for path, place, frames in _every_file(files, asked.options):
            name = printable(os.path.basename(path))
            progress.reset(run.task, total=None, description=f"{place} of {len(files)}: {name}")
            run.file(path, place, frames)
    return 1 if run.failed else 0


class _Run:
    def __init__(
        self,
        classifier: Classifier,
        asked: Asked,
        progress: Progress,
        keepers: Keepers,
        results: TextIO | None,
    ) -> None:
        self._asked, self._keepers = asked, keepers
        self._answers = Answers(classifier, smooth=asked.smooth, fps=asked.fps)
        self._progress, self._results = progress, results
        self.task = progress.add_task("", total=None)
        self.failed = False
        self._counts: Counter[int] = Counter()

    def file(
        self, path: str, place: int, frames: Callable[[], Iterator[tuple[Frame, FrameInfo]]]
    ) -> None:
        """Classify the frames of one file; report what stops it."""
        self._answers.new_file()
        try:
            opened = frames()
            # a live source has no end of its own: Ctrl-C is the usual one, and what came is kept
            if isinstance(opened, LiveSource):
                with opened, suppress(KeyboardInterrupt):
                    self._frames(opened, place)
            else:
                with _closed(opened):
                    self._frames(opened, place)
        except SdkError as error:
            self.failed = True
            if self._asked.as_json:
                self._write(json_error(path, error))
            else:
                _write(sys.stderr, f"{printable(path)}: {error.slug}: {error}")
            self._keepers.fail(path, error)

    def _frames(self, frames: Iterator[tuple[Frame, FrameInfo]], place: int) -> None:
        for frame, info in frames:
            info = self._timed(info, place)
            result = self._answers.answer(frame, info)
            self._print(result, info)
            self._keepers.keep(place, result, frame, info)
            # a video's container may declare fewer frames than come
            total = None if info.frame_count is None else max(info.frame_count, info.index + 1)
            self._progress.update(self.task, total=total, completed=info.index + 1)

    def _timed(self, info: FrameInfo, place: int) -> FrameInfo:
        """Give a frame without a time that of a steady rate."""
        index = self._counts[place]
        self._counts[place] += 1
        if info.timestamp_us is not None or self._asked.fps is None:
            return info
        return replace(info, timestamp_us=round(index * 1e6 / self._asked.fps))

    def _print(self, result: Answer, info: FrameInfo) -> None:
        if self._asked.as_json:
            self._write(json_of(result, info, attention=self._asked.attention))
        elif self._results is None and info.frame_count != 1:
            if info.index == 0:
                self._write(table_head(info.path))
            self._write(table_line(result, info))
        else:
            self._write(text_of(result, info))

    def _write(self, line: str) -> None:
        _write(self._results or sys.stdout, line)


@contextmanager
def _closed(frames: Iterator[Any]) -> Iterator[None]:
    """Close the file of frames that aren't read to their end, as where one can't be saved."""
    try:
        yield
    finally:
        # otherwise its decoder waits for the garbage collector
        if isinstance(frames, Generator):
            frames.close()


def _makers(classifier: Classifier, asked: Asked) -> list[Callable[[], Keeper]]:
    makers: list[Callable[[], Keeper]] = []
    if asked.csv is not None:
        makers.append(partial(Table, asked.csv, tuple(classifier.metadata.labels)))
    if asked.save is not None:
        film = asked.save.suffix.lower() == ".mp4"
        makers.append(partial(Film if film else Pictures, asked.save))
    return makers


def _every_file(
    files: list[str], options: dict[str, Any]
) -> Iterator[tuple[str, int, Callable[[], Iterator[tuple[Frame, FrameInfo]]]]]:
    """Yield every path, folders expanded, its place on the command line, and how to open it."""
    for place, path in enumerate(files, start=1):
        if path == STANDARD_INPUT:
            yield STANDARD_INPUT, place, partial(sources.open, sys.stdin.buffer, **options)
            continue
        if is_live(path):
            yield path, place, partial(sources.open, path, **options)
            continue
        for file in _inside(path):
            opened = partial(sources.open, file, **options)
            inner = file != path and os.path.isdir(file)
            yield file, place, partial(_refuse_folder, file) if inner else opened


def _inside(path: str) -> list[str]:
    try:
        inside = expand(path)
    except SdkError:
        return [path]  # opening it says why
    if inside == [path]:
        return inside
    names = without_raw_data([os.path.basename(file) for file in inside], open_path(path))
    return [os.path.join(path, name) for name in names]


def _refuse_folder(path: str) -> Iterator[tuple[Frame, FrameInfo]]:
    raise SourceError(
        "source-unreadable", f"{shown(path)} is a folder inside a folder; name it by itself"
    )


def _progress() -> Progress:
    """Make a bar that never mixes with results sent to a file or a pipe."""
    to_screen = sys.stdout.isatty()
    errors_to_screen = sys.stderr is not None and sys.stderr.isatty()
    return bar(
        Console(stderr=not to_screen),
        disable=not (to_screen or errors_to_screen),
        redirect_stdout=to_screen,
        redirect_stderr=errors_to_screen,
    )


def _write(stream: TextIO | None, line: str) -> None:
    if stream is None:
        return
    # a file name may hold what the terminal cannot show, or bytes that aren't text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
