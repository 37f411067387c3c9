"""The commands of `sonogaze-bench`.

Exit status: 0 measured (or compared, nothing worse); 1 a budget was missed, a figure became worse
or a process failed; 2 wrong usage; 3 an error that the message explains; 130 interrupted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks import plan
from benchmarks.alike import NAMES
from benchmarks.budget import Line, check_budget, read_budget
from benchmarks.compare import Change, Comparison, compare
from benchmarks.errors import BenchError
from benchmarks.options import check_identity, read_identity, read_shapes
from benchmarks.record.store import read_record
from sdk import __version__

EXIT_MISSED, EXIT_ERROR, EXIT_INTERRUPTED = 1, 3, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Teacher and student, measured.",
    rich_markup_mode=None,  # markup would eat what stands in brackets
)
console = Console()
errors = Console(stderr=True)

Serial = Annotated[
    str | None, typer.Option("--device-serial", help="As it stands on the device; never guessed.")
]
Operator = Annotated[str | None, typer.Option(help="Who measures.")]


def _print_version(asked: bool) -> None:
    if asked:
        console.print(f"sonogaze-bench {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it and end."),
    ] = False,
) -> None:
    """Teacher and student, measured."""


@app.command("run")
def run_command(  # noqa: PLR0913 (an option each)
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the record and reports.")],
    quick: Annotated[bool, typer.Option("--quick", help="Under 5 minutes.")] = False,
    models: Annotated[
        list[str] | None,
        typer.Option(help="Subjects by name or pattern, or a path of an .onnx file; repeatable."),
    ] = None,
    frames: Annotated[
        Path | None, typer.Option(help="Your frames: frames.csv, a folder a label, or bare images.")
    ] = None,
    budget: Annotated[Path | None, typer.Option(help="budget.toml; status 1 if missed.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of processes.")] = 0,
    quality: Annotated[bool, typer.Option(help="Score the labelled frames.")] = True,
    shape: Annotated[
        list[str] | None,
        typer.Option(help="NAME=1,3,224,224 for an input that leaves sizes free; repeatable."),
    ] = None,
    device_serial: Serial = None,
    operator: Operator = None,
) -> None:
    """Measure teacher and student on this machine."""
    from benchmarks.processes import launch
    from benchmarks.progress import progress_bar
    from benchmarks.report.write import write_all
    from benchmarks.run import Request, run

    limits = read_budget(budget) if budget else None
    _check_folder(out)
    request = Request(
        plan.QUICK if quick else plan.FULL,
        models or (),
        frames,
        seed,
        quality,
        shapes=read_shapes(shape or ()),
        identity=read_identity(device_serial, operator),
        budget=limits.to_dict() if limits else None,
    )
    with progress_bar(errors) as advance:
        record = run(request, launch, advance)
    lines = check_budget(record, limits) if limits else []
    paths = write_all(record, out, limits)
    _tell(record, lines, paths)
    if record["status"] == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)
    _exit_if_missed(lines)
    _exit_if_failed(record)


@app.command("preprocess")
def preprocess_command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the record.")],
    quick: Annotated[bool, typer.Option("--quick", help="1920x1080 alone.")] = False,
    formats: Annotated[list[str] | None, typer.Option(help="Pixel format; repeatable.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of processes.")] = 0,
) -> None:
    """Time the pixel kernel against reading the bytes, OpenCV and NumPy."""
    from benchmarks.kernels import request, run_kernels
    from benchmarks.processes import launch
    from benchmarks.progress import progress_bar
    from benchmarks.record.store import write_record, write_text
    from benchmarks.report.kernels import kernel_report

    wanted = request(quick, formats or (), seed)
    _check_folder(out)
    with progress_bar(errors) as advance:
        record = run_kernels(wanted, launch, advance)
    write_record(record, out / "record.json")
    write_text(out / "report.md", kernel_report(record))
    console.print((out / "report.md").read_text(), highlight=False, soft_wrap=True, markup=False)
    if record["status"] == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)
    _exit_if_failed(record)


@app.command("compare")
def compare_command(
    old: Annotated[Path, typer.Argument(help="Folder or record.json of the run compared with")],
    new: Annotated[Path, typer.Argument(help="Folder or record.json of the newer run")],
    every: Annotated[bool, typer.Option("--all", help="Show the unchanged too.")] = False,
    despite: Annotated[
        list[str] | None,
        typer.Option(help=f"Compare although this differs: {', '.join(NAMES)}; repeatable."),
    ] = None,
) -> None:
    """Compare two records: ratios with intervals; exit status 1 when a figure became worse."""
    found = compare(read_record(old), read_record(new), despite or ())
    _show(found, every)
    if found.worse:
        raise typer.Exit(EXIT_MISSED)


@app.command("check")
def check_command(
    record: Annotated[Path, typer.Argument(help="record.json")],
    budget: Annotated[Path, typer.Argument(help="budget.toml")],
) -> None:
    """Hold a record against a budget file; exit status 1 when a limit is missed."""
    lines = check_budget(read_record(record), read_budget(budget))
    _show_budget(lines)
    _exit_if_missed(lines)


@app.command("report")
def report_command(
    record: Annotated[Path, typer.Argument(help="record.json")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the reports.")],
    budget: Annotated[
        Path | None, typer.Option(help="budget.toml, instead of the record's own.")
    ] = None,
    device_serial: Serial = None,
    operator: Operator = None,
) -> None:
    """Write the Markdown and HTML reports of a record anew."""
    from benchmarks.record.store import write_record, write_text
    from benchmarks.report.kernels import kernel_report
    from benchmarks.report.write import write_all

    found = read_record(record)
    limits = read_budget(budget) if budget else None
    identity = read_identity(device_serial, operator)
    check_identity(found, identity)
    _check_folder(out)
    if found["kind"] == "preprocess":
        paths = [out / "record.json", out / "report.md"]
        write_record(found, paths[0])
        write_text(paths[1], kernel_report(found))
    else:
        paths = write_all(found, out, limits, identity)
    for path in paths:
        console.print(str(path), soft_wrap=True)


def _check_folder(out: Path) -> None:
    """Find out before the measuring, not after it, whether the folder can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise BenchError("output-unwritable", f"-o {out}: {error}") from error


