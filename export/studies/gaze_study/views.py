"""The banks of one round: views, cues on them, and what is erased on them by gaze."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from export.data.dataset import FrameRecord
from export.data.fills import painted
from export.data.view_bank import ViewBank, build_bank
from export.gaze.annotated import annotated_gaze
from export.gaze.privileged import GazeOfFrames, controlled, view_maps
from export.recipe.settings import AugmentConfig, BankConfig
from export.studies.gaze_study.cues import kinds_of, stamped, tied
from export.studies.gaze_study.frames import Sample, labels_of, middles
from export.studies.gaze_study.plan import LABELS, Plan, Setting

PLAIN = AugmentConfig(aspect=0.25, p_text=0.0, p_mask=0.0)
OVERLAYS = AugmentConfig(
    aspect=0.25, p_text=1.0, p_mask=1.0, p_border=0.5, p_crop=0.7
)  # all that the augmentation has against letters, boxes and bands
ERASED, ELSEWHERE = 2, 2
"""Of each row's views, how many lose what was looked at, and how many lose another place."""
_LOOKED_AT = 0.25  # of a map's peak


@dataclass
class Round:
    """What all trainings of one round share; drawn once.

    Attributes:
        plan, sample: of the study.
        number: from 1; the seed of all that is drawn.
        folder: where banks are kept.
    """

    plan: Plan
    sample: Sample
    number: int
    folder: Path
    _maps: dict[str, np.ndarray] = field(default_factory=dict)
    _banks: dict[bool, ViewBank] = field(default_factory=dict)
    _gaze: GazeOfFrames | None = None
    _middles: np.ndarray | None = None

    @property
    def rows(self) -> Sequence[FrameRecord]:
        """The frames that are trained on."""
        return self.sample.train

    @property
    def true_gaze(self) -> GazeOfFrames:
        """Simulated gaze at the rows' own structures."""
        if self._gaze is None:
            self._gaze = annotated_gaze(self.rows, self.sample.marked, self.number)
        return self._gaze

    def bank(self, overlays: bool = False) -> ViewBank:
        """Return the views, without any cue or under overlays."""
        if overlays not in self._banks:
            # one chunk: drawn in this process, so that a study takes one core
            config = BankConfig(self.plan.views, self.number, chunk_frames=100_000)
            augment = OVERLAYS if overlays else PLAIN
            prep = self.plan.preprocessing
            self._banks[overlays] = build_bank(
                self.rows, prep, augment, config, self.folder, labels=LABELS
            )
        return self._banks[overlays]

    def maps(self, gaze: str) -> np.ndarray:
        """Return gaze (N, h, w) on the views without overlays, after a control took from it."""
        if gaze not in self._maps:
            control = "none" if gaze == "true" else gaze
            given = controlled(self.true_gaze, self.rows, control, self.number)
            self._maps[gaze] = view_maps(given, self.bank())
        return self._maps[gaze]

    def planted(self, setting: Setting, overlays: bool = False) -> ViewBank:
        """Return the views with the setting's cue on each; as they are where it has none."""
        bank = self.bank(overlays)
        if setting.cue is None:
            return bank
        if self._middles is None:
            self._middles = middles(self.rows, self.sample.marked)
        values = tied(labels_of(self.rows), setting.strength, self.number)
        kinds = kinds_of(setting.cue)
        drawn = np.random.default_rng([self.number, 7]).integers(0, len(kinds), len(bank))
        views = np.empty_like(bank.views)
        for view, owner in enumerate(bank.frame_index):
            matrix = bank.matrices[view, 0]
            middle = matrix[:, :2] @ self._middles[owner] + matrix[:, 2]
            views[view] = stamped(bank.views[view], kinds[drawn[view]], int(values[owner]), middle)
        return replace(bank, views=views)

    def erased(self, bank: ViewBank, gaze: str) -> ViewBank:
        """Return the bank, some views without what was looked at, none of the labels then.

        As many views lose a place that another frame's gaze names, and keep their label: paint is
        no cue. Frames without gaze have views of the second kind alone.
        """
        rng = np.random.default_rng([self.number, 8])
        places = self.maps(gaze)
        looked_at = np.flatnonzero(places.reshape(len(places), -1).any(1))
        views, targets = np.array(bank.views), bank.targets.copy()
        outlier = np.zeros(len(bank), dtype=np.float32)
        for view in range(len(bank)):
            turn = view % bank.views_per_frame
            if turn >= ERASED + ELSEWHERE:
                continue
            own = _place(places[view], views[view].shape)
            fill = str(rng.choice(self.plan.train_fills))
            other = _place(places[rng.choice(looked_at)], views[view].shape) & ~own
            if turn < ERASED and own.any():
                views[view] = painted(views[view], own, fill, rng)
                targets[view], outlier[view] = 0, 1
            elif turn >= ERASED:
                views[view] = painted(views[view], other, fill, rng)
        return replace(bank, views=views, targets=targets, outlier=outlier)


def _place(gaze: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return which pixels were looked at, bool of `shape` (height, width)."""
    fine = cv2.resize(gaze.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine > _LOOKED_AT * max(float(fine.max()), 1e-6))
