"""Errors of the gaze package.

::

    SdkError
    └── SourceError
        └── GazeError     a gaze recording, or what was said about it, is not usable

The message names the file, the line where there is one, the value received and what is allowed.
"""

from __future__ import annotations

from sdk.errors import SourceError

MAX_MESSAGE = 1000

__all__ = ["SLUGS", "GazeError"]

SLUGS: dict[str, str] = {
    # Files.
    "gaze-file-missing": "the file does not exist or cannot be read",
    "gaze-file-encoding": "the file is not text in an encoding that its format uses",
    "gaze-file-unknown": "the file is of no format that is read here",
    "gaze-file-too-large": "the file has more bytes or samples than are read",
    "gaze-file-empty": "the file holds no gaze sample",
    "gaze-columns": "a column that is needed is missing, doubled or ambiguous",
    "gaze-row": "a row has the wrong number of cells",
    "gaze-number": "a cell is not a finite number, or a sample called valid has no position",
    "gaze-validity": "a validity code is none that the format defines",
    "gaze-time": "timestamps do not rise, can't be told apart, or are of another unit",
    "gaze-recordings": "the file holds more than one recording",
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

    def __init__(self, slug: str, message: str) -> None:
        super().__init__(slug, bounded(message))


def bounded(message: str) -> str:
    """Return a message of at most 1000 characters, control characters replaced by ``?``."""
    if len(message) > MAX_MESSAGE:  # what is allowed stands at the end
        message = f"{message[: MAX_MESSAGE - 255]} ... {message[-250:]}"
    return "".join(c if c.isprintable() else "?" for c in message)


def shown(value: object) -> str:
    """Return a value as a message shows it: at most 80 characters, whatever it is."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