def _tell(record: dict, lines: list[Line], paths: list[Path]) -> None:
    from benchmarks.report.sowhat import so_what
    from benchmarks.report.view import View

    for line in so_what(View(record)):
        console.print(f"• {line}", highlight=False)
    for warning in record["warnings"]:
        text = escape(f"{warning['meaning']} ({warning['detail']})")
        errors.print(f"[yellow]{warning['slug']}[/]: {text}")
    if lines:
        _show_budget(lines)
    for path in paths:
        console.print(str(path), soft_wrap=True)


def _show_budget(lines: list[Line]) -> None:
    """Print a line a limit, under its column's name: never wrapped or cut."""
    from benchmarks.report.cover import budget_table

    shown = budget_table(lines, "bound")
    rows = [shown.head, *shown.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(shown.head))]
    for row in rows:
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        style = "red" if row[-1] == "NO" else None
        console.print(text.rstrip(), style=style, highlight=False, soft_wrap=True, markup=False)


def _show(found: Comparison, every: bool) -> None:
    """Print a line a figure: never wrapped or cut, as a log is searched for the figure's name."""
    for change in found.changes:
        if every or change.verdict in ("worse", "better"):
            console.print(_line(change), highlight=False, soft_wrap=True, markup=False)
    counts = {v: sum(c.verdict == v for c in found.changes) for v in ("worse", "better", "same")}
    told = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    console.print(f"{len(found.changes)} figures compared: {told}.")
    agree, known = found.agreeing
    console.print(f"{agree} of {known} printed intervals (95 %) meet those of the other run.")
    for note in [*found.notes, *(f"only in one record: {key}" for key in found.unmatched)]:
        errors.print(f"note: {note}", highlight=False, soft_wrap=True, markup=False)


def _line(change: Change) -> str:
    ratio = change.ratio
    text = "-" if ratio is None else f"{ratio.value:.3f}"
    if ratio is not None and ratio.low is not None:
        text += f" ({ratio.low:.3f} to {ratio.high:.3f})"
    values = f"{change.old:.4g} -> {change.new:.4g} {change.unit}"
    return f"{change.verdict:8}{text:26}{values:26}{change.id}"


def _exit_if_missed(lines: list[Line]) -> None:
    if not all(line.met for line in lines):
        raise typer.Exit(EXIT_MISSED)


def _exit_if_failed(record: dict) -> None:
    """Leave with a status that CI sees: what failed is in the record, and its figures are not."""
    if any(not run["result"].get("ok") for run in record["runs"]):
        raise typer.Exit(EXIT_MISSED)


def guarded(command: Callable[[], object]) -> NoReturn:
    """Run a command; errors that the user can mend are one line, not a traceback."""
    from sdk import SdkError

    try:
        command()
    except SdkError as error:
        errors.print(f"[red]{error.slug}[/]: {escape(str(error))}", soft_wrap=True)
        raise SystemExit(EXIT_ERROR) from error
    raise SystemExit(0)
