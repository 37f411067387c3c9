"""Options that commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        help="Folder for record and reports; an earlier record there is renamed. "
        "Default: out/bench (preprocess: out/kernels), or out/bench-2, ... where one is taken.",
        show_default=False,
    ),
]
Reports = Annotated[Path, typer.Option("-o", "--out", help="Folder for record and reports.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the order of the processes.")]
Serial = Annotated[
    str | None, typer.Option("--device-serial", help="As it stands on the device; never guessed.")
]
Operator = Annotated[str | None, typer.Option(help="Who measures.")]
BudgetFile = Annotated[
    Path | None, typer.Option(help="budget.toml; status 1 if a limit is missed.")
]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Fewer models and scenarios: about 5 minutes on two idle cores. "
        "A model of yours adds 16 loads and some 870 runs of its own, however slow it is.",
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(help="Models by name or pattern, or the path of an .onnx file; repeatable."),
]
Frames = Annotated[
    Path | None,
    typer.Option(
        help="Your frames: frames.csv, a folder a label, or bare images. Timing scales each onto "
        "the screens of --size."
    ),
]
Size = Annotated[
    str, typer.Option(metavar="WIDTHxHEIGHT", help="Of the BGRA screens that timing runs on.")
]
Shape = Annotated[
    list[str] | None,
    typer.Option(help="NAME=1,3,224,224 for an input that leaves sizes free; repeatable."),
]
