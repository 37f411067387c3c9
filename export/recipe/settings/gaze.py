"""How a teacher gets gaze: `[gaze.NAME]`."""

from typing import Literal

from export.recipe.settings.fields import Seed, Settings, Share, Texts


class GazeConfig(Settings, frozen=True):
    """How a teacher gets gaze; a recipe's `[gaze.NAME]`.

    Attributes:
        source: `folder` (recordings beside your own frames), `annotations` (simulated at marked
            structures, see `export.gaze.annotated`) or `landmarks` (simulated at places predicted
            from research-only landmarks, see `export.gaze.predicted`).
        way: `modulate` or `foveate`, see `export.models.gaze_gate`.
        dropout: share of views whose gaze the teacher does not see in training.
        control: what is done to the maps first, see `export.gaze.controls`.
        seed: of the simulation and of the control.
        least_coverage: share of its frames that each recording must have gaze on, and all of them
            of all frames to train on; less is refused.
        pass_coverage: recordings that may cover less, as the column `gaze` names them.
    """

    source: Literal["folder", "annotations", "landmarks"]
    way: Literal["modulate", "foveate"] = "modulate"
    dropout: Share = 0.5
    control: Literal["none", "within_class", "among_all", "centre", "random"] = "none"
    seed: Seed = 1
    least_coverage: Share = 0.5
    pass_coverage: Texts = ()
