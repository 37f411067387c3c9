"""Drawing a bank's views, chunk by chunk, each with its own seed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from export.data.augment import Grey, random_view
from export.data.bank_files import VIEWS, chunk_path, write_chunk
from export.data.dataset import FrameRecord
from export.data.frames import read_greys
from export.recipe.settings import AugmentConfig, BankConfig
from sdk import Frame
from sdk.preprocess import Preprocessing


@dataclass(frozen=True)
class Drawing:
    """What a bank is drawn from and by; travels to the processes that draw."""

    records: Sequence[FrameRecord]
    recipe: Preprocessing
    augment: AugmentConfig
    config: BankConfig
    labels: tuple[str, ...]
    folder: Path

    @cached_property  # asked for each view
    def has_outliers(self) -> bool:
        """Whether any row is not all of its label; else a bank says nothing of outliers."""
        return any(record.outlier for record in self.records)

    @property
    def chunks(self) -> range:
        """The chunks' numbers."""
        return range(-(-len(self.records) // self.config.chunk_frames))


def grey_levels(tensor: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    """Return the 8-bit grey levels (height, width) of a preprocessed tensor (1, 1, h, w)."""
    levels = (tensor[0, 0] * recipe.std + recipe.mean) * 255
    return np.asarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def draw_chunks(drawing: Drawing, chunks: Sequence[int]) -> Iterator[None]:
    """Draw chunks on all cores, a single one here; yield after each."""
    draw: Callable[[int], None] = partial(_draw_chunk, drawing)
    if len(chunks) < 2:
        yield from map(draw, chunks)
        return
    # spawned, not forked: a forked child of a process with threads (torch, OpenCV) can hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        try:
            yield from pool.map(draw, chunks)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _draw_chunk(drawing: Drawing, index: int) -> None:
    """Draw one chunk's views and write them."""
    cv2.setNumThreads(1)  # one process a core draws already
    config, records = drawing.config, drawing.records
    start = index * config.chunk_frames
    rng = np.random.default_rng([config.seed, index])
    # few partners a chunk, decoded once: any frame for any view would read most files again
    partners = rng.integers(0, len(records), config.mix_partners)
    frames = list(read_greys(records[start : start + config.chunk_frames]))
    others = list(read_greys(records[i] for i in partners)) if config.mix_share else []
    drawn: dict[str, list[Any]] = {}
    for at, frame in enumerate(frames, start=start):
        for _ in range(config.views_per_frame):
            for name, value in _draw_view(drawing, rng, (at, frame), partners, others).items():
                drawn.setdefault(name, []).append(value)
    arrays = {name: np.stack(values) for name, values in drawn.items()}
    write_chunk(chunk_path(drawing.folder, index), arrays)


def _draw_view(
    drawing: Drawing,
    rng: np.random.Generator,
    own: tuple[int, Grey],
    partners: np.ndarray,
    others: Sequence[Grey],
) -> dict[str, Any]:
    """Draw one view of a frame (number, pixels), mixed with another one by chance.

    Mixup (Zhang et al., ICLR 2018, eq. 1) with a share drawn uniformly, on views and labels.
    """
    config, recipe = drawing.config, drawing.recipe
    at, frame = own
    size = (recipe.width * config.oversample, recipe.height * config.oversample)
    letterbox = recipe.aspect == "letterbox"
    view, matrix = random_view(
        _as_row(drawing, at, frame, rng), rng, drawing.augment, size, letterbox
    )
    target, share, partner, mixed = _one_hot(drawing, at), 1.0, -1, matrix
    outlier = drawing.records[at].outlier
    if others and rng.random() < config.mix_share:
        pick = int(rng.integers(0, len(others)))
        share, partner = float(rng.beta(1.0, 1.0)), int(partners[pick])
        other, mixed = random_view(
            _as_row(drawing, partner, others[pick], rng), rng, drawing.augment, size, letterbox
        )
        view = np.asarray(cv2.addWeighted(view, share, other, 1 - share, 0))
        target = share * target + (1 - share) * _one_hot(drawing, partner)
        outlier = share * outlier + (1 - share) * drawing.records[partner].outlier
    return {
        **({"outlier": np.float32(outlier)} if drawing.has_outliers else {}),
        VIEWS: grey_levels(recipe.tensor(Frame.from_array(view)), recipe),
        "frame_index": np.int32(at),
        "targets": target.astype(np.float32),
        "matrices": np.stack([matrix, mixed]).astype(np.float32),
        "partner_index": np.int32(partner),
        "share": np.float32(share),
    }


def _as_row(drawing: Drawing, row: int, frame: Grey, rng: np.random.Generator) -> Grey:
    """Return a frame as its row has it: altered anew for each view."""
    alteration = drawing.records[row].alteration
    return frame if alteration is None else alteration.apply(frame, rng)


def _one_hot(drawing: Drawing, row: int) -> np.ndarray:
    """Return a row's label shares; what is outlier or unlabelled has none."""
    record, target = drawing.records[row], np.zeros(len(drawing.labels), dtype=np.float32)
    if record.has_label:
        target[drawing.labels.index(record.label)] = 1 - record.outlier
    return target
