"""A bank of augmented views on disk: drawn once, then shared by every run that compares.

Each view is what the student would see: a random view of a frame, through the SDK's own kernel,
kept as 8-bit grey. Teacher and students of every seed read the same bank, so that a comparison
differs in nothing but what it compares (after FKD: Shen and Xing, ECCV 2022, and "function
matching": Beyer et al., CVPR 2022, where the teacher sees the student's very view).
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from msgspec import structs

from export.data.augment import random_view
from export.data.dataset import LABELS, FrameRecord
from export.data.frames import read_greys
from export.files import atomic_write
from export.parallel import leader_first
from export.recipe.constants import VIEW_DRAWING
from export.recipe.settings import AugmentConfig, BankConfig
from sdk import Frame
from sdk.preprocess import Preprocessing

CHUNK_FRAMES = VIEW_DRAWING.chunk_frames


@dataclass(frozen=True)
class ViewBank:
    """Augmented views of frames, and where each came from.

    Attributes:
        views: (N, height, width) uint8.
        frame_index: (N,) int32, which frame; a frame's views are contiguous and equal in number.
        targets: (N, classes) float32, label shares.
        matrices: (N, 2, 2, 3) float32: for the frame and its partner, relative places of the frame
            to relative places of the view (`export.data.augment.View`).
        partner_index: (N,) int32, the frame mixed in, or -1.
        share: (N,) float32, the share of the first frame; 1 where nothing is mixed in.
    """

    views: np.ndarray
    frame_index: np.ndarray
    targets: np.ndarray
    matrices: np.ndarray
    partner_index: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        return len(self.views)

    @property
    def views_per_frame(self) -> int:
        """How many views each frame has."""
        return len(self) // (int(self.frame_index[-1]) + 1)


def grey_levels(tensor: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    """Return the 8-bit grey levels (height, width) of a preprocessed tensor (1, 1, h, w)."""
    levels = (tensor[0, 0] * recipe.std + recipe.mean) * 255
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


@leader_first
def build_bank(
    records: Sequence[FrameRecord],
    recipe: Preprocessing,
    augment: AugmentConfig,
    config: BankConfig,
    directory: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    labels: Sequence[str] = LABELS,
) -> ViewBank:
    """Draw the bank, or open it where it was drawn by the same settings.

    Drawn chunk by chunk, each with its own seed, so an interrupted build goes on where it
    stopped and gives the same bytes on any number of processes.
    """
    key = _key(records, recipe, augment, config, labels)
    folder = directory / f"bank-{key[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [records[i : i + CHUNK_FRAMES] for i in range(0, len(records), CHUNK_FRAMES)]
    todo = [i for i in range(len(chunks)) if not (folder / f"{i:04d}.npz").exists()]
    progress(len(chunks) - len(todo), len(chunks))
    draw = partial(_draw, chunks, replace(recipe), augment, config, folder, tuple(labels))
    for done, _ in enumerate(_each(draw, todo), len(chunks) - len(todo) + 1):
        progress(done, len(chunks))
    parts = [np.load(folder / f"{i:04d}.npz") for i in range(len(chunks))]
    return ViewBank(*(np.concatenate([p[f.name] for p in parts]) for f in fields(ViewBank)))


def _each(draw: Callable[[int], None], todo: Sequence[int]) -> Iterator[None]:
    """Draw the chunks of `todo` on all cores; a single one here."""
    if len(todo) < 2:
        yield from map(draw, todo)
        return
    # spawned, not forked: a forked child of a process with threads (torch, OpenCV) can hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        try:
            yield from pool.map(draw, todo)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _key(
    records: Sequence[FrameRecord],
    recipe: Preprocessing,
    augment: AugmentConfig,
    config: BankConfig,
    labels: Sequence[str],
) -> str:
    story = {
        "format": VIEW_DRAWING.format,
        "ids": [r.id for r in records],
        "targets": [labels.index(r.label) for r in records],
        "preprocessing": recipe.to_dict(),
        "augment": structs.asdict(augment),
        "bank": structs.asdict(config),
    }
    return hashlib.sha256(json.dumps(story, sort_keys=True).encode()).hexdigest()


def _draw(
    chunks: Sequence[Sequence[FrameRecord]],
    recipe: Preprocessing,
    augment: AugmentConfig,
    config: BankConfig,
    folder: Path,
    labels: Sequence[str],
    index: int,
) -> None:
    """Draw one chunk's views and write them whole (temporary file, then rename)."""
    cv2.setNumThreads(1)
    chunk, records = chunks[index], [record for each in chunks for record in each]
    rng = np.random.default_rng([config.seed, index])
    partners = rng.integers(0, len(records), VIEW_DRAWING.mix_partners)
    one_hot = np.eye(len(labels), dtype=np.float32)[[labels.index(r.label) for r in records]]
    frames = list(read_greys(chunk))
    others = list(read_greys(records[i] for i in partners)) if config.mix_share else []
    size = (recipe.width * config.oversample, recipe.height * config.oversample)
    draw = partial(
        random_view, rng=rng, config=augment, size=size, letterbox=recipe.aspect == "letterbox"
    )
    drawn: dict[str, list[Any]] = {f.name: [] for f in fields(ViewBank)}
    for at, frame in enumerate(frames, start=index * CHUNK_FRAMES):
        for _ in range(config.views_per_frame):
            view, matrix = draw(frame)
            target, share, partner, mixed = one_hot[at], 1.0, -1, matrix
            if others and rng.random() < config.mix_share:
                pick = int(rng.integers(0, len(others)))
                share, partner = float(rng.beta(1.0, 1.0)), int(partners[pick])
                other, mixed = draw(others[pick])
                view = cv2.addWeighted(view, share, other, 1 - share, 0)
                target = share * target + (1 - share) * one_hot[partner]
            drawn["views"].append(grey_levels(recipe.tensor(Frame.from_array(view)), recipe))
            drawn["frame_index"].append(np.int32(at))
            drawn["targets"].append(target.astype(np.float32))
            drawn["matrices"].append(np.float32([matrix, mixed]))
            drawn["partner_index"].append(np.int32(partner))
            drawn["share"].append(np.float32(share))
    with atomic_write(folder / f"{index:04d}.npz") as unfinished:
        np.savez(unfinished, **{name: np.stack(values) for name, values in drawn.items()})
