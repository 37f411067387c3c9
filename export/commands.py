"""Commands of `sonogaze-export`: train a teacher, distil, quantise and release a student."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from export import parallel
from export.annotate.commands import app as annotate_app
from export.data.dataset import data_root, load_records
from export.data.phantom import write_phantom_set
from export.display import bars, progress_of
from export.distill import pipeline
from export.evidence.record import record_evidence
from export.files import write_json
from export.gaze import Display, MapSettings
from export.gaze.folder import add_simulated_gaze
from export.gaze.settings import ImageArea, Session
from export.model_card import write_card
from export.recipe.read import path_of
from export.recipe.settings import PLAIN
from export.release import quantize as quantizing
from export.release import release as releasing
from export.release.negatives import negatives as measure_negatives
from export.release.summary import summary
from export.studies.ablation.curve import curve as gather_curve
from export.studies.ablation.curve import plot_curve
from export.studies.ablation.family import family as gather_family
from export.studies.ablation.family import plot_family
from export.studies.ablation.plot import plot_ablation
from export.studies.ablation.run import ablate as run_ablation
from export.studies.ablation.table import markdown
from export.studies.search.plot import plot_search
from export.studies.search.run import Search
from export.studies.search.run import search as run_search
from export.studies.search.space import load_space
from export.studies.search.text import search_summary
from export.workspace import Workspace
from sdk import SdkError, __version__

# without markup, which would eat the `[objectives.NAME]` of help texts
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(annotate_app, name="annotate")
console = Console(stderr=True)
PHANTOM_SESSION = Session(
    Display(1920, 1080, pixel_pitch_mm=0.2665, viewing_distance_mm=620.0),
    ImageArea(0, 0, 1920, 1080),
    MapSettings(before_us=0, after_us=1_000_000),
)
TRAIN_TOGETHER = ("teacher", "distill")  # what torchrun may start in several processes
INTERRUPTED = 130  # what typer exits with after Ctrl-C
FAILED, WRONG_USAGE = 1, 2
# a name that is none of those there are is wrong usage, as a wrong option is
WRONG_CHOICES = ("recipe-missing", "recipe-objective", "gaze-name", "release-gate-name")

RecipeOption = Annotated[str, typer.Option("--recipe", help="a name in export/recipes or a .toml")]
FolderOption = Annotated[
    Path, typer.Option("--out", "-o", help="folder of the runs; also what is resumed from")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="instead of the recipe's own")
]
ObjectiveOption = Annotated[
    str, typer.Option("--objective", help="an [objectives.NAME] of the recipe")
]


def _show_version(is_given: bool) -> None:
    if is_given:
        typer.echo(f"sonogaze-export {__version__}")
        raise typer.Exit


VersionOption = Annotated[
    bool,
    typer.Option(
        "--version", help="show the version and exit", callback=_show_version, is_eager=True
    ),
]


@app.callback()
def begin(context: typer.Context, version: VersionOption = False) -> None:
    """Train a teacher, distil, quantise and release a student."""
    parallel.refuse(str(context.invoked_subcommand), TRAIN_TOGETHER)


@app.command()
def recipe(
    name: Annotated[str, typer.Argument(help="of a recipe that comes with this package")] = "own",
) -> None:
    """Print a recipe, to change: `recipe own > mine.toml`."""
    print(path_of(name).read_text(encoding="utf-8"), end="")


@app.command()
def teacher(
    recipe: RecipeOption = "default",
    out: FolderOption = Path("runs/default"),
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence", help="write its logits to OUT/teacher-logits.json (an evaluation)"
        ),
    ] = False,
    gaze: Annotated[
        str, typer.Option("--gaze", help="the teacher that takes a [gaze.NAME] of the recipe")
    ] = PLAIN,
) -> None:
    """Train the teacher; stop it at any time, the same command goes on."""
    if evidence and gaze != PLAIN:
        raise typer.BadParameter(
            "is of the teacher without gaze; leave out --gaze", param_hint="--evidence"
        )
    if evidence:
        parallel.refuse("teacher --evidence", ())
    with bars(console) as show:
        workspace = Workspace.open(recipe, out, show)
        pipeline.teacher(workspace, gaze)
        scores = record_evidence(workspace) if evidence else None
    if scores:
        typer.echo(json.dumps(scores, indent=2))


@app.command()
def distill(
    recipe: RecipeOption = "default",
    out: FolderOption = Path("runs/default"),
    objective: ObjectiveOption = "kd",
    seed: SeedOption = None,
) -> None:
    """Train a student on the teacher's outputs; stop it at any time, the same command goes on."""
    with bars(console) as show:
        pipeline.distill(Workspace.open(recipe, out, show).student(objective, seed))


