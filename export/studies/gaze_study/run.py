"""The study's rounds, each a whole: stopped, the next call goes on behind the last student."""

import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer

from export.files import atomic_write, write_json, write_text
from export.studies.gaze_study.answers import answers_file, answers_of
from export.studies.gaze_study.frames import Evaluation, Sample, labels_of
from export.studies.gaze_study.plan import PLAN, Arm, Plan, read_plan
from export.studies.gaze_study.report import report_of
from export.studies.gaze_study.table import markdown
from export.studies.gaze_study.training import Training
from export.studies.gaze_study.views import Round

Out = Annotated[Path, typer.Option("-o", "--out", help="Folder of the runs; gone on from there.")]
Rounds = Annotated[int | None, typer.Option(help="Rounds to do now; the plan's without.")]


def run(out: Out = Path("runs/gaze-study"), rounds: Rounds = None) -> None:
    """Run the gaze study as far as asked, and write gaze-study.json and .md about what is whole."""
    # one core: small networks gain little from more, and a study can share a machine
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    plan = read_plan()
    sample = Sample.chosen(plan)
    # another plan is another study
    folder = out / sha256(PLAN.read_bytes()).hexdigest()[:12]
    try:
        for number in range(1, 1 + min(rounds or plan.rounds, plan.rounds)):
            run_round(plan, sample, number, folder)
    finally:
        # also after Ctrl-C: what is done by then can be read
        report = report_of(plan, sample, folder)
        write_json(out / "gaze-study.json", report)
        write_text(out / "gaze-study.md", markdown(report))


def run_round(plan: Plan, sample: Sample, number: int, folder: Path) -> None:
    """Train and ask the students of one round that are missing, in the plan's order."""
    labels, frames = labels_of(sample.evaluated), None
    drawn = Round(plan, sample, number, folder / f"round-{number}")
    for setting in plan.settings:
        training = Training(drawn, setting, drawn.folder)
        for name in setting.arms:
            kept = answers_file(folder, number, setting, name)
            if kept.exists():
                continue
            started = time.process_time()
            frames = frames or Evaluation.of(sample, plan)
            student = training.student(Arm.named(name))
            answers = answers_of(student, setting, frames, labels, plan)
            took = np.float64(time.process_time() - started)
            with atomic_write(kept) as unfinished:
                np.savez(unfinished, cpu_s=took, **answers)  # type: ignore[arg-type]
            typer.echo(f"round {number} {setting.name} {name}: {took:.1f} s of one core")
