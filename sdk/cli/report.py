"""The command `report`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from .. import sources
from .._shown import printable, shown
from ..classifier import Classifier
from ..errors import SdkError, SourceError
from ..frame import Frame
from ..report import collect, require_renderer, write_page
from ..report.facts import Clip
from ..sources import FrameInfo
from ..sources.live import is_live
from .options import (
    DEFAULT_FPS,
    ClipArgument,
    ColorOption,
    FpsOption,
    ModelOption,
    OutputOption,
    PicturesOption,
    PrecisionOption,
    RegionOption,
    failure,
    parse_region,
    say,
)
from .output import NOT_WRITTEN
from .progress import bar


def report(
    clip: ClipArgument,
    output: OutputOption = Path("report.html"),
    model: ModelOption = None,
    precision: PrecisionOption = "auto",
    region: RegionOption = None,
    color: ColorOption = None,
    fps: FpsOption = None,
    pictures: PicturesOption = True,
) -> None:
    """Write the student's answers to CLIP as one self-contained HTML file.

    Exit codes: 0 the clip was read to its end; 1 it, or the student, could not be read (of a clip
    that breaks off, the frames before are reported); 2 wrong usage; 3 the file could not be
    written.
    """
    try:
        require_renderer()
        _check(clip, output)
        classifier = Classifier(model, precision)
        stream = classifier.stream(fps=DEFAULT_FPS if fps is None else fps)
        chosen = None if region is None else parse_region(region)
        described = _described(clip)
        console = Console(stderr=True)
        with bar(console, disable=not console.is_terminal) as progress:
            frames = _watched(progress, sources.open(clip, region=chosen, color=color, fps=fps))
            collected = collect(stream, frames, pictures=pictures)
        if collected.first is None:
            raise collected.error or SourceError(
                "source-malformed", f"{shown(clip)} holds no frame"
            )
        write_page(output, classifier, described, collected)
    except SdkError as error:
        raise failure(error) from None
    except OSError as error:
        say(f"sonogaze: the report cannot be written: {error.strerror or error}: {output}")
        raise typer.Exit(NOT_WRITTEN) from None
    print(printable(str(output)))
    if collected.error is not None:
        raise failure(collected.error)


def _check(clip: str, output: Path) -> None:
    if is_live(clip):
        raise typer.BadParameter(
            f"{clip!r} is a live source, which has no end; use: sonogaze live {clip}",
            param_hint="CLIP",
        )
    if not output.name or output.is_dir():
        raise typer.BadParameter(f"{str(output)!r} is a folder; name a file", param_hint="--output")
    if output.exists() and os.path.exists(clip) and os.path.samefile(output, clip):
        raise typer.BadParameter("the report would replace the clip", param_hint="--output")


def _described(clip: str) -> Clip:
    """Describe the file; where it can't be read, opening it says why."""
    name = os.path.basename(os.path.abspath(clip))
    try:
        if not os.path.isfile(clip):
            return Clip(name, None, None)
        with open(clip, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Clip(name, file.tell(), digest)
    except OSError:
        return Clip(name, None, None)


def _watched(
    progress: Progress, frames: Iterator[tuple[Frame, FrameInfo]]
) -> Iterator[tuple[Frame, FrameInfo]]:
    task = progress.add_task("frames", total=None)
    for done, (frame, info) in enumerate(frames, start=1):
        yield frame, info
        total = None if info.frame_count is None else max(info.frame_count, done)
        progress.update(task, total=total, completed=done)
