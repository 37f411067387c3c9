"""``gaze.toml``: what has to be said about a recording session beside the recordings.

::

    [display]                       # all four are needed
    width_px = 1920
    height_px = 1080
    pixel_pitch_mm = 0.2665
    viewing_distance_mm = 620

    [image]                         # rectangle of the display that the frame filled
    x = 0
    y = 0
    width = 1920
    height = 1080
    letterbox = true                # false: the frame was stretched to the rectangle

    [map]                           # optional, see MapSettings
    sigma_deg = 1.0
    offset_us = 0

    [recording]                     # optional, for exports of Tobii Pro Lab and Studio
    time_unit = "ms"                # or "us": of a column of times that names no unit
    time_column = "Eyetracker timestamp [μs]"  # instead of the reader's choice
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from export.gaze.display import Display, Placement
from export.gaze.errors import GazeError, shown
from export.gaze.limits import LARGEST_PLACE_PX, check_number
from export.gaze.maps import MapSettings
from export.gaze.readers.text import read_text, write_text


@dataclass(frozen=True)
class ImageArea:
    """The rectangle of the display given to the image; with ``letterbox``, it kept its aspect."""

    x: float
    y: float
    width: float
    height: float
    letterbox: bool = True

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            check_number(
                "gaze-placement", name, getattr(self, name), -LARGEST_PLACE_PX, LARGEST_PLACE_PX
            )
        for name in ("width", "height"):
            check_number("gaze-placement", name, getattr(self, name), 1e-6, LARGEST_PLACE_PX)

    def placement(self, frame_width: int, frame_height: int) -> Placement:
        """Return where a frame of this size stood."""
        if self.letterbox:
            return Placement.letterboxed(
                frame_width, frame_height, self.x, self.y, self.width, self.height
            )
        return Placement(self.x, self.y, self.width, self.height, frame_width, frame_height)


@dataclass(frozen=True)
class RecordingSettings:
    """What to believe of the recordings' times, where they leave it open; see ``read_gaze``."""

    time_unit: str | None = None
    time_column: str | None = None

    def __post_init__(self) -> None:
        if self.time_unit not in (None, "us", "ms"):
            raise GazeError(
                "gaze-settings", f"time_unit is {shown(self.time_unit)}; allowed: 'us', 'ms'"
            )


@dataclass(frozen=True)
class Session:
    """All of ``gaze.toml``."""

    display: Display
    image: ImageArea
    map: MapSettings
    recording: RecordingSettings = RecordingSettings()


TABLES = {
    "display": Display,
    "image": ImageArea,
    "map": MapSettings,
    "recording": RecordingSettings,
}


def read_session(path: str | Path) -> Session:
    """Read ``gaze.toml``.

    Raises:
        GazeError: The file is missing or not TOML, or a table or key is missing, unknown, of the
            wrong type or out of range.
    """
    try:
        tables = tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is the former
        raise GazeError("gaze-settings", f"{path} is not TOML: {error}") from error
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        raise GazeError(
            "gaze-settings",
            f"{path} has [{unknown[0]}]; allowed are {', '.join(f'[{n}]' for n in TABLES)}",
        )
    return Session(**{name: _built(path, tables, name, kind) for name, kind in TABLES.items()})


def _built(path: str | Path, tables: Mapping[str, Any], name: str, kind: type) -> Any:
    try:
        return kind(**_table(path, tables, name, kind))
    except GazeError as error:
        if str(path) in str(error):
            raise
        raise GazeError(error.slug, f"{path}: [{name}] {error}") from error


_KINDS = {"int": (int,), "float": (int, float), "bool": (bool,), "str | None": (str,)}


def _table(path: str | Path, tables: Mapping[str, Any], name: str, kind: type) -> dict[str, Any]:
    values = tables.get(name, {})
    if not isinstance(values, dict):
        raise GazeError("gaze-settings", f"{path}: {name} is {values!r}; it must be a table")
    known = {field.name: str(field.type) for field in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise GazeError(
                "gaze-settings", f"{path}: [{name}] has {key!r}; allowed are {', '.join(known)}"
            )
        allowed = _KINDS[known[key]]
        if not isinstance(value, allowed) or (isinstance(value, bool) and known[key] != "bool"):
            raise GazeError(
                "gaze-settings",
                f"{path}: [{name}] {key} is {shown(value)}; it must be {known[key]}",
            )
    needed = [field.name for field in fields(kind) if field.default is MISSING]
    missing = [key for key in needed if key not in values]
    if missing:
        raise GazeError("gaze-settings", f"{path}: [{name}] lacks {missing[0]!r}")
    return dict(values)


def write_session(session: Session, path: str | Path) -> None:
    """Write ``gaze.toml`` so that ``read_session`` gives it back.

    Raises:
        GazeError: The file cannot be written (``gaze-write``).
    """
    lines: list[str] = []
    for name in TABLES:
        table = getattr(session, name)
        given = {field.name: getattr(table, field.name) for field in fields(table)}
        lines.append(f"[{name}]")
        # a JSON string is a TOML string, and its true and false are TOML's
        lines += [
            f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in given.items() if v is not None
        ]
        lines.append("")
    write_text(path, "\n".join(lines))