@app.command()
def quantize(
    recipe: RecipeOption = "default",
    out: FolderOption = Path("runs/default"),
    objective: ObjectiveOption = "kd",
    seed: SeedOption = None,
) -> None:
    """Export a trained student to ONNX, fp32 and int8, and compare both with PyTorch."""
    with bars(console) as show:
        run = Workspace.open(recipe, out, show).student(objective, seed)
        report = quantizing.quantize(run)
    typer.echo(json.dumps(report, indent=2))


@app.command()
def release(
    recipe: RecipeOption = "default",
    out: FolderOption = Path("runs/default"),
    objective: ObjectiveOption = "kd",
    seed: SeedOption = None,
    destination: Annotated[Path, typer.Option(help="folder of the released files")] = Path(
        "release"
    ),
    waive_gate: Annotated[
        list[str] | None,
        typer.Option("--waive-gate", help='GATE="REASON": release though it fails, for all to see'),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="print release.json instead of a summary")
    ] = False,
) -> None:
    """Train what is missing, calibrate, quantise, verify, and write both student files."""
    with bars(console) as show:
        run = Workspace.open(recipe, out, show).student(objective, seed)
        report = releasing.release(run, destination, waive_gate or ())
    text = json.dumps(report, indent=2) if as_json else summary(report, destination)
    typer.echo(text, nl=as_json)


@app.command()
def phantom(
    directory: Annotated[Path, typer.Argument(help="where PNG files, labels and truth go")],
    count: Annotated[int, typer.Option(help="cines; the four labels take turns")] = 40,
    frames: Annotated[int, typer.Option(help="frames of each cine")] = 1,
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 0,
    gaze: Annotated[bool, typer.Option("--gaze", help="and recordings of simulated gaze")] = False,
) -> None:
    """Write synthetic frames with labels and ground truth."""
    with bars(console) as show:
        write_phantom_set(
            directory,
            count,
            seed,
            frames=frames,
            progress=progress_of(show, "phantom"),
        )
        if gaze:
            add_simulated_gaze(
                directory,
                PHANTOM_SESSION,
                seed=seed,
                progress=progress_of(show, "simulated gaze"),
            )


@app.command()
def negatives(
    student: Annotated[Path, typer.Argument(help="a student file")],
    destination: Annotated[Path, typer.Option("--out", "-o", help="the report, JSON")],
    test: Annotated[
        bool, typer.Option("--test", help="also the guarded test set (an evaluation)")
    ] = False,
) -> None:
    """Measure what a student accepts as a plane that is none: other anatomies, erased structures.

    Frames of the data folder, but for the test set, and drawn test patterns.
    """
    with bars(console) as show:
        root = data_root()
        report = measure_negatives(
            student, load_records(root, None), root, test, progress_of(show, "frames")
        )
        write_json(destination, report)
    for name, kind in {**report["kinds"], **report["patterns"]}.items():
        typer.echo(f"{name}: {kind['accepted']:.1%} of {kind['frames']} accepted as a plane")


