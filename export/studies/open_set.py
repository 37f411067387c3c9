"""What an open-set head brings to a released student, over seeds and on machines it never met.

    python -m export.studies.open_set [FOLDER] [--seeds N] [--no-machines]

For each seed of the head (its views and its weights), and for the distance without a head: limits,
right answers that stay, kinds that were left out of the head in turn, erased structures, patterns.
And for each machine with enough frames a head that never met it, with the recipe's views and with
the narrower ones of the student's own training. No part that is guarded is looked at.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import onnx
import typer
from msgspec import structs
from rich.console import Console

from export.data.dataset import FrameRecord, data_root, load_records
from export.data.fills import FILLS
from export.display import Show, bars
from export.files import write_json
from export.packaging.graph_places import without_novelty
from export.packaging.packaging import strip
from export.recipe.read import load_recipe
from export.recipe.settings import OpenSetConfig, Recipe
from export.release.added_novelty import AddedNovelty, add_novelty, unseen_frames
from export.release.crossfit import answers_of
from export.release.files import file_name
from export.release.measures import fit_measures, limits_of
from export.release.negatives import negatives_of
from export.release.open_set import rows_of
from export.release.strangers import kept_answers
from export.release.thresholds import Accepting
from export.studies.machine import machine_facts
from sdk.model_file import parse_model_file

LEAST_FRAMES = 40
"""Of a machine, to say what share of them is kept."""
_HOWS = ("untouched", *(f"erased:{fill}" for fill in FILLS))


def with_head(recipe: Recipe, config: OpenSetConfig | None) -> Recipe:
    """Return the recipe with another head, or none."""
    assert recipe.novelty is not None
    return structs.replace(recipe, novelty=structs.replace(recipe.novelty, open_set=config))


def outcome(added: AddedNovelty, records: Sequence[FrameRecord]) -> dict[str, Any]:
    """Return what files with a novelty accept, on train and validation."""
    negatives = negatives_of(added.contents["fp32"], records)
    validation = {
        name: {how: shares["accepted_as_label"] for how, shares in found.items() if how in _HOWS}
        for name, parts in negatives["structures"].items()
        for part, found in parts.items()
        if part.endswith(":val")
    }
    return {
        **{name: added.report[name] for name in ("novelty_limits", "kept", "strangers")},
        "validation_structures": validation,
        "patterns": {name: told["accepted"] for name, told in negatives["patterns"].items()},
    }


def left_out_machines(
    content: bytes, recipe: Recipe, records: Sequence[FrameRecord], folder: Path, show: Show
) -> dict[str, Any]:
    """Return for each machine the share of its right answers that a head without it keeps.

    The student has seen the machines, and so have the prototypes; what is measured is the head.
    """
    config = _open_set(recipe)
    model = without_novelty(strip(onnx.load_from_string(content)))
    calibration = parse_model_file(content).metadata.calibration
    chosen = Accepting(calibration.temperature, dict(calibration.abstain_below), {})
    rows = rows_of(recipe, config)
    learned = [r for r in rows if r.outlier == 0 and r.alteration is None]
    counts = Counter(r.machine for r in learned if r.machine)
    told = {}
    for machine in sorted(m for m, count in counts.items() if count >= LEAST_FRAMES):
        others = [r for r in rows if r.machine != machine]
        measures = fit_measures(model, learned, recipe, folder, show, others)
        # nor may its frames choose the limits
        frames = [r for r in unseen_frames(records, recipe) if r.machine != machine]
        own = answers_of(model, frames, recipe, measures)
        assert own.measured is not None
        limits = limits_of(own.answers, own.measured, chosen, recipe)
        met = answers_of(model, [r for r in learned if r.machine == machine], recipe, measures)
        kept = kept_answers(met, chosen, limits, recipe.labels)
        told[machine] = {"frames": counts[machine], "kept": kept}
    return told


def study(
    contents: Mapping[str, bytes],
    recipe: Recipe,
    seeds: int,
    folder: Path,
    show: Show,
    machines: bool = True,
) -> dict[str, Any]:
    """Return all of it, or all but `machines` left out, each of which costs two heads."""
    records = load_records(data_root(), recipe.labels)
    config = _open_set(recipe)
    variants = {"distance alone": with_head(recipe, None)}
    for seed in range(config.seed, config.seed + seeds):
        variants[f"seed {seed}"] = with_head(recipe, structs.replace(config, seed=seed))
    found: dict[str, Any] = {
        "novelties": {
            name: outcome(add_novelty(contents, one, records, folder, show), records)
            for name, one in variants.items()
        }
    }
    if machines:
        narrower = with_head(recipe, structs.replace(config, augment=None))
        found["machines_left_out"] = {
            name: left_out_machines(contents["fp32"], one, records, folder, show)
            for name, one in {"recipe": recipe, "student's": narrower}.items()
        }
    return found


def _open_set(recipe: Recipe) -> OpenSetConfig:
    assert recipe.novelty is not None
    assert recipe.novelty.open_set is not None
    return recipe.novelty.open_set


def main(
    folder: Annotated[Path, typer.Argument(help="of a release")] = Path("sdk/models"),
    recipe: Annotated[str, typer.Option("--recipe")] = "default",
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    machines: Annotated[bool, typer.Option(help="also heads that never met a machine")] = True,
    destination: Annotated[Path, typer.Option("-o")] = Path("docs/results/open-set.json"),
) -> None:
    """Fit heads to a released student and write what they do as JSON."""
    settings = load_recipe(recipe)
    contents = {p: (folder / file_name(settings.name, p)).read_bytes() for p in ("fp32", "int8")}
    with bars(Console(stderr=True)) as show, tempfile.TemporaryDirectory() as runs:
        found = study(contents, settings, seeds, Path(runs), show, machines)
    command = f"python -m export.studies.open_set --recipe {recipe} --seeds {seeds}"
    command += "" if machines else " --no-machines"
    student = parse_model_file(contents["fp32"]).metadata.student_id
    write_json(
        destination, {"command": command, "student": student, "machine": machine_facts(), **found}
    )


if __name__ == "__main__":
    typer.run(main)
