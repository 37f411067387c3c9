"""The command `live`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Literal

import typer

from .. import sources
from ..classifier import Classifier
from ..errors import SdkError
from ..frame import Region
from ..live import LiveServer, Paced, View, Watched, watch
from ..sources import LiveSource
from ..sources.base import optional_import
from ..sources.choices import wanted
from ..sources.live.motion_jpeg import from_pipe
from ..sources.live.source import Waiting
from .classify import STANDARD_INPUT
from .options import (
    DEFAULT_FPS,
    ColorOption,
    FpsOption,
    ModelOption,
    PrecisionOption,
    RegionOption,
    failure,
    parse_region,
    say,
)


def live(
    source: Annotated[
        str,
        typer.Argument(
            help="A clip, shown at its own pace, - for Motion JPEG on standard input, or live: "
            "http://host:port/path, igtl://host:port, /dev/video0.",
        ),
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    model: ModelOption = None,
    precision: PrecisionOption = "auto",
    region: RegionOption = None,
    color: ColorOption = None,
    fps: FpsOption = None,
) -> None:
    """Show SOURCE with its answers to a browser on this machine, until it ends or Ctrl-C.

    The address is printed first, and only who has it can look. Exit codes: 0 the source ended, or
    Ctrl-C; 1 it, or the student, could not be read; 2 wrong usage; 3 the port is taken.
    """
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        optional_import("simplejpeg", "simplejpeg", "images")
        optional_import("PIL.Image", "Pillow", "images")
        chosen = None if region is None else parse_region(region)
        classifier = Classifier(model, precision)
        stream = classifier.stream(fps=DEFAULT_FPS if fps is None else fps)
        frames = _open(source, chosen, color, fps)
        name = "standard input" if source == STANDARD_INPUT else os.path.basename(source)
        _serve(Watched(stream, frames, name or source), port)
    except SdkError as error:
        raise failure(error) from None


def _open(
    source: str, region: Region | Literal["auto"] | None, color: str | None, fps: float | None
) -> LiveSource | Paced:
    if source == STANDARD_INPUT:
        return from_pipe(sys.stdin.buffer, wanted(region, color, fps), Waiting())
    frames = sources.open(source, region=region, color=color, fps=fps)
    return frames if isinstance(frames, LiveSource) else Paced(frames, fps or DEFAULT_FPS)


def _serve(watched: Watched, port: int) -> None:
    view = View(watched.numbers)
    ended = "The source has ended"
    try:
        with LiveServer(view, port) as server:
            try:
                print(server.url, flush=True)
                watch(watched, view)
            except KeyboardInterrupt:
                ended = "The command was ended"
            except SdkError as error:
                ended = f"The source ended in an error: {error}"
                raise
            finally:
                view.end(ended)
    except OSError as error:
        say(f"sonogaze: no port {port} on 127.0.0.1: {error.strerror or error}")
        raise typer.Exit(3) from None
    finally:
        view.close()
        if isinstance(watched.frames, LiveSource):
            watched.frames.close()
    stats = watched.stream.stats()
    say(f"{stats.frames} frames, {watched.dropped} dropped, "
        f"{watched.unreadable + stats.failed} unreadable")  # fmt: skip
