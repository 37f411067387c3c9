"""`sonogaze-export annotate`: propose, look at sheets, collect decisions, compare readings."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from export.annotate import proposals
from export.annotate.agreement import against_landmarks, agreement, read_landmarks
from export.annotate.decisions import read_decisions
from export.annotate.propose import PROPOSERS
from export.annotate.sheets import draw_sheets
from export.data.dataset import data_root, load_records
from export.data.frames import read_greys
from export.data.structures import FORMAT, AnnotationFile, read_annotations, write_annotations
from export.display import bars, progress_of
from export.errors import ExportError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
console = Console(stderr=True)
WorkFolder = Annotated[Path, typer.Argument(help="folder of the proposals, sheets and decisions")]
Decisions = Annotated[Path, typer.Argument(help="CSV: number,decision")]


@app.callback()
def annotate() -> None:
    """Mark the deciding structure of frames: proposed, judged by eye on sheets, kept as JSON."""


@app.command()
def propose(
    folder: WorkFolder,
    structure: Annotated[str, typer.Option(help=f"one of {', '.join(PROPOSERS)}")],
    dataset: Annotated[str, typer.Option(help="as the data set's table names it")] = "own",
) -> None:
    """Propose shapes on every frame of a label outside the test set, and draw sheets."""
    if structure not in PROPOSERS:
        raise typer.BadParameter(f"is none of {list(PROPOSERS)}", param_hint="--structure")
    with bars(console) as show:
        records = load_records(data_root(), None)
        work = proposals.propose_all(records, dataset, structure, progress_of(show, "proposals"))
        proposals.write_work(folder, work)
        paths = draw_sheets(dict(enumerate(work.frames)), folder)
    typer.echo(f"{len(work.frames)} frames on {len(paths)} sheets: {folder / 'sheet-*.png'}")


@app.command()
def blind(
    folder: WorkFolder,
    every: Annotated[int, typer.Option(min=1, help="each so-many-th frame")] = 6,
    first: Annotated[int, typer.Option(min=0, help="from this number")] = 0,
) -> None:
    """Draw sheets without proposals, for a second reading."""
    work = proposals.read_work(folder)
    chosen = {n: f for n, f in enumerate(work.frames) if n >= first and (n - first) % every == 0}
    if not chosen:
        raise ExportError(
            "annotation-none", f"no frame from number {first} on; there are {len(work.frames)}"
        )
    for path in draw_sheets(chosen, folder, "blind", blind=True):
        typer.echo(path)


@app.command()
def collect(
    folder: WorkFolder,
    decisions: Decisions,
    destination: Annotated[Path, typer.Option("--out", "-o", help="the annotation file")],
    made_by: Annotated[str, typer.Option(help="who looked")],
    method: Annotated[str, typer.Option(help="how")],
    source: Annotated[str, typer.Option(help="whose frames, with their licence")],
    licence: Annotated[str, typer.Option(help="of the annotations")] = "CC BY 4.0",
) -> None:
    """Write what a reader decided as an annotation file."""
    work = proposals.read_work(folder)
    frames = tuple(read_decisions(decisions, work))
    file = AnnotationFile(FORMAT, work.dataset, licence, source, made_by, method, frames)
    write_annotations(destination, file)
    counts = {how: sum(a.how == how for a in frames) for how in ("accepted", "corrected")}
    typer.echo(f"{len(frames)} frames: {counts}; {destination}")


@app.command()
def agree(
    first: Annotated[Path, typer.Argument(help="an annotation file")],
    second: Annotated[Path, typer.Argument(help="another one, or landmarks as .csv")],
) -> None:
    """Measure how far two readings agree, or how far landmarks of others lie from a reading."""
    marked = read_annotations(first).marked
    if second.suffix == ".csv":
        tall = _tall(set(marked))
        known = [reading for reading in marked.values() if reading.id in tall]
        report = against_landmarks(known, read_landmarks(second), tall)
    else:
        report = agreement(marked, read_annotations(second).marked)
    typer.echo(json.dumps(report, indent=2))


def _tall(ids: set[str]) -> dict[str, float]:
    """Return the frames' heights as shares of their widths."""
    records = [r for r in load_records(data_root(), None) if r.id in ids]
    return {
        record.id: grey.shape[0] / grey.shape[1]
        for record, grey in zip(records, read_greys(records), strict=True)
    }
