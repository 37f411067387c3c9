"""What frames show, as grey levels from 0 to 255, without the kernel."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from sdk import Frame, SdkError, sources


def levels(frame: Frame) -> np.ndarray:
    """Grey levels (height, width) or (height, width, 3) of a frame of `sdk.sources`."""
    pixels = np.asarray(frame._data).astype(np.float64)
    if frame.format == "GRAY16":
        low, high = frame._key.window
        return (pixels - low) * (255 / (high - low))
    return pixels


def read(source: bytes | Path | str) -> list[np.ndarray] | str:
    """Grey levels of every frame, or the slug of the error."""
    try:
        found = io.BytesIO(source) if isinstance(source, bytes) else source
        return [levels(frame) for frame, _ in sources.open(found)]  # type: ignore[arg-type]
    except SdkError as error:
        return error.slug


def furthest(shown: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference; a grey picture may be told as three equal channels."""
    if shown.ndim == 3 and wanted.ndim == 2:
        wanted = np.repeat(wanted[..., None], 3, axis=2)
    if shown.ndim == 2 and wanted.ndim == 3:
        shown = np.repeat(shown[..., None], 3, axis=2)
    if shown.shape != wanted.shape:
        return float("inf")
    return float(np.abs(shown - wanted).max())
