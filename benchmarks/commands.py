"""The commands of `sonogaze-bench`.

Exit status: 0 measured (or compared, nothing worse); 1 a budget was missed, a figure became worse
or a process failed; 2 wrong usage, an option's value that is not allowed among it; 3 an error that
the message explains; 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

from benchmarks import console, folders
from benchmarks.arguments import (
    BudgetFile,
    Folder,
    Frames,
    Models,
    Operator,
    Quick,
    Reports,
    Seed,
    Serial,
    Shape,
    Size,
)
from benchmarks.budget import Line, check_applies, check_budget, read_budget
from benchmarks.comparability import NAMES
from benchmarks.compare import compare
from benchmarks.headline import exceeding, shown_not_slower
from benchmarks.options import check_identity, read_identity, read_shapes, read_size
from benchmarks.record.store import read_record, write, write_record
from benchmarks.record.types import Record
from sdk import SdkError, __version__

EXIT_MISSED, EXIT_USAGE, EXIT_ERROR, EXIT_INTERRUPTED = 1, 2, 3, 130
#: Errors of what was written on the command line, not of what a file holds.
_USAGE = {"option-invalid", "format-unknown", "size-unknown", "model-missing", "subject-unknown"}
_BENCH, _PIXELS = Path("out/bench"), Path("out/kernels")
_CPUS = Path("docs/results/cpus")  # records of several machines side by side

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Teacher and student, measured.",
    rich_markup_mode=None,  # markup would eat what stands in brackets
)


def _print_version(given: bool) -> None:
    if given:
        console.show(f"sonogaze-bench {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Teacher and student, measured."""


@app.command("run")
def run_command(  # noqa: PLR0913 (an option each)
    out: Folder = None,
    quick: Quick = False,
    models: Models = None,
    frames: Frames = None,
    size: Size = "1920x1080",
    budget: BudgetFile = None,
    seed: Seed = 0,
    quality: Annotated[bool, typer.Option(help="Score the labelled frames.")] = True,
    shape: Shape = None,
    device_serial: Serial = None,
    operator: Operator = None,
) -> None:
    """Measure teacher and student on this machine."""
    from benchmarks.processes import launch
    from benchmarks.progress import progress_bar
    from benchmarks.suites.models import plan, run

    request = run.Request(
        plan.QUICK if quick else plan.FULL,
        models or (),
        frames,
        seed,
        quality,
        shapes=read_shapes(shape or ()),
        identity=read_identity(device_serial, operator),
        budget=read_budget(budget) if budget else None,
        screen=read_size(size),
    )
    folder = _folder(out, _BENCH)
    with progress_bar(console.errors) as advance:
        record = run.run(request, launch, advance)
    _finish_run(record, folder)


def _finish_run(record: Record, folder: Path) -> None:
    from benchmarks.report.write import write_all

    lines = check_budget(record, record.budget) if record.budget else []
    _keep_earlier(folder)
    paths = write_all(record, folder)
    console.show_summary(record)
    if lines:
        console.show_budget(lines)
    console.show_paths(paths)
    _exit_if_interrupted(record)
    _exit_if_missed(lines)
    _exit_if_failed(record)


@app.command("preprocess")
def preprocess_command(
    out: Folder = None,
    quick: Annotated[bool, typer.Option("--quick", help="1920x1080 alone.")] = False,
    formats: Annotated[list[str] | None, typer.Option(help="Pixel format; repeatable.")] = None,
    sizes: Annotated[list[str] | None, typer.Option(help="Such as 640x480; repeatable.")] = None,
    seed: Seed = 0,
    keep: Annotated[
        bool, typer.Option("--record", help="Write to docs/results/cpus/NAME, by this CPU.")
    ] = False,
) -> None:
    """Time the pixel kernel against reading the bytes, OpenCV, libyuv, kornia-rs and Pillow."""
    from benchmarks.machine.cpu_name import cpu_folder
    from benchmarks.processes import launch
    from benchmarks.progress import progress_bar
    from benchmarks.report.pixels import pixel_report
    from benchmarks.suites.pixels import run

    request = run.make_request(quick, formats or (), seed, sizes or ())
    folder = _folder(_CPUS / cpu_folder() if keep and out is None else out, _PIXELS)
    with progress_bar(console.errors) as advance:
        record = run.run(request, launch, advance)
    _keep_earlier(folder)
    write_record(record, folder / folders.RECORD)
    report = pixel_report(record)
    write(folder / "report.md", report)
    console.show(report)
    console.show_paths([folder / folders.RECORD, folder / "report.md"])
    _exit_if_interrupted(record)
    _exit_if_failed(record)


