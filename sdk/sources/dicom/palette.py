"""PALETTE COLOR: three tables from a stored value to red, green and blue (PS3.3 C.7.6.3.1.5)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .image import Image
from .lut import (
    Descriptor,
    has_bytes,
    read_descriptor,
    read_entries,
    read_segments,
)
from .values import Header

_COLOURS = ("Red", "Green", "Blue")


def palette_of(header: Header, image: Image) -> npt.NDArray[np.uint8]:
    """Return the colour of each value that can be stored, (2**stored, 3), RGB.

    Raises:
        SourceError: `source-malformed` or `source-unsupported`.
    """
    if image.stored > 16:
        raise header.malformed("BitsStored", f"is {image.stored}, but a palette has 16 at most")
    descriptors = [
        read_descriptor(header, f"{colour}PaletteColorLookupTableDescriptor", signed=False)
        for colour in _COLOURS
    ]
    described = descriptors[0]
    if any(other != described for other in descriptors) or described.bits not in (8, 16):
        raise header.malformed(
            "RedPaletteColorLookupTableDescriptor",
            f"says {described.entries} entries from {described.first} of {described.bits} bits; "
            "those of green and blue must say the same, allowed are 8 and 16 bits",
        )
    if described.first >= 1 << image.stored:
        raise header.malformed(
            "RedPaletteColorLookupTableDescriptor",
            f"begins at {described.first}, but Bits Stored is {image.stored}",
        )
    table = _levels(header, described)
    values = np.arange(1 << image.stored) - described.first
    colours: npt.NDArray[np.uint8] = table[values.clip(0, described.entries - 1)]
    return colours


def _levels(header: Header, described: Descriptor) -> npt.NDArray[np.uint8]:
    """Return the three tables as levels of 8 bits, (entries, 3)."""
    names = [f"{colour}PaletteColorLookupTableData" for colour in _COLOURS]
    segmented = [f"Segmented{name}" for name in names]
    count, bits = described.entries, described.bits
    if any(name in header for name in segmented):
        if any(name in header for name in names):
            raise header.malformed(segmented[0], "is there beside a table that isn't segmented")
        channels = [read_segments(header, name, count, bits) for name in segmented]
    else:
        channels = [read_entries(header, name, count, bits) for name in names]
    table = np.stack(channels, axis=1)
    # 8 bits in tables that are declared to have 16: readers disagree on what was meant
    packed = bits == 16 and any(has_bytes(header, name, count) for name in names)
    if bits == 16 and (packed or 0 < table.max() < 256):
        raise header.malformed(
            "RedPaletteColorLookupTableDescriptor", "says 16 bits, but the entries have 8"
        )
    # tables of 16 bits hold the level in the high byte (C.7.6.3.1.6)
    return (table >> (bits - 8)).astype(np.uint8)
