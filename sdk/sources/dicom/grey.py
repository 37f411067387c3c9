"""The grey pipeline of PS3.3 C.11: stored value, modality, values of interest, presentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._shown import shown
from .image import Image
from .lut import has_bytes, read_descriptor, read_entries
from .values import Header

Floats = npt.NDArray[np.float64]
_SLOPES = (1e-9, 1e9)  # beyond them the values of a sample run into one, or out of range
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True, slots=True)
class Lut:
    """A table: `entries[0]` belongs to the value `first` and all below it; the last to all above.

    Attributes:
        first: the value of the first entry.
        entries: of the table.
        bits: of an entry: the output runs from 0 to 2**bits - 1.
    """

    first: int
    entries: tuple[int, ...]
    bits: int

    def __call__(self, values: Floats) -> Floats:
        """Look values up."""
        index = np.clip(values - self.first, 0, len(self.entries) - 1).astype(np.int64)
        return np.array(self.entries, np.float64)[index]


@dataclass(frozen=True, slots=True)
class Rescale:
    """The linear modality transformation: output = slope * value + intercept."""

    slope: float
    intercept: float

    @property
    def is_whole(self) -> bool:
        """Whether whole values stay whole."""
        return self.slope.is_integer() and self.intercept.is_integer()


@dataclass(frozen=True, slots=True)
class Window:
    """A window with its VOI LUT Function."""

    center: float
    width: float
    function: str


@dataclass(frozen=True, slots=True)
class Display:
    """How the stored values of one frame become grey levels.

    Attributes:
        modality: None when the header has none: the values are those stored.
        voi: None when the header has none: the whole range is shown.
        inverted: the lowest value is white.
    """

    modality: Rescale | Lut | None
    voi: Window | Lut | None
    inverted: bool

    def levels(self, values: npt.NDArray[Any], image: Image) -> npt.NDArray[np.uint8]:
        """Return the grey levels of stored values, black 0 to white 255."""
        stored = values.astype(np.float64)
        lowest = -(1 << (image.stored - 1)) if image.signed else 0
        low, high = float(lowest), float(lowest + (1 << image.stored) - 1)
        if isinstance(self.modality, Rescale):
            slope, intercept = self.modality.slope, self.modality.intercept
            # a negative slope turns the range round
            low, high = low * slope + intercept, high * slope + intercept
            output = stored * slope + intercept
            low, high = min(low, high), max(low, high)
        elif isinstance(self.modality, Lut):
            low, high = 0.0, float((1 << self.modality.bits) - 1)
            output = self.modality(stored)
        else:
            output = stored
        shares = self._of_interest(output, low, high)
        if self.inverted:
            shares = 1.0 - shares
        # halves upwards, as integer arithmetic rounds
        return np.floor(shares * 255 + 0.5).astype(np.uint8)

    def _of_interest(self, values: Floats, low: float, high: float) -> Floats:
        if isinstance(self.voi, Window):
            return apply_window(values, self.voi)
        if isinstance(self.voi, Lut):
            return self.voi(values) / ((1 << self.voi.bits) - 1)
        return ((values - low) / (high - low)).clip(0.0, 1.0)


def apply_window(values: Floats, window: Window) -> Floats:
    """Return values in [0, 1], as PS3.3 C.11.2.1.2 and C.11.2.1.3 define."""
    center, width = window.center, window.width
    if window.function == "LINEAR":
        # a width of 1 is a threshold: a divisor this small makes one, without dividing by 0
        shares = (values - (center - 0.5)) / max(width - 1, 1e-9) + 0.5
    elif window.function == "LINEAR_EXACT":
        shares = (values - center) / width + 0.5
    else:
        shares = 1.0 / (1.0 + np.exp(np.clip(-4 * (values - center) / width, -700, 700)))
    return shares.clip(0.0, 1.0)


def display_of(places: Callable[[str], Sequence[Header]], header: Header, image: Image) -> Display:
    """Read how a frame is displayed, from every place where the standard allows it.

    Args:
        places: given the sequence of a functional group, the data sets that may hold its values
            for this frame: the header itself, and the items of shared and per-frame groups.
        header: of the file.
        image: whose values they are.

    Raises:
        SourceError: `source-malformed` or `source-unsupported`.
    """
    modality: Rescale | Lut | None = _agreed(
        places("PixelValueTransformationSequence"), partial(_modality, signed=image.signed)
    )
    if isinstance(modality, Rescale):
        negative = image.signed or min(modality.slope, modality.intercept) < 0
    else:
        negative = image.signed and modality is None
    voi: Window | Lut | None = _agreed(
        places("FrameVOILUTSequence"), partial(_voi, signed=negative)
    )
    if isinstance(voi, Lut) and isinstance(modality, Rescale) and not modality.is_whole:
        raise header.error(
            "source-unsupported",
            "a VOI LUT Sequence behind a rescale with fractions, allowed are whole numbers",
        )
    return Display(modality, voi, _inverted(header, image.photometric))


def _agreed(places: Sequence[Header], read: Callable[[Header], Any]) -> Any:
    """Return the value that all places that have one agree on."""
    agreed = None
    for place in places:
        value = read(place)
        if value is None:
            continue
        if agreed is not None and value != agreed:
            raise place.error(
                "source-malformed",
                f"{type(value).__name__} and {type(agreed).__name__} differ between two places "
                "of the header (data set, shared and per-frame functional groups)",
            )
        agreed = value
    return agreed


def _modality(place: Header, signed: bool) -> Rescale | Lut | None:
    slope, intercept = place.number("RescaleSlope"), place.number("RescaleIntercept")
    tables = place.items("ModalityLUTSequence")
    if (slope is None) != (intercept is None):
        missing = "RescaleSlope" if slope is None else "RescaleIntercept"
        raise place.malformed(missing, "is missing, but the other half of the rescale is there")
    if tables:
        if slope is not None and (slope, intercept) != (1.0, 0.0):
            raise place.malformed("ModalityLUTSequence", "is there beside Rescale Slope")
        return _lut(tables[0], signed)
    if slope is None or intercept is None:
        return None
    least, most = _SLOPES
    if not least <= abs(slope) <= most or abs(intercept) > most:
        raise place.malformed(
            "RescaleSlope",
            f"is {slope} and the intercept {intercept}, allowed are {least} to {most}",
        )
    return Rescale(slope, intercept)


def _voi(place: Header, signed: bool) -> Window | Lut | None:
    """Return the first window, else the first table."""
    # where both are there they are alternatives (C.11.2): one has to be chosen
    centers, widths = place.numbers("WindowCenter"), place.numbers("WindowWidth")
    if len(centers) != len(widths):
        raise place.malformed(
            "WindowWidth", f"has {len(widths)} values, but Window Center has {len(centers)}"
        )
    function = place.text("VOILUTFunction") or "LINEAR"
    if not centers:
        if function != "LINEAR":
            raise place.malformed("VOILUTFunction", f"is {shown(function)}, but no window is there")
        tables = place.items("VOILUTSequence")
        return _lut(tables[0], signed) if tables else None
    if function not in _FUNCTIONS:
        raise place.error(
            "source-unsupported",
            f"{place.describe('VOILUTFunction')} is {shown(function)}, allowed are "
            f"{', '.join(_FUNCTIONS)}",
        )
    least = 1.0 if function == "LINEAR" else 1e-9
    if widths[0] < least:
        raise place.malformed("WindowWidth", f"is {widths[0]}, it must be at least {least}")
    return Window(centers[0], widths[0], function)


def _lut(item: Header, signed: bool) -> Lut:
    described = read_descriptor(item, "LUTDescriptor", signed)
    if not 8 <= described.bits <= 16:
        raise item.malformed("LUTDescriptor", f"says {described.bits} bits, allowed are 8 to 16")
    entries = read_entries(item, "LUTData", described.entries, described.bits)
    narrow = has_bytes(item, "LUTData", described.entries) or 0 < entries.max() < 256
    if described.bits == 16 and narrow:
        raise item.malformed("LUTDescriptor", "says 16 bits, but the entries of LUT Data have 8")
    return Lut(described.first, tuple(entries.tolist()), described.bits)


def _inverted(header: Header, photometric: str) -> bool:
    if header.items("PresentationLUTSequence"):
        raise header.error(
            "source-unsupported", "a Presentation LUT Sequence, allowed is a shape; convert it"
        )
    inverse = photometric == "MONOCHROME1"
    shape = header.text("PresentationLUTShape")
    expected = "INVERSE" if inverse else "IDENTITY"
    if shape not in (None, expected):
        raise header.malformed(
            "PresentationLUTShape", f"is {shown(shape)}, but the photometric is {photometric}"
        )
    return inverse
