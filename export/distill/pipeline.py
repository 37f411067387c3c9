"""From a workspace to a teacher and to students: each step makes what is missing before it.

Every step can be stopped; the same call goes on from its last checkpoint.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank
from export.distill.inputs import training_records, transfer_bank
from export.distill.monitoring import header_of, validation_of
from export.distill.objectives import needs_gaze, needs_teacher, objective_named
from export.distill.student import TrainingData, load_student, train_student
from export.distill.teacher import train_teacher
from export.distill.teacher_outputs import TeacherOutputs, teacher_outputs
from export.errors import ExportError
from export.files import file_sha256
from export.gaze.obtain import note_coverage, obtain_gaze
from export.gaze.privileged import GazeOfFrames, view_maps
from export.models.committee import Committee
from export.models.student import Student
from export.models.teacher import Teacher
from export.recipe.digests import outputs_digest
from export.recipe.settings import PLAIN
from export.runs import claim_teacher
from export.workspace import StudentRun, Workspace


def teacher(workspace: Workspace, name: str = PLAIN) -> Teacher | Committee:
    """Train the recipe's teacher `name`, or load it where it is finished.

    Raises:
        ExportError: `gaze-name` for an unknown name, `run-recipe` or `run-data` for a folder that
            holds something else, `data-few` where a batch isn't full.
    """
    recipe = workspace.recipe
    if name != PLAIN and name not in recipe.gaze:
        raise ExportError(
            "gaze-name", f"no [gaze.{name}] in the recipe; known: {[PLAIN, *sorted(recipe.gaze)]}"
        )
    workspace.enough_for("teacher")
    return train_teacher(workspace, name, gaze_on(workspace, name, workspace.teacher_rows))


def gaze_on(
    workspace: Workspace, name: str | None, frames: Sequence[FrameRecord]
) -> GazeOfFrames | None:
    """Return the gaze `name` of the recipe on `frames`; None where there is none to have.

    What it covers is written in the runs folder, as `gaze-NAME.json`.
    """
    if name is None or name == PLAIN:
        return None
    recipe, records = workspace.recipe, workspace.records
    used = (*recipe.teacher.datasets, *recipe.transfer.datasets)
    learned = training_records(records, used, recipe.data)
    gaze = obtain_gaze(
        recipe.gaze[name],
        frames,
        records,
        {r.id for r in learned},
        workspace.folder,
        workspace.progress("gaze"),
    )
    if gaze.coverage is not None:
        note_coverage(workspace.folder / f"gaze-{name}.json", recipe.gaze[name], gaze.coverage)
    return gaze


def training_data(workspace: Workspace, objective: str, seed: int | None = None) -> TrainingData:
    """Make what students learn from by an objective; the teacher first if missing.

    It is the same for every seed, unless the recipe has `bank_by_seed`; `seed` counts then, the
    recipe's own by default.

    Raises:
        ExportError: `recipe-objective` when the recipe has no such objective, `data-few` where a
            batch of the student or of its teacher isn't full.
    """
    recipe, config = workspace.recipe, objective_named(workspace.recipe, objective)
    # the teacher's frames too: its turn comes only after the students' views are drawn
    workspace.enough_for("student", *(["teacher"] if needs_teacher(config) else []))
    chosen = workspace.transfer_rows
    seed = recipe.student.seed if seed is None else seed
    bank = transfer_bank(
        recipe, chosen, workspace.folder, seed, workspace.progress("students' views")
    )

    @cache  # the teacher's gaze is mostly the student's too
    def maps_of(name: str | None) -> np.ndarray | None:
        gaze = gaze_on(workspace, name, chosen)
        return None if gaze is None else view_maps(gaze, bank)

    outputs = None
    if needs_teacher(config):
        outputs = _outputs(workspace, config.teacher, bank, seed, lambda: maps_of(config.teacher))
    return TrainingData(
        bank,
        outputs,
        maps_of(config.gaze_name) if needs_gaze(config) else None,
        validation_of(workspace.records, recipe),
        header_of(workspace.records, chosen, recipe),
    )


def _outputs(
    workspace: Workspace,
    name: str,
    bank: ViewBank,
    seed: int,
    maps: Callable[[], np.ndarray | None],
) -> TeacherOutputs:
    """Return the outputs of the teacher `name`, in a folder named by its weights and settings."""
    model = teacher(workspace, name)
    weights = file_sha256(workspace.teacher_weights(name))
    which = f"{outputs_digest(workspace.recipe, name)[:8]}-{weights[:8]}"
    if workspace.recipe.transfer.bank_by_seed:
        which += f"-{seed}"
    return teacher_outputs(
        model,
        bank,
        maps(),
        workspace.recipe,
        workspace.folder / f"outputs-{name}-{which}",
        workspace.progress("teacher's outputs"),
    )


def distill(run: StudentRun, data: Callable[[], TrainingData] | None = None) -> Student:
    """Train a student, or load it where it is finished; its teacher first if missing.

    `data` gives its `training_data` where several students share them; it must be of its seed
    where the recipe has `bank_by_seed`.
    """
    run.workspace.claim_folder()  # a finished student of other data isn't this one
    finished = load_student(run)
    if finished is not None:
        return finished
    learned = data() if data else training_data(run.workspace, run.objective, run.seed)
    if run.needs_teacher:
        claim_teacher(run.folder, file_sha256(run.teacher_weights))
    return train_student(run, learned)
