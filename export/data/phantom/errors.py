"""Error of the phantom, a leaf under ``SdkError``."""

from __future__ import annotations

from sdk.errors import SdkError

SLUGS: dict[str, str] = {
    "phantom-argument": "a label, seed, size or rate is outside what the phantom can draw",
    "phantom-target": "the folder to write to exists and is not empty, or cannot be written",
}


class PhantomError(SdkError, ValueError):
    """The synthetic frame asked for cannot be drawn or written; ``slug`` is in ``SLUGS``."""

    slugs = SLUGS
