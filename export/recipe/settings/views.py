"""How training views are drawn: `[augment]`, and the bank that a stage asks for."""

from typing import Annotated

from msgspec import Meta

from export.recipe.constants import VIEW_DRAWING
from export.recipe.settings.fields import HalfWidth, Scale, Seed, Settings, Share


class AugmentConfig(Settings, frozen=True):
    """Ranges of the random view; a probability is named `p_...`, the rest are half-widths."""

    scale_min: Scale = 0.6
    scale_max: Scale = 2.0
    aspect: HalfWidth = 0.35
    rotation_deg: Annotated[float, Meta(ge=0, le=180)] = 15.0
    shift: Share = 0.12
    p_flip: Share = 0.5
    gamma: HalfWidth = 0.5
    gain: HalfWidth = 0.35
    depth_gain: HalfWidth = 0.5
    speckle: HalfWidth = 0.35
    blur_sigma_px: Annotated[float, Meta(ge=0, le=100)] = 1.6
    p_sector: Share = 0.3
    p_text: Share = 0.5
    p_mask: Share = 0.4
    p_shadow: Share = 0.25
    p_recode: Share = 0.3
    p_crop: Share = 0.0
    crop_aspect_min: Scale = 0.8
    crop_aspect_max: Scale = 1.6
    p_border: Share = 0.0

    def __post_init__(self) -> None:
        """Refuse a range whose ends are exchanged."""
        for what in ("scale", "crop_aspect"):
            low, high = getattr(self, f"{what}_min"), getattr(self, f"{what}_max")
            if low > high:
                raise ValueError(f"{what}_min is {low}; allowed: at most {what}_max, {high}")


class BankConfig(Settings, frozen=True):
    """How many views a frame gets, and how they are drawn.

    Attributes:
        views_per_frame: of each frame.
        seed: of all that is drawn.
        mix_share: share of views into which a second frame is mixed.
        oversample, chunk_frames, mix_partners: as in `constants.ViewDrawing`.
    """

    views_per_frame: Annotated[int, Meta(ge=1, le=4096)]
    seed: Seed
    mix_share: Share = 0.0
    oversample: int = VIEW_DRAWING.oversample
    chunk_frames: int = VIEW_DRAWING.chunk_frames
    mix_partners: int = VIEW_DRAWING.mix_partners
