"""Commands of `sonogaze`; `report` and `live` have modules of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import __version__
from ..classifier import Classifier
from ..errors import SdkError
from ..sources.choices import wanted
from .classify import Asked, classify_files
from .info import describe, print_description
from .live import live
from .options import (
    AttentionOption,
    ColorOption,
    CsvOption,
    FilesArgument,
    FpsOption,
    LinesOption,
    ModelArgument,
    ModelOption,
    ObjectOption,
    PrecisionOption,
    RegionOption,
    SaveOption,
    SmoothOption,
    failure,
    parse_region,
    say,
)
from .output import NOT_WRITTEN
from .report import report
from .saving import NotSaved
from .verify import print_report, verify_log

app = typer.Typer(
    name="sonogaze",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # markup would eat what stands in brackets
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"sonogaze {__version__}")
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Classify ultrasound frames on this machine's CPU."""


@app.command()
def classify(  # noqa: PLR0913 - its options
    files: FilesArgument,
    model: ModelOption = None,
    precision: PrecisionOption = "auto",
    region: RegionOption = None,
    color: ColorOption = None,
    fps: FpsOption = None,
    smooth: SmoothOption = False,
    as_json: LinesOption = False,
    attention: AttentionOption = False,
    csv: CsvOption = None,
    save: SaveOption = None,
) -> None:
    """Classify every frame of FILES.

    Exit codes: 0 every frame was read; 1 a file, or the student, could not be read; 2 wrong usage;
    3 results could not be written; 141 the reader of a pipe has gone.
    """
    try:
        chosen = None if region is None else parse_region(region)
        wanted(chosen, color, fps)
        classifier = Classifier(model, precision)
        options = {"region": chosen, "color": color}
        code = classify_files(
            classifier, files, Asked(options, fps, smooth, as_json, attention, csv, save)
        )
    except SdkError as error:
        raise failure(error, as_json) from None
    except NotSaved as error:
        say(f"sonogaze: {error}")
        raise typer.Exit(NOT_WRITTEN) from None
    raise typer.Exit(code)


@app.command()
def info(
    model: ModelArgument = None,
    precision: PrecisionOption = "auto",
    as_json: ObjectOption = False,
) -> None:
    """Verify a student file on this machine, and show what it says about itself."""
    try:
        description = describe(Classifier(model, precision))
    except SdkError as error:
        raise failure(error, as_json) from None
    if as_json:
        print(json.dumps(description, allow_nan=False))
    else:
        print_description(description, Console())


@app.command()
def verify(
    audit: Annotated[Path, typer.Option(help="Newest file of the audit log.")],
    frames: Annotated[
        list[Path],
        typer.Option(help="File or folder of the frames, as they were pushed; may be repeated."),
    ],
    model: ModelOption = None,
    precision: PrecisionOption = "auto",
    as_json: ObjectOption = False,
) -> None:
    """Replay an audit log on its frames: every answer must be the same, bit for bit.

    Exit codes: 0 all are; 1 one differs, or its frame is not there, or nothing could be read;
    2 wrong usage.
    """
    try:
        report = verify_log(Classifier(model, precision), audit, frames)
    except SdkError as error:
        raise failure(error, as_json) from None
    print_report(report, as_json=as_json)
    raise typer.Exit(0 if report.verified else 1)


app.command()(report)
app.command()(live)
