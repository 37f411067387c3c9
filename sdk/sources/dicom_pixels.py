"""DICOM pixel values to grey or RGB, by photometric interpretation (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.errors import SourceError

Converter = Callable[[npt.NDArray[Any], str], npt.NDArray[np.uint8]]
"""From decoded values and their photometric interpretation to grey or RGB."""

_GREY = ("MONOCHROME1", "MONOCHROME2")
# decoders undo the component transform of JPEG 2000, so its frames arrive as RGB
_RGB = ("RGB", "YBR_ICT", "YBR_RCT")
_OWN_LUMA = ("YBR_FULL", "YBR_FULL_422")
_MAX_BITS = 16


def make_converter(dataset: Any, path: str) -> Converter:
    """Prepare the conversion of a file's frames to 8 bits, once for all of them.

    - MONOCHROME1 and 2: rescale and the first window are applied where the file has them, else 8
      bits stay as they are and more are shown over their whole range. MONOCHROME1 is inverted.
    - PALETTE COLOR: looked up.
    - RGB and JPEG 2000's YBR_ICT and YBR_RCT: as decoded.
    - YBR_FULL and YBR_FULL_422: the luma is the grey (full range, BT.601); no way round by RGB.

    Args:
        dataset: the file without its pixels.
        path: for messages.

    Raises:
        SourceError: `source-unsupported` or `source-malformed`.
    """
    interpretation = str(dataset.get("PhotometricInterpretation", ""))
    bits = dataset.get("BitsStored")
    if not isinstance(bits, int) or not 1 <= bits <= _MAX_BITS:
        raise SourceError(
            "source-unsupported",
            f"{path!r}: (0028,0101) Bits Stored is {bits!r}, allowed are 1 to {_MAX_BITS}",
        )
    if interpretation in _GREY:
        return _by_table(_grey_table(dataset, bits, path), _first_value(dataset, bits))
    if interpretation == "PALETTE COLOR":
        return _by_table(_palette_table(dataset, bits, path), 0)
    if interpretation in (*_RGB, *_OWN_LUMA):
        return _colour(bits)
    raise SourceError(
        "source-unsupported",
        f"{path!r}: (0028,0004) Photometric Interpretation is {interpretation!r}, allowed are "
        f"{', '.join((*_GREY, 'PALETTE COLOR', *_RGB, *_OWN_LUMA))}",
    )


def _colour(bits: int) -> Converter:
    def convert(values: npt.NDArray[Any], interpretation: str) -> npt.NDArray[np.uint8]:
        samples = values[..., 0] if interpretation in _OWN_LUMA else values
        return _to_8_bits(samples, bits)

    return convert


def _by_table(table: npt.NDArray[np.uint8], first_value: int) -> Converter:
    def convert(values: npt.NDArray[Any], interpretation: str) -> npt.NDArray[np.uint8]:
        del interpretation
        index = np.clip(values.astype(np.int64) - first_value, 0, len(table) - 1)
        looked_up: npt.NDArray[np.uint8] = np.take(table, index, axis=0)
        return looked_up

    return convert


def _first_value(dataset: Any, bits: int) -> int:
    return -(1 << (bits - 1)) if dataset.get("PixelRepresentation") == 1 else 0


def _to_8_bits(values: npt.NDArray[Any], bits: int) -> npt.NDArray[np.uint8]:
    if bits == 8:
        return values.astype(np.uint8)
    top = (1 << bits) - 1
    return ((values.astype(np.int64) * 255 + top // 2) // top).clip(0, 255).astype(np.uint8)


def _grey_table(dataset: Any, bits: int, path: str) -> npt.NDArray[np.uint8]:
    """Map every value that can be stored to a grey level."""
    first = _first_value(dataset, bits)
    stored = np.arange(first, first + (1 << bits), dtype=np.int64)
    if "ModalityLUTSequence" in dataset or "VOILUTSequence" in dataset:
        raise SourceError(
            "source-unsupported",
            f"{path!r}: a Modality or VOI LUT Sequence, allowed are rescale and window; convert it",
        )
    slope = _float(dataset.get("RescaleSlope"), 1.0)
    levels = stored * slope + _float(dataset.get("RescaleIntercept"), 0.0)
    if not np.isfinite(levels).all():
        raise SourceError(
            "source-malformed", f"{path!r}: (0028,1053) Rescale Slope is {slope}, not finite"
        )
    window = _window(dataset)
    if window is not None:
        shown = _apply_window(levels, *window, str(dataset.get("VOILUTFunction", "LINEAR")), path)
        grey: npt.NDArray[np.uint8] = np.rint(shown * 255).astype(np.uint8)
    else:
        grey = _to_8_bits(stored - first, bits)
    return 255 - grey if _is_inverted(dataset) else grey


def _is_inverted(dataset: Any) -> bool:
    return bool(dataset.get("PhotometricInterpretation") == "MONOCHROME1")


def _window(dataset: Any) -> tuple[float, float] | None:
    """Return (center, width) of the first window."""
    center, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if center is None or width is None:
        return None
    values = [item[0] if hasattr(item, "__getitem__") else item for item in (center, width)]
    return float(values[0]), float(values[1])


def _apply_window(
    levels: npt.NDArray[np.floating[Any]], center: float, width: float, function: str, path: str
) -> npt.NDArray[np.floating[Any]]:
    """Return levels in [0, 1], as PS3.3 C.11.2.1.2 and C.11.2.1.3 define."""
    least = 1.0 if function == "LINEAR" else 1e-9
    if not width >= least or not np.isfinite([center, width]).all():
        raise SourceError(
            "source-malformed",
            f"{path!r}: (0028,1051) Window Width is {width}, it must be at least {least}",
        )
    if function == "LINEAR":
        # a width of 1 is a threshold: a divisor this small makes one, without dividing by 0
        shown = (levels - (center - 0.5)) / max(width - 1, 1e-9) + 0.5
    elif function == "LINEAR_EXACT":
        shown = (levels - center) / width + 0.5
    elif function == "SIGMOID":
        shown = 1.0 / (1.0 + np.exp(np.clip(-4 * (levels - center) / width, -700, 700)))
    else:
        raise _unknown_function(function, path)
    return shown.clip(0.0, 1.0)


def _unknown_function(function: str, path: str) -> SourceError:
    return SourceError(
        "source-unsupported",
        f"{path!r}: (0028,1056) VOI LUT Function is {function!r}, "
        "allowed are LINEAR, LINEAR_EXACT and SIGMOID",
    )


def _palette_table(dataset: Any, bits: int, path: str) -> npt.NDArray[np.uint8]:
    """Map every index to RGB, by pydicom's reading of the lookup tables."""
    from pydicom.pixels.processing import apply_color_lut

    try:
        indices = np.arange(1 << bits, dtype=np.uint16)
        table = apply_color_lut(indices, dataset)
    except Exception as error:
        raise SourceError(
            "source-malformed", f"{path!r}: the colour lookup tables cannot be read: {error}"
        ) from error
    # tables of 16-bit entries hold the level in the high byte (PS3.3 C.7.6.3.1.6)
    return table.astype(np.uint8) if table.dtype == np.uint8 else (table >> 8).astype(np.uint8)


def _float(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default
