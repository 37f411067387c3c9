"""Controls for any claim that gaze helps, and the probe for what gaze gives away.

Each control keeps a part of what real or simulated gaze carries:

- within a class: what gaze tells of the label stays, where it points in this frame is lost;
- among all: only its average place stays;
- centre prior: nothing of the observer stays;
- random peaks: nothing but that some few places stand out.

A claim about gaze needs a gain over the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from export.gaze.errors import GazeError
from export.gaze.maps import Maps, gaussian_map

Donors = NDArray[np.int64]


def donors_among_all(groups: Sequence[str], seed: int) -> Donors:
    """Return, for each frame, the index of the frame whose map it gets.

    A permutation: every map is used once. No frame gets its own, and none that of its own group
    (patient), as long as no group holds more than half of the frames.

    Args:
        groups: Group of each frame.
        seed: At least 0.

    Raises:
        GazeError: There are fewer than two frames.
    """
    return _deranged(np.arange(len(groups)), groups, np.random.default_rng(seed))


def donors_within_class(labels: Sequence[str], groups: Sequence[str], seed: int) -> Donors:
    """Return the same as ``donors_among_all``, within each class apart.

    Raises:
        GazeError: A class has fewer than two frames, or the lengths differ.
    """
    if len(labels) != len(groups):
        raise GazeError(
            "gaze-samples", f"{len(labels)} labels but {len(groups)} groups; one each is needed"
        )
    rng = np.random.default_rng(seed)
    donors = np.empty(len(labels), dtype=np.int64)
    classes = np.asarray(labels)
    for label in sorted(set(labels)):
        members = np.flatnonzero(classes == label)
        donors[members] = _deranged(members, [groups[int(i)] for i in members], rng)
    return donors


def _deranged(
    members: NDArray[np.int64], groups: Sequence[str], rng: np.random.Generator
) -> Donors:
    """Shift the members, sorted by group in random order, by the size of the largest group."""
    count = len(members)
    if count < 2:
        raise GazeError("gaze-argument", f"{count} frame to shuffle; at least 2 are needed")
    names, codes, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    rank = rng.permutation(len(names))[codes]
    order = np.lexsort((rng.permutation(count), rank))
    shift = max(1, min(int(sizes.max()), count // 2))
    donors = np.empty(count, dtype=np.int64)
    donors[order] = members[np.roll(order, shift)]
    return donors


def centre_prior(width: int, height: int, sigma: float = 0.25) -> Maps:
    """Return the map of an observer who always looks at the centre.

    Args:
        width: Cells across.
        height: Cells down.
        sigma: Standard deviation, as a share of the map's width and of its height.

    Returns:
        ``(height, width)`` float32, summing to 1.
    """
    return gaussian_map(
        np.array([width / 2]), np.array([height / 2]),
        frame_size=(width, height), grid=(width, height), sigma_px=(sigma * width, sigma * height),
    )  # fmt: skip


def random_peaks(
    count: int, width: int, height: int, seed: int, peaks: int = 5, sigma: float = 0.06
) -> Maps:
    """Return maps of observers who look at places drawn anywhere.

    Args:
        count: How many maps.
        width: Cells across.
        height: Cells down.
        seed: At least 0; the same arguments give the same maps.
        peaks: Places on each.
        sigma: Standard deviation of each, as a share of the map's width.

    Returns:
        ``(count, height, width)`` float32, each summing to 1.
    """
    rng = np.random.default_rng(seed)
    maps = np.zeros((count, height, width), dtype=np.float32)
    for number in range(count):
        maps[number] = gaussian_map(
            rng.uniform(0, width, peaks), rng.uniform(0, height, peaks),
            frame_size=(width, height), grid=(width, height), sigma_px=(sigma * width,) * 2,
        )  # fmt: skip
    return maps
