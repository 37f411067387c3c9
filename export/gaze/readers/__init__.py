"""Eye-tracker files -> ``GazeSamples``. ``read_gaze`` finds out which format a file has."""

from __future__ import annotations

from pathlib import Path

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.eyelink import read_eyelink
from export.gaze.readers.table import read_gaze_csv, write_gaze_csv
from export.gaze.readers.text import read_text
from export.gaze.readers.tobii_pro_lab import read_tobii_pro_lab
from export.gaze.readers.tobii_tx300 import read_tobii_tx300
from export.gaze.samples import GazeSamples

__all__ = [
    "read_eyelink",
    "read_gaze",
    "read_gaze_csv",
    "read_tobii_pro_lab",
    "read_tobii_tx300",
    "write_gaze_csv",
]


def read_gaze(path: str | Path, display: Display) -> GazeSamples:
    """Read a recording of any known format, told by its header, never by its name.

    Raises:
        GazeError: The format is not known (``gaze-file-unknown``) or the file not usable.
    """
    head = read_text(path).lstrip()[:4000]
    header = head.split("\n", 1)[0].strip()
    cells = {cell.strip() for cell in header.split("\t")}
    if "LGazePos2dx" in cells or "RGazePos2dx" in cells:
        return read_tobii_tx300(path, display)
    if any(cell.startswith(("Recording timestamp", "Eyetracker timestamp")) for cell in cells):
        return read_tobii_pro_lab(path, display)
    if "timestamp_us" in {cell.strip() for cell in header.split(",")}:
        return read_gaze_csv(path)
    if head.startswith("** CONVERTED FROM") or "\nSAMPLES\t" in head or "\nSTART\t" in head:
        return read_eyelink(path, display)
    raise GazeError(
        "gaze-file-unknown",
        f"{path} begins with {header[:60]!r}; known are Tobii TX300 and Tobii Pro Lab "
        "tables (tab-separated), EyeLink ASC, and CSV with a column timestamp_us",
    )
