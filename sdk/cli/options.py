"""The commands' options with their help, regions as text, errors as one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from .._shown import shown
from ..errors import SdkError
from ..frame import Region
from ..sources.choices import AUTO

_MODEL_HELP = "Student file; without it, the default student."
DEFAULT_FPS = 30.0
"""Frames a second of a stream whose source has no times and no rate was given."""

_OTHER_FILES = frozenset(
    {".avi", ".gif", ".jpeg", ".jpg", ".m4v", ".mkv", ".mov", ".mpeg", ".mpg", ".png", ".webm"}
)


def _film_or_folder(path: Path | None) -> Path | None:
    """Refuse a name that asks for another kind of file: it would become a folder."""
    _no_dash(path)
    if path is not None and path.suffix.lower() in _OTHER_FILES and not path.is_dir():
        raise typer.BadParameter(
            f"{shown(path.name)}: films end in .mp4; any other name is a folder of PNGs"
        )
    return path


def _no_dash(path: Path | None) -> Path | None:
    """Refuse `-`, which means standard output elsewhere and would be a file of that name here."""
    if path == Path("-"):
        raise typer.BadParameter("'-' is no file name; for standard output there is --json")
    return path


ModelArgument = Annotated[Path | None, typer.Argument(help=_MODEL_HELP)]
ModelOption = Annotated[Path | None, typer.Option(help=_MODEL_HELP)]
PrecisionOption = Annotated[str, typer.Option(help="Precision: auto, fp32 or int8.")]
RegionOption = Annotated[
    str | None,
    typer.Option(
        help="Part of each frame to look at, in pixels: x,y,width,height, or a sector "
        "cx,cy,r_min,r_max,angle_min_deg,angle_max_deg, with ,x,y,width,height after it where a "
        "window cuts the sector off, or auto: find it.",
    ),
]
ColorOption = Annotated[
    str | None,
    typer.Option(
        help="Matrix and range of YUV frames, such as bt709-full, instead of the file's.",
    ),
]
FpsOption = Annotated[
    float | None,
    typer.Option(help="Frames a second, where a file has no times."),
]
FilesArgument = Annotated[
    list[str],
    typer.Argument(
        help="Images, DICOM files, videos, descriptions of raw frames, folders of them, - for "
        "standard input, or live: http://host:port/path, igtl://host:port, /dev/video0.",
    ),
]
SmoothOption = Annotated[
    bool, typer.Option("--smooth", help="Answer along each file, smoothed over time, by a stream.")
]
LinesOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per line: a frame or an error.")
]
ObjectOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AttentionOption = Annotated[
    bool, typer.Option("--attention", help="Put the attention map into the JSON.")
]
CsvOption = Annotated[
    Path | None,
    typer.Option(callback=_no_dash, help="Write a table to this CSV file."),
]
SaveOption = Annotated[
    Path | None,
    typer.Option(
        callback=_film_or_folder,
        help="Write frames with their results beside them: PNGs into this folder, or one film if "
        "the name ends in .mp4.",
    ),
]
ClipArgument = Annotated[
    str,
    typer.Argument(help="A video, a DICOM clip, an animation or a folder of images."),
]
OutputOption = Annotated[Path, typer.Option("-o", "--output", help="The HTML file to write.")]
PicturesOption = Annotated[
    bool,
    typer.Option(
        "--pictures/--no-pictures",
        help="Show key frames; they show what the clip shows, burnt-in text too.",
    ),
]


def parse_region(text: str) -> Region | Literal["auto"]:
    """Read `--region`.

    Raises:
        BadParameter: it isn't four whole numbers, nor six numbers, nor six and four whole ones.
        FrameError: `region-invalid`.
    """
    if text == AUTO:
        return "auto"
    parts = text.split(",")
    try:
        if len(parts) == 4:
            return Region.rectangle(*_window(parts))
        if len(parts) in (6, 10):
            clip = _window(parts[6:]) if len(parts) == 10 else None
            cx, cy, r_min, r_max, first, last = (float(part) for part in parts[:6])
            return Region.sector(cx, cy, r_min, r_max, first, last, clip)
    except ValueError:
        pass
    raise typer.BadParameter(
        f"{text!r}: expected four whole numbers, x,y,width,height, or six numbers, "
        "cx,cy,r_min,r_max,angle_min_deg,angle_max_deg, or both, the six first, for a sector that "
        "a window cuts off, or auto",
        param_hint="--region",
    )


def _window(parts: list[str]) -> tuple[int, int, int, int]:
    x, y, width, height = (int(part) for part in parts)
    return x, y, width, height


def failure(error: SdkError, as_json: bool = False) -> typer.Exit:
    """Print an error, and return the end of the command."""
    if as_json:
        print(json.dumps({"error": {"slug": error.slug, "message": str(error)}}))
    else:
        say(f"{error.slug}: {error}")
    return typer.Exit(1)


def say(line: str) -> None:
    """Print a line on standard error, brackets and all."""
    Console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)
