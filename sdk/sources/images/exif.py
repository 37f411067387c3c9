"""The orientation that EXIF data tells (CIPA DC-008, tag 274), from whatever holds the EXIF."""

from __future__ import annotations

_ORIENTATION = 0x0112
_SHORT = 3
_MAX_ENTRIES = 512


def orientation_of(exif: bytes) -> int:
    """Return the orientation, 1 to 8.

    Args:
        exif: a TIFF header and its first directory; empty, or damaged, it tells nothing.

    Returns:
        1 when nothing is told: the image is upright.
    """
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(exif[:4])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at : at + size], "little" if order == "little" else "big")

    start = number(4, 4)
    for entry in range(min(number(start, 2), _MAX_ENTRIES)):
        at = start + 2 + 12 * entry
        if number(at, 2) == _ORIENTATION:
            orientation = number(at + 8, 2) if number(at + 2, 2) == _SHORT else 1
            return orientation if 1 <= orientation <= 8 else 1
    return 1
