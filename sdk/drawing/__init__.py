"""A result drawn beside its frame, for people to look at; needs the extra `images` (Pillow)."""

from __future__ import annotations

from .picture import draw
from .pixels import rgb_of

__all__ = ["draw", "rgb_of"]