@app.command("compare")
def compare_command(
    before: Annotated[Path, typer.Argument(help="Folder or record.json of the run compared with")],
    after: Annotated[Path, typer.Argument(help="Folder or record.json of the later run")],
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="List every figure with its verdict, and the wider interval it is judged by.",
        ),
    ] = False,
    despite: Annotated[
        list[str] | None,
        typer.Option(help=f"Compare although this differs: {', '.join(NAMES)}; repeatable."),
    ] = None,
    no_slower: Annotated[
        float | None,
        typer.Option(
            "--no-slower-than",
            metavar="PERCENT",
            help="Exit 1 unless the 95 % interval of each headline figure excludes a slowdown "
            "beyond this.",
        ),
    ] = None,
) -> None:
    """Compare two records: ratios with intervals; exit status 1 when a figure became worse."""
    names = str(before), str(after)
    comparison = compare(read_record(before), read_record(after), despite or (), names)
    too_slow = [] if no_slower is None else list(exceeding(comparison, no_slower))
    console.show_comparison(comparison, every)
    for text in too_slow:
        console.note(f"--no-slower-than {no_slower:g}: {text}")
    if no_slower is not None and not too_slow and not comparison.identical:
        console.show(shown_not_slower(comparison, no_slower))
    # a record beside itself shows nothing of a second run
    if comparison.worse or too_slow or (no_slower is not None and comparison.identical):
        raise typer.Exit(EXIT_MISSED)


@app.command("check")
def check_command(
    record: Annotated[Path, typer.Argument(help="Folder or record.json of a run")],
    budget: Annotated[Path, typer.Argument(help="budget.toml")],
) -> None:
    """Hold a record against a budget file; exit status 1 when a limit is missed."""
    measured, limits = read_record(record), read_budget(budget)
    check_applies(limits, measured)
    lines = check_budget(measured, limits)
    console.show_budget(lines)
    _exit_if_missed(lines)


@app.command("report")
def report_command(
    record: Annotated[Path, typer.Argument(help="Folder or record.json of a run")],
    out: Reports,
    budget: Annotated[
        Path | None, typer.Option(help="budget.toml, instead of the record's own.")
    ] = None,
    device_serial: Serial = None,
    operator: Operator = None,
) -> None:
    """Write the reports of a record anew; the record itself is copied as it is."""
    from benchmarks.report.pixels import pixel_report
    from benchmarks.report.write import write_reports

    measured = read_record(record)
    limits = read_budget(budget) if budget else None
    check_applies(limits, measured)
    identity = read_identity(device_serial, operator)
    check_identity(measured.identity, identity)
    folders.check_writable(out)
    copy = _copy(record, out)
    if measured.kind == "preprocess":
        write(out / "report.md", pixel_report(measured))
        console.show_paths([copy, out / "report.md"])
    else:
        console.show_paths([copy, *write_reports(measured, out, limits, identity)])


def _copy(record: Path, folder: Path) -> Path:
    """Copy a record byte for byte: it is evidence, and no reader's version of it."""
    source = record / folders.RECORD if record.is_dir() else record
    target = folder / folders.RECORD
    if target.exists() and target.samefile(source):
        return target
    data = source.read_bytes()
    if not (target.exists() and target.read_bytes() == data):
        _keep_earlier(folder)
        write(target, data.decode())
    return target


def _folder(out: Path | None, default: Path) -> Path:
    """Return a folder that can be written, found out before the measuring and not after it."""
    folder = folders.free_folder(default) if out is None else out
    folders.check_writable(folder)
    console.note(f"record and reports go to {folder}")
    return folder


def _keep_earlier(folder: Path) -> None:
    earlier = folders.set_aside(folder)
    if earlier is not None:
        console.note(f"note: the earlier record is now {earlier}")


def _exit_if_interrupted(record: Record) -> None:
    if record.status == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)


def _exit_if_missed(lines: Sequence[Line]) -> None:
    if not all(line.met for line in lines):
        raise typer.Exit(EXIT_MISSED)


def _exit_if_failed(record: Record) -> None:
    """Leave with a status that CI sees: what failed is in the record, and its figures are not."""
    if not all(run.result.ok for run in record.runs):
        raise typer.Exit(EXIT_MISSED)


def guarded(command: Callable[[], object]) -> NoReturn:
    """Run a command; errors that the user can mend are one line, not a traceback."""
    try:
        command()
    except SdkError as error:
        console.errors.print(f"[red]{error.slug}[/]: {escape(str(error))}", soft_wrap=True)
        raise SystemExit(EXIT_USAGE if error.slug in _USAGE else EXIT_ERROR) from error
    raise SystemExit(0)
