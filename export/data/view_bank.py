"""A bank of augmented views on disk: drawn once, then shared by every run that compares.

Each view is what the student would see: a random view of a frame, through the SDK's own kernel,
kept as 8-bit grey. Teacher and students of every seed read the same bank, so that a comparison
differs in nothing but what it compares (after FKD: Shen and Xing, ECCV 2022, and "function
matching": Beyer et al., CVPR 2022, where the teacher sees the student's very view).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from msgspec import structs

from export.data.bank_draw import Drawing, draw_chunks
from export.data.bank_files import chunk_path, is_joined, join_chunks, locked, open_arrays
from export.data.dataset import LABELS, FrameRecord
from export.parallel import leader_first
from export.recipe.constants import VIEW_DRAWING
from export.recipe.settings import AugmentConfig, BankConfig
from sdk.preprocess import Preprocessing


@dataclass(frozen=True)
class ViewBank:
    """Augmented views of frames, and where each came from.

    Attributes:
        views: (N, height, width) uint8, mapped from disk.
        frame_index: (N,) int32, which frame; a frame's views are contiguous and equal in number.
        targets: (N, classes) float32, label shares.
        matrices: (N, 2, 2, 3) float32: for the frame and its partner, relative places of the frame
            to relative places of the view (`export.data.augment.View`).
        partner_index: (N,) int32, the frame mixed in, or -1.
        share: (N,) float32, the share of the first frame; 1 where nothing is mixed in.
        outlier: (N,) float32, the share that is none of the labels; None where nothing is.
    """

    views: np.ndarray
    frame_index: np.ndarray
    targets: np.ndarray
    matrices: np.ndarray
    partner_index: np.ndarray
    share: np.ndarray
    outlier: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.views)

    @property
    def views_per_frame(self) -> int:
        """How many views each frame has."""
        return len(self) // (int(self.frame_index[-1]) + 1)


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
    stopped and gives the same bytes on any number of processes. Chunks of an older version are
    the same, and are taken as they are.
    """
    folder = directory / f"bank-{_key(records, recipe, augment, config, labels)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    drawing = Drawing(records, recipe, augment, config, tuple(labels), folder)
    if not is_joined(folder):
        with locked(folder):
            # another process may have joined them while this one waited
            if not is_joined(folder):
                _draw(drawing, progress)
    progress(len(drawing.chunks), len(drawing.chunks))
    arrays = open_arrays(folder)
    known = {field.name for field in fields(ViewBank)}
    return ViewBank(**{name: values for name, values in arrays.items() if name in known})


def _draw(drawing: Drawing, progress: Callable[[int, int], None]) -> None:
    """Draw the chunks that are missing, then join all."""
    paths = [chunk_path(drawing.folder, index) for index in drawing.chunks]
    todo = [index for index in drawing.chunks if not paths[index].exists()]
    progress(len(paths) - len(todo), len(paths))
    for done, _ in enumerate(draw_chunks(drawing, todo), len(paths) - len(todo) + 1):
        progress(done, len(paths))
    join_chunks(drawing.folder, paths, len(drawing.records) * drawing.config.views_per_frame)


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
        # of what is all outlier, or unlabelled, the label counts for nothing
        "targets": [labels.index(r.label) if r.has_label else -1 for r in records],
        "preprocessing": recipe.to_dict(),
        "augment": _story(augment, _YOUNGER_AUGMENT),
        "bank": _story(config, _YOUNGER_BANK),
        **_rows_story(records),
    }
    return hashlib.sha256(json.dumps(story, sort_keys=True).encode()).hexdigest()


def _rows_story(records: Sequence[FrameRecord]) -> dict[str, object]:
    """Return what rows are beside their frames; nothing where no row is an outlier or altered."""
    if not any(r.outlier or r.alteration for r in records):
        return {}
    altered = [None if r.alteration is None else str(r.alteration) for r in records]
    return {"outliers": [r.outlier for r in records], "altered": altered}


_YOUNGER_BANK = frozenset({"chunk_frames", "mix_partners"})
_YOUNGER_AUGMENT = frozenset({"p_crop", "crop_aspect_min", "crop_aspect_max", "p_border"})


def _story(config: AugmentConfig | BankConfig, younger: frozenset[str]) -> dict[str, object]:
    """Return the settings that name a bank; younger ones count where they aren't the default.

    So banks that were drawn before there was a choice keep their names.
    """
    defaults = {field.name: field.default for field in structs.fields(type(config))}
    return {k: v for k, v in structs.asdict(config).items() if k not in younger or v != defaults[k]}
