"""Runs the study: `python -m export.studies.gaze_study --help`."""

import typer

from export.studies.gaze_study.run import run

typer.run(run)
