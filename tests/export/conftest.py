"""A data set small enough to train on in a test: phantom frames (synthetic) as files."""

import csv
import hashlib
import shutil
from pathlib import Path

import cv2
import pytest

from export.data.dataset import LABELS
from export.data.phantom import phantom_frame
from export.distill import pipeline
from export.workspace import Workspace
from tests.export.marked_data import marked
from tests.shared import once

COLUMNS = [
    *("file", "id", "label", "fine", "dataset", "country", "group", "patient", "machine"),
    *("operator", "brain_plane", "licence", "source_quality", "dup_of", "width", "height"),
]
PATIENTS = 40


def is_test_group(group: str) -> bool:
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % 5 == 0


@pytest.fixture(scope="session")
def phantom_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the real data set, holding synthetic phantom frames."""
    return once(tmp_path_factory, "phantom", lambda folder: _draw(folder / "data")) / "data"


def _draw(root: Path) -> None:
    root.mkdir()
    rows = []
    for patient in range(PATIENTS):
        dataset = "african_planes" if patient % 8 == 7 else "fetal_planes_db"
        (root / dataset).mkdir(exist_ok=True)
        for label in LABELS:
            name = f"{dataset}/p{patient:03d}_{label}.png"
            pixels = phantom_frame(label, seed=patient, height=96, width=128).pixels
            cv2.imwrite(str(root / name), pixels)
            row = dict.fromkeys(COLUMNS, "")
            row |= {"file": name, "id": Path(name).stem, "label": label, "dataset": dataset}
            row |= {"country": "nowhere", "group": f"P{patient:03d}", "licence": "own"}
            rows.append(row)
    with open(root / "frames.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def marked_data(phantom_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with outliers beside it, and its structures marked."""
    folder = once(tmp_path_factory, "marked", lambda folder: marked(phantom_data, folder / "data"))
    return folder / "data"


@pytest.fixture
def data_folder(phantom_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOGAZE_DATA", str(phantom_data))
    return phantom_data


@pytest.fixture(scope="session")
def trained(phantom_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs by the recipe `smoke`: its teacher, students of `ce` and `kd`."""
    return once(tmp_path_factory, "trained", lambda folder: _train(phantom_data, folder)) / "runs"


def _train(data: Path, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOGAZE_DATA", str(data))
        for objective in ("ce", "kd"):
            pipeline.distill(Workspace.open("smoke", folder / "runs").student(objective))


@pytest.fixture
def smoke_runs(trained: Path, data_folder: Path, tmp_path: Path) -> Path:
    """A copy of those runs, for tests of what comes after training."""
    return shutil.copytree(trained, tmp_path / "runs")
