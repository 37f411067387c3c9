"""Which format a file has, told by its first lines, never by its name; and which are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from export.gaze.errors import GazeError
from export.gaze.readers import smi, tobii_pro_lab, tobii_sdk, tobii_studio, tobii_tx300
from export.gaze.readers.text import lines_of, open_recording

HEAD_LINES = 400
_EYELINK = re.compile(r"(?:\*\* (?:CONVERTED FROM|TYPE: EDF)|SAMPLES\t|START\t|MSG[\t ]+\d)")
_OTHERS = "What is read: samples, one a row, each with its time (docs/gaze.md)"

Names = Callable[[set[str]], bool]
_TABLES: tuple[tuple[str, str, Names], ...] = (
    ("tx300", "\t", tobii_tx300.is_header),
    ("pro_lab", "\t", tobii_pro_lab.is_header),
    ("studio", "\t", tobii_studio.is_header),
    ("smi", "\t", smi.is_header),
    ("sdk;", ";", tobii_sdk.is_header),
    ("sdk,", ",", tobii_sdk.is_header),
    ("sdk\t", "\t", tobii_sdk.is_header),
    ("csv", ",", lambda names: "timestamp_us" in names),
)
# Files that hold no dated samples, or places that are none on a display: by their columns.
_REFUSED: tuple[tuple[set[str], str], ...] = (
    ({"FixationIndex", "FixationDuration"}, "fixations of Tobii Studio, not samples: export "
     "'All-Data' with the columns of both eyes"),
    ({"Timestamp", "EventKey"}, "events of Tobii Studio, not samples: export 'All-Data'"),
    ({"start", "end", "duration"}, "a list of fixations or saccades, not samples"),
    ({"Event Type", "Trial", "Start"}, "events of SMI BeGaze, not samples: export raw data (the "
     "IDF Converter's text with Time, Type and POR columns)"),
    ({"RecordingTime [ms]"}, "a table of SMI BeGaze's metrics export; export raw data by the IDF "
     "Converter (Time, Type and POR columns)"),
    ({"RECORDING_SESSION_LABEL"}, "a report of EyeLink Data Viewer; convert the EDF file by "
     "edf2asc"),
    ({"FPOGX"}, "a recording of Gazepoint, which is not read"),
    ({"gaze_timestamp"}, "a recording of Pupil Core: places on a head-mounted camera's picture"),
    ({"timestamp [ns]"}, "a recording of Pupil Labs: places on a head-mounted camera's picture"),
)  # fmt: skip


def format_of(path: str | Path) -> str:
    """Return the format: ``eyelink``, ``csv``, ``pro_lab``, ``sdk;`` and so on.

    Raises:
        GazeError: The file can't be read, or has a format that is not known, or one that is known
            and holds no samples on a display (``gaze-file-unknown``).
    """
    begins, refused = "", ""
    with open_recording(path) as file:
        for count, (_, line, _) in enumerate(lines_of(path, file, latin=True)):
            begins = begins or line.strip()
            if count >= HEAD_LINES:
                break
            if _EYELINK.match(line):
                return "eyelink"
            format_ = _table(line)
            if format_:
                return format_
            refused = refused or _known(line)
    if refused:
        raise GazeError("gaze-file-unknown", f"{path} holds {refused}. {_OTHERS}")
    raise GazeError(
        "gaze-file-unknown",
        f"{path} begins with {begins[:60]!r}; known are Tobii TX300, Tobii Pro Lab and Tobii "
        "Studio tables (tab-separated), tables of the Tobii SDK's gaze data, SMI samples, EyeLink "
        "ASC, and CSV with a column timestamp_us",
    )


def _table(line: str) -> str:
    for name, delimiter, is_header in _TABLES:
        if is_header({cell.strip().strip('"') for cell in line.split(delimiter)}):
            return name
    return ""


def _known(line: str) -> str:
    for delimiter in "\t,;":
        names = {cell.strip() for cell in line.split(delimiter)}
        for columns, what in _REFUSED:
            if columns <= names:
                return what
    return ""
