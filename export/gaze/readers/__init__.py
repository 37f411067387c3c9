"""Eye-tracker files -> ``GazeSamples``. ``read_gaze`` finds out which format a file has."""

from __future__ import annotations

from pathlib import Path

from export.gaze.display import Display
from export.gaze.readers.eyelink import read_eyelink
from export.gaze.readers.formats import format_of
from export.gaze.readers.smi import read_smi
from export.gaze.readers.table import read_gaze_csv, write_gaze_csv
from export.gaze.readers.tobii_pro_lab import read_tobii_pro_lab
from export.gaze.readers.tobii_sdk import read_tobii_sdk
from export.gaze.readers.tobii_studio import read_tobii_studio
from export.gaze.readers.tobii_tx300 import read_tobii_tx300
from export.gaze.samples import GazeSamples

__all__ = [
    "read_eyelink",
    "read_gaze",
    "read_gaze_csv",
    "read_smi",
    "read_tobii_pro_lab",
    "read_tobii_sdk",
    "read_tobii_studio",
    "read_tobii_tx300",
    "write_gaze_csv",
]


def read_gaze(
    path: str | Path,
    display: Display,
    time_unit: str | None = None,
    time_column: str | None = None,
) -> GazeSamples:
    """Read a recording of any known format, told by its first lines, never by its name.

    Every sample keeps the time that its line states, and none is lost: ``GazeSamples.tally`` says
    how many lines look like samples, and which are not held.

    Args:
        path: The file, at most 512 MiB and 8 million samples.
        display: Checked against what the file says, where it says something.
        time_unit: ``us`` or ``ms``, for a Tobii Pro Lab export whose times name no unit.
        time_column: The column of times of a Tobii Pro Lab or Studio export, instead of the
            reader's choice.

    Raises:
        GazeError: The format is not known (``gaze-file-unknown``) or the file not usable.
    """
    kind = format_of(path)
    if kind == "pro_lab":
        return read_tobii_pro_lab(path, display, time_unit, time_column=time_column)
    if kind == "studio":
        return read_tobii_studio(path, display, time_column=time_column)
    if kind.startswith("sdk"):
        return read_tobii_sdk(path, display, kind[3:])
    if kind == "csv":
        return read_gaze_csv(path)
    readers = {"tx300": read_tobii_tx300, "smi": read_smi, "eyelink": read_eyelink}
    return readers[kind](path, display)
