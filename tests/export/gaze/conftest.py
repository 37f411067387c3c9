"""A display, and a small recording."""

from pathlib import Path

import pytest

from export.gaze import Display
from tests.export.gaze.gaze_files import LOST, TX300_HEADER, tx300_row


@pytest.fixture
def display() -> Display:
    """One degree is 40.6 px here: 620 mm * tan(1 deg) / 0.2665 mm."""
    return Display(1920, 1080, pixel_pitch_mm=0.2665, viewing_distance_mm=620.0)


@pytest.fixture
def tx300_file(tmp_path: Path) -> Path:
    """Both eyes, the left alone, the right alone, neither, an unsure code, beside the display."""
    rows = [
        tx300_row(1_000_000, ("0.5000", "0.5000", 0), ("0.6000", "0.7000", 0)),
        tx300_row(1_003_333, ("0.2500", "0.5000", 1), LOST),
        tx300_row(1_006_667, LOST, ("0.7500", "0.2500", 0)),
        tx300_row(1_010_000, LOST, LOST),
        tx300_row(1_013_333, ("0.1000", "0.1000", 2), ("0.3000", "0.3000", 0)),
        tx300_row(1_016_667, ("-0.1000", "1.2000", 0), ("-0.1000", "1.2000", 0)),
    ]
    path = tmp_path / "recording.tsv"
    path.write_text("\n".join(["\t".join(TX300_HEADER), *rows]) + "\n")
    return path
