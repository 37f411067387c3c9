"""What every step of a run has in common: the recipe, the runs folder, the frames, the progress.

A command opens one workspace and hands it down. The recipe is read when it is opened and the data
set's table when frames are first needed, each once: one that is edited while a run is on its way
can't be mixed with what was read before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from export.data.dataset import FrameRecord, data_root, load_records
from export.display import Progress, Show, progress_of, silent
from export.distill.inputs import (
    counts_of,
    frames_to_learn_from,
    rows_to_learn,
    scored_parts,
    training_records,
    unlabelled_records,
    used_records,
)
from export.distill.objectives import check_names, needs_teacher, objective_named
from export.recipe.read import load_recipe
from export.recipe.settings import PLAIN, ObjectiveConfig, Recipe
from export.runs import (
    STUDENT_WEIGHTS,
    claim_alterations,
    claim_data,
    student_folder,
    teacher_weights,
)


@dataclass(frozen=True, eq=False)
class Workspace:
    """A recipe, and the folder of the runs made by it.

    Attributes:
        recipe: as it was when the workspace was opened.
        folder: where runs are kept and resumed from.
        show: gets the progress of every step.
        named: the recipe's name or path, as the user gave it.
    """

    recipe: Recipe
    folder: Path
    show: Show = silent
    named: str = ""

    @classmethod
    def open(cls, recipe: str, folder: Path, show: Show = silent) -> Self:
        """Read a recipe by its name in `export/recipes` or by a path.

        Raises:
            ExportError: as `load_recipe` and `check_names`.
        """
        settings = load_recipe(recipe)
        check_names(settings)
        return cls(settings, folder, show, recipe)

    @cached_property
    def records(self) -> tuple[FrameRecord, ...]:
        """The recipe's frames of the data set, to which the runs folder then belongs.

        Every one is decoded when the folder is first used, before anything is drawn or trained.

        Raises:
            ExportError: `run-data` when the folder's runs are of other data, `data-choice` when the
                data folder holds none of the recipe's, `frame-unreadable` for a file that can't be
                decoded, or as `load_records`.
        """
        records = used_records(load_records(data_root(), self.recipe.labels), self.recipe)
        # before anything is drawn: a folder whose runs saw other frames must not go on with these
        claim_data(self.folder, records, self.progress("files"))
        self.show("frames", len(records), len(records), counts_of(records))
        return tuple(records)

    def claim_folder(self) -> None:
        """Read the frames, where nothing has needed them yet; raises as `records`."""
        _ = self.records

    @cached_property
    def parts(self) -> dict[str, list[FrameRecord]]:
        """The parts that scores are given on; raises as `scored_parts`."""
        return scored_parts(self.records, self.recipe)

    @cached_property
    def transfer_records(self) -> list[FrameRecord]:
        """The frames that students learn from."""
        return training_records(self.records, self.recipe.transfer.datasets, self.recipe.data)

    @cached_property
    def transfer_rows(self) -> list[FrameRecord]:
        """The rows of the students' bank, unlabelled ones last; raises as `rows_to_learn`."""
        rows = self._rows("students", self.recipe.transfer.datasets)
        return rows + unlabelled_records(self.records)

    @cached_property
    def teacher_rows(self) -> list[FrameRecord]:
        """The rows of the teacher's bank; raises as `rows_to_learn`."""
        return self._rows("teacher", self.recipe.teacher.datasets)

    def _rows(self, whose: str, datasets: Sequence[str]) -> list[FrameRecord]:
        rows = rows_to_learn(self.records, self.recipe, datasets)
        claim_alterations(self.folder, whose, rows)
        return rows

    def enough_for(self, *steps: str) -> None:
        """Refuse too few frames for the `teacher` or the `student`, before a view is drawn.

        Raises:
            ExportError: `data-few`, `data-label` or `data-choice`.
        """
        recipe = self.recipe
        batches = {
            "teacher": (recipe.teacher.datasets, recipe.teacher.batch),
            "student": (recipe.transfer.datasets, recipe.student.batch),
        }
        for step in steps:
            frames_to_learn_from(self.records, recipe, *batches[step])

    def progress(self, step: str) -> Progress:
        """Return what tells of a step, by how much of it is done."""
        return progress_of(self.show, step)

    def teacher_weights(self, name: str = PLAIN) -> Path:
        """Return where the weights of the teacher `name` are kept."""
        return teacher_weights(self.folder, name)

    def student(self, objective: str, seed: int | None = None) -> "StudentRun":
        """Return the run of one student; the recipe's own seed where none is given.

        Raises:
            ExportError: `recipe-objective` when the recipe has no such objective.
        """
        objective_named(self.recipe, objective)
        return StudentRun(self, objective, self.recipe.student.seed if seed is None else seed)


@dataclass(frozen=True, eq=False)
class StudentRun:
    """One student: by which objective and seed, in which workspace."""

    workspace: Workspace
    objective: str
    seed: int

    @property
    def recipe(self) -> Recipe:
        """The workspace's recipe."""
        return self.workspace.recipe

    @property
    def config(self) -> ObjectiveConfig:
        """What it minimises."""
        return self.recipe.objectives[self.objective]

    @property
    def needs_teacher(self) -> bool:
        """Whether any of its losses compares with a teacher."""
        return needs_teacher(self.config)

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return student_folder(self.workspace.folder, self.objective, self.seed)

    @property
    def weights(self) -> Path:
        """Where its finished weights are."""
        return self.folder / STUDENT_WEIGHTS

    @property
    def teacher_weights(self) -> Path:
        """Where the weights of its teacher are."""
        return self.workspace.teacher_weights(self.config.teacher)

    @property
    def gaze_names(self) -> Sequence[str]:
        """The gazes that it learns from, its teacher's and its own."""
        used = {self.config.teacher, self.config.gaze_name}
        return sorted(name for name in self.recipe.gaze if name in used)