@app.command()
def card(
    report: Annotated[Path, typer.Argument(help="release.json of a release")],
    destination: Annotated[Path, typer.Option("--out", "-o")] = Path("docs/model-card.md"),
) -> None:
    """Write the model card of a release: Markdown, and pictures in img/model-card/ beside it."""
    with bars(console) as show:
        write_card(report, destination, show)


@app.command()
def ablate(
    recipe: RecipeOption = "ablation",
    out: FolderOption = Path("runs/ablation"),
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds, from 1")] = 5,
    objective: Annotated[
        list[str] | None,
        typer.Option("--objective", help="which to compare, the first with the rest"),
    ] = None,
) -> None:
    """Train a student by each objective of the recipe over several seeds; print the table."""
    with bars(console) as show:
        report = run_ablation(Workspace.open(recipe, out, show), seeds, objective or ())
    plot_ablation(report, out / "ablation.png")
    typer.echo(markdown(report))
    _print(f"{out / 'ablation.json'} and {out / 'ablation.png'} hold the rest")


@app.command()
def family(
    runs: Annotated[list[Path], typer.Argument(help="scored runs: folders like student-kd-1")],
    destination: Annotated[Path, typer.Option("--out", "-o", help="family.json; .png beside it")],
) -> None:
    """Gather students of several sizes, scored by `ablate`, beside their teacher."""
    _draw_and_write(gather_family(runs), plot_family, destination)


@app.command()
def curve(
    runs: Annotated[list[Path], typer.Argument(help="folders that `ablate` has been through")],
    destination: Annotated[Path, typer.Option("--out", "-o", help="curve.json; .png beside it")],
) -> None:
    """Gather ablations of recipes with more and fewer patients: what each way gains by labels."""
    _draw_and_write(gather_curve(runs), plot_curve, destination)


@app.command()
def search(
    space: Annotated[
        str, typer.Option("--space", help="a name in export/recipes/spaces or a .toml")
    ] = "dense",
    out: FolderOption = Path("runs/search"),
    destination: Annotated[
        Path | None, typer.Option(help="copy of OUT/search.json; a picture beside it")
    ] = None,
    latency_only: Annotated[
        bool, typer.Option("--latency-only", help="measure what isn't measured yet, train nothing")
    ] = False,
) -> None:
    """Search a space of students: time them, train them briefly, the best over several seeds."""
    chosen = load_space(space)
    with bars(console) as show:
        workspace = Workspace.open(chosen.recipe, out, show)
        if latency_only:
            times = Search(chosen, workspace, space).latencies
        else:
            report = run_search(chosen, workspace, space)
    if latency_only:
        typer.echo(json.dumps(times, indent=2))
        return
    _draw_and_write(report, plot_search, destination or out / "search.json")
    typer.echo(search_summary(report))


def _draw_and_write(
    report: dict[str, Any], draw: Callable[[dict[str, Any], Path], None], destination: Path
) -> None:
    """Write a report as JSON, and its picture beside it."""
    draw(report, destination.with_suffix(".png"))
    write_json(destination, report)


def _print(line: str) -> None:
    """Print a line as it is: without markup, and not broken in two."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command; of a known error print a line, or a list, and exit with 1 or 2."""
    try:
        app()
    except SdkError as error:
        console.print(f"[red]error[/red] ({error.slug}): {escape(str(error))}", soft_wrap=True)
        for detail in getattr(error, "details", ()):
            _print(f"  {detail}")
        raise SystemExit(WRONG_USAGE if error.slug in WRONG_CHOICES else FAILED) from error
    except OSError as error:  # a folder that can't be written, a full disk
        where = f"{error.filename}: " if error.filename else ""
        console.print(f"[red]error[/red]: {escape(where + str(error.strerror))}", soft_wrap=True)
        raise SystemExit(FAILED) from error
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _print("stopped; the same command goes on from here")
        elif not stop.code:
            parallel.leave()
        raise
