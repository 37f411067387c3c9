"""A search: candidates timed, trained by a short recipe, the best of them with more seeds.

Each step keeps what it made, so that a search that was stopped goes on where it was. What is drawn
and how it trains follows from seeds; times are measured once and kept.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import structs, to_builtins

from export.distill.pipeline import training_data
from export.distill.student import TrainingData, load_student, train_student
from export.errors import ExportError
from export.files import write_json
from export.models.student import build_student, folded_parameters
from export.recipe.digests import recipe_digest
from export.recipe.settings import Recipe, StudentConfig
from export.studies.machine import machine_facts
from export.studies.search.latency import Times, latencies_ms
from export.studies.search.scoring import PRECISIONS, Logits, Validation, logits_of
from export.studies.search.space import Space, candidates_of, name_of, told
from export.workspace import Workspace

REFERENCE = "reference"


@dataclass(frozen=True, eq=False)
class Search:
    """A space and the workspace of its recipe, in whose folder everything is kept."""

    space: Space
    workspace: Workspace
    named: str

    @cached_property
    def networks(self) -> dict[str, StudentConfig]:
        """The reference and the candidates, by name."""
        recipe = self.workspace.recipe
        drawn = candidates_of(self.space, len(recipe.labels))
        return {REFERENCE: recipe.student.network, **drawn}

    @cached_property
    def latencies(self) -> dict[str, Times]:
        """Milliseconds by network and precision; measured once for these networks."""
        kept = self.workspace.folder / "latency.json"
        asked = {
            "networks": sorted(map(name_of, self.networks.values())),
            "latency": to_builtins(self.space.latency),
            "float_layers": list(self.workspace.recipe.quantise.float_layers),
        }
        found = _read(kept)
        # times of another day aren't measured anew: candidates would be chosen by both
        if found.get("asked") == asked:
            times: dict[str, Times] = found["times_ms"]
            return times
        times = latencies_ms(
            self.networks,
            len(self.workspace.recipe.labels),
            self.space.latency,
            self.workspace.recipe.quantise.float_layers,
            self.workspace.progress("latency"),
        )
        write_json(kept, {"asked": asked, "times_ms": times})
        return times

    @cached_property
    def _data(self) -> TrainingData:
        return training_data(self.workspace, self.space.objective)

    @cached_property
    def validation(self) -> Validation:
        """What candidates are scored on."""
        return Validation.of(self.workspace)

    def share(self, name: str) -> float:
        """Return a network's latency over the reference's, each in its faster precision."""
        return min(self.latencies[name].values()) / min(self.latencies[REFERENCE].values())

    def logits(self, name: str, seed: int) -> Logits:
        """Return a network's logits on the validation set, trained where it wasn't yet."""
        base = self.workspace
        recipe = with_network(base.recipe, self.networks[name])
        inner = Workspace(recipe, base.folder / "candidates" / name, base.show, base.named)
        run = inner.student(self.space.objective, seed)
        student = load_student(run) or train_student(run, self._data)
        return logits_of(run, student, self.validation)


def with_network(recipe: Recipe, network: StudentConfig) -> Recipe:
    """Return the recipe with another student in it."""
    fields = {name: getattr(network, name) for name in network.__struct_fields__}
    return structs.replace(recipe, student=structs.replace(recipe.student, **fields))


def search(space: Space, workspace: Workspace, named: str) -> dict[str, Any]:
    """Time, train and score the candidates of a space; return (and keep) the report.

    Raises:
        ExportError: `search-space` where the space holds too few candidates, `search-finals` where
            none is fast enough to be trained, or as training raises.
    """
    work = Search(space, workspace, named)
    shares = {name: work.share(name) for name in work.networks}
    trained = [n for n in work.networks if n == REFERENCE or shares[n] <= space.trained_below]
    first = workspace.recipe.student.seed
    logits: dict[str, list[Logits]] = {}
    for done, name in enumerate(trained):
        workspace.show("candidates", done, len(trained), name)
        logits[name] = [work.logits(name, first)]
    workspace.show("candidates", len(trained), len(trained), "")
    rows = {name: _row(work, name, logits.get(name)) for name in work.networks}
    chosen = finals_of(space, shares, rows)
    finalists = [REFERENCE, *dict.fromkeys(chosen.values())]
    for done, name in enumerate(finalists):
        workspace.show("finals", done, len(finalists), name)
        logits[name] += [work.logits(name, first + more) for more in range(1, space.seeds)]
    workspace.show("finals", len(finalists), len(finalists), "")
    report = {
        **_story(work),
        "networks": rows,
        "chosen": {str(share): name for share, name in chosen.items()},
        "finals": {name: _final(work, logits[name], logits[REFERENCE]) for name in finalists},
    }
    write_json(workspace.folder / "search.json", report)
    return report


def finals_of(
    space: Space, shares: Mapping[str, float], rows: Mapping[str, Mapping[str, Any]]
) -> dict[float, str]:
    """Return, for each share in `finals`, the most accurate candidate that is within it.

    Raises:
        ExportError: `search-finals` where no trained candidate is within the largest share.
    """
    able = [name for name, row in rows.items() if name != REFERENCE and row["accuracy"]]
    chosen = {}
    for limit in space.finals:
        within = [name for name in able if shares[name] <= limit]
        if within:
            # between equals the name decides, so that a search comes out the same again
            chosen[limit] = max(within, key=lambda name: (_of_the_faster(rows[name]), name))
    if not chosen:
        raise ExportError(
            "search-finals",
            f"no candidate takes at most {max(space.finals)} of the reference's latency; the "
            f"fastest takes {min(shares[n] for n in shares if n != REFERENCE):.2f}: widen [draw]",
        )
    return chosen


def faster(times: Mapping[str, float]) -> str:
    """Return the precision of the least time."""
    return min(PRECISIONS, key=lambda precision: times[precision])


def _of_the_faster(row: Mapping[str, Any]) -> float:
    share: float = row["accuracy"][faster(row["latency_ms"])]["views"]["accuracy"]
    return share


def _row(work: Search, name: str, logits: list[Logits] | None) -> dict[str, Any]:
    network = work.networks[name]
    classes = len(work.workspace.recipe.labels)
    return {
        "network": told(network),
        "parameters": folded_parameters(build_student(classes, network)),
        "latency_ms": work.latencies[name],
        "share_of_reference": work.share(name),
        "accuracy": None if logits is None else _accuracy(work, logits),
    }


def _accuracy(work: Search, logits: list[Logits]) -> dict[str, Any]:
    return {p: work.validation.accuracy([run[p] for run in logits]) for p in PRECISIONS}


def _final(work: Search, logits: list[Logits], reference: list[Logits]) -> dict[str, Any]:
    runs = {p: [run[p] for run in logits] for p in PRECISIONS}
    return {
        "accuracy": _accuracy(work, logits),
        "int8_over_fp32": work.validation.gain(runs["int8"], runs["fp32"]),
        "over_reference": {
            p: work.validation.gain(runs[p], [run["fp32"] for run in reference]) for p in PRECISIONS
        },
    }


def _story(work: Search) -> dict[str, Any]:
    recipe, validation = work.workspace.recipe, work.validation
    return {
        "command": f"sonogaze-export search {shlex.join(['--space', work.named])}",
        "machine": machine_facts(),
        "space": to_builtins(work.space),
        "recipe": recipe.name,
        "recipe_sha256": recipe_digest(recipe),
        "validation": {
            "frames": validation.frames,
            "views": len(validation.truth) - validation.frames,
            "patients": len(set(validation.groups)),
        },
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
