"""Simulated gaze on real frames: where an expert would set callipers, predicted for every class.

Landmarks exist for heads, abdomens and femurs, and for no background: gaze at them, as they
stand, would tell the class by its mere presence. So a ridge regression learns from the landmarks
where they lie, on features of a network that saw no ultrasound (ImageNet weights), and predicts
such places on *every* frame alike, those of each patient by a fit that did not see that patient.
The simulated observer then looks at the peaks. The landmarks are licensed for research only
(CC BY-NC-SA 4.0), and so is everything made with them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from export.data.dataset import FrameRecord
from export.data.frames import read_greys
from export.gaze.errors import GazeError
from export.gaze.maps import Maps, gaussian_map
from export.gaze.privileged import GazeOfFrames
from export.gaze.stills import GRID, map_of_a_look
from export.models.teacher import build_teacher
from export.recipe.constants import PREDICTED_GAZE

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Peak:
    """A predicted place of interest, frame pixels; weight above 0."""

    x: float
    y: float
    weight: float


def read_landmarks(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read end points of diameters by frame id: ``(points, 2)``, relative to width and height.

    Raises:
        GazeError: The file is missing, or a row is not usable.
    """
    landmarks: dict[str, list[tuple[float, float]]] = {}
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            for line, row in enumerate(csv.DictReader(stream), start=2):
                try:
                    point = (float(row["x"]), float(row["y"]))
                    landmarks.setdefault(row["id"], []).append(point)
                except (KeyError, TypeError, ValueError) as error:
                    raise GazeError("gaze-number", f"{path}, line {line}: {error!r}") from error
    except OSError as error:
        raise GazeError("gaze-file-missing", f"{path} cannot be read: {error.strerror}") from error
    return {frame: np.array(points) for frame, points in landmarks.items()}


def predicted_gaze(
    records: Sequence[FrameRecord],
    landmarks: dict[str, NDArray[np.float64]],
    seed: int,
    progress: Progress = lambda done, total: None,
) -> GazeOfFrames:
    """Return simulated gaze of every record, at places predicted from the landmarks of some.

    Landmarks of `train` records alone are learned from.
    """
    interest = predicted_interest(records, landmarks, progress)
    maps = np.zeros((len(records), GRID[1], GRID[0]), dtype=np.float32)
    for index, frame in enumerate(read_greys(records)):
        height, width = frame.shape
        points = peaks(interest[index], width, height)
        maps[index] = map_of_a_look(points, width, height, seed * 100_003 + index)
        progress(len(records) + index + 1, 2 * len(records))
    return GazeOfFrames(maps, simulated=True)


def predicted_interest(
    records: Sequence[FrameRecord],
    landmarks: dict[str, NDArray[np.float64]],
    progress: Progress = lambda done, total: None,
) -> Maps:
    """Return where landmarks are expected, ``(N, 18, 24)`` float32, not negative.

    Raises:
        GazeError: `gaze-labels` when no training record has landmarks.
    """
    features = _features(records, lambda done: progress(done, 2 * len(records)))
    known = np.array([r.id in landmarks and r.split == "train" for r in records])
    if not known.any():
        raise GazeError("gaze-labels", "no training frame has landmarks to learn from")
    aims = np.stack([_blobs(landmarks[r.id]) if k else np.zeros(GRID[::-1])
                     for r, k in zip(records, known, strict=True)])  # fmt: skip
    names = sorted({r.group for r in records})
    fold = dict(zip(names, _dealt(len(names)), strict=True))
    folds = np.array([fold[r.group] for r in records])
    predicted = np.zeros_like(aims)
    for held in range(PREDICTED_GAZE.folds):
        learn, held_out = known & (folds != held), folds == held
        weights = _ridge(features[learn], aims[learn])
        predicted[held_out] = np.clip(_bordered(features[held_out]) @ weights, 0, None)
    return np.asarray(predicted, dtype=np.float32)


def _dealt(count: int) -> NDArray[np.int64]:
    return np.asarray(np.random.default_rng(0).permutation(count) % PREDICTED_GAZE.folds)


def _blobs(points: NDArray[np.float64]) -> Maps:
    """Return landmarks as a map: Gaussians, the highest cell at 1."""
    blob = gaussian_map(
        points[:, 0],
        points[:, 1],
        frame_size=(1, 1),
        grid=GRID,
        sigma_px=(PREDICTED_GAZE.sigma,) * 2,
    )
    return np.asarray(blob / blob.max())


@torch.no_grad()
def _features(records: Sequence[FrameRecord], progress: Callable[[int], None]) -> Maps:
    """Return features at each cell, (N, 18, 24, 152) float16, of an ImageNet network."""
    # mean and std only matter in that they are undone: grey goes in
    network = build_teacher(classes=4, mean=0.2, std=0.2, imagenet=True, gaze_way="none").eval()
    seen: list[torch.Tensor] = []
    for block in PREDICTED_GAZE.blocks:
        network._blocks[block].register_forward_hook(lambda module, given, out: seen.append(out))
    features = []
    for index, frame in enumerate(read_greys(records)):
        grey = torch.from_numpy(frame).float()[None, None] / 255
        grey = functional.interpolate(
            grey, PREDICTED_GAZE.input[::-1], mode="bilinear", antialias=True
        )
        seen.clear()
        network((grey - network.mean) / network.std)
        cells = torch.cat([functional.adaptive_avg_pool2d(m, GRID[::-1]) for m in seen], 1)
        features.append(cells[0].permute(1, 2, 0).half().numpy())
        progress(index + 1)
    return np.stack(features)


def _bordered(features: Maps) -> NDArray[np.float64]:
    """Append each cell's place and a one: (N, 18, 24, channels + 5) float64."""
    count, rows, columns, _ = features.shape
    y, x = np.mgrid[0:rows, 0:columns]
    x, y = x / columns - 0.5, y / rows - 0.5
    place = np.stack([x, y, x * x, y * y, np.ones_like(x)], axis=-1)
    return np.concatenate(
        [features.astype(np.float64), np.broadcast_to(place, (count, *place.shape))], axis=-1
    )


def _ridge(features: Maps, aims: Maps) -> NDArray[np.float64]:
    """Return the weights (channels + 5,) that minimise the penalised squared error."""
    width = features.shape[-1] + 5
    moments, products = np.zeros((width, width)), np.zeros(width)
    for start in range(0, len(features), 64):
        rows = _bordered(features[start : start + 64]).reshape(-1, width)
        moments += rows.T @ rows
        products += rows.T @ aims[start : start + 64].reshape(-1)
    return np.asarray(np.linalg.solve(moments + PREDICTED_GAZE.ridge * np.eye(width), products))


def peaks(interest: Maps, width: int, height: int) -> list[Peak]:
    """Return the highest cells of an interest map, none beside a higher one, as frame places."""
    around = cv2.dilate(interest, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((interest >= around) & (interest > 0))
    order = np.argsort(-interest[rows, columns])[: PREDICTED_GAZE.peaks]
    return [
        Peak(
            (columns[i] + 0.5) * width / GRID[0],
            (rows[i] + 0.5) * height / GRID[1],
            float(interest[rows[i], columns[i]]),
        )
        for i in order
    ]
