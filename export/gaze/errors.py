"""Errors of the gaze package.

::

    SdkError
    └── SourceError
        └── GazeError     a gaze recording, or what was said about it, is not usable

The message names the file, the line where there is one, the value received and what is allowed.
"""

from __future__ import annotations

from sdk.errors import SourceError

__all__ = ["SLUGS", "GazeError"]

SLUGS: dict[str, str] = {
    # Files.
    "gaze-file-missing": "the file does not exist or cannot be read",
    "gaze-file-encoding": "the file is not text in an encoding that its format uses",
    "gaze-file-unknown": "the file is of no format that is read here",
    "gaze-file-empty": "the file holds no gaze sample",
    "gaze-columns": "a column that is needed is missing, doubled or ambiguous",
    "gaze-row": "a row has the wrong number of cells",
    "gaze-number": "a cell is not a finite number, or a sample called valid has no position",
    "gaze-validity": "a validity code is none that the format defines",
    "gaze-time": "timestamps do not rise from sample to sample",
    "gaze-library": "the optional library for this format is not installed or refused the file",
    "gaze-write": "a file cannot be written",
    # What the caller says.
    "gaze-display": "the display is missing, impossible, or not the one that the file names",
    "gaze-placement": "the image rectangle is empty or not finite",
    "gaze-settings": "gaze.toml is not TOML, or has a wrong, unknown or missing entry",
    "gaze-labels": "labels.csv or truth.json of a folder with gaze is not usable",
    "gaze-samples": "the arrays of a recording disagree in length or in meaning",
    "gaze-argument": "a number is outside its range",
}


class GazeError(SourceError):
    """A gaze recording, or what was said about it, is not usable; ``slug`` is in ``SLUGS``."""

    slugs = SLUGS
