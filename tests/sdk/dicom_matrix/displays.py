"""Ways to say how grey values are shown, and the places of a header where they may stand."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

DISPLAYS = (
    "none", "window", "rescale-window", "falling-rescale", "rescale", "exact", "sigmoid",
    "windows", "narrow-window", "modality-lut", "voi-lut", "modality-lut-voi-lut",
    "modality-lut-window", "rescale-voi-lut", "window-voi-lut", "voi-lut-8",
)  # fmt: skip
PLACES = ("top", "shared", "per-frame", "per-frame-varied", "top-and-shared", "split")


def display(
    name: str, stored: int, signed: bool, rng: np.random.Generator, turn: int
) -> dict[str, Any]:
    """The parameters of a display for samples of `stored` bits; `turn` varies them by frame."""
    span, low = 2**stored, -(2 ** (stored - 1)) if signed else 0
    center, width = low + span / 2 + turn, max(2.0, span / 2 - turn)
    # tables begin and end within what can be stored, so that both ends are clipped
    count, first = min(span, 300), low + min(3, span // 4)
    how: dict[str, Any] = {}
    if "modality-lut" in name:
        how["modality_lut"] = (first, rng.integers(0, 2**12, count).tolist(), 12)
        center, width, first, count = 2000.0 + turn, 1500.0, 100, 300
    if "rescale" in name:
        how |= {"slope": -0.5 if "falling" in name else 2.0, "intercept": -4.0 + turn}
        center, width = center * how["slope"] + how["intercept"], max(2.0, width)
        first = max(-(2**15), 2 * low - 2)
    if "window" in name or name in ("exact", "sigmoid"):
        how["window"] = (center, 1.0 if name == "narrow-window" else width)
    if name in ("exact", "sigmoid"):
        how["function"] = "LINEAR_EXACT" if name == "exact" else "SIGMOID"
    if "voi-lut" in name:
        bits = 8 if name == "voi-lut-8" else 14
        entries = rng.integers(0, 2**bits, count)
        entries[0] = 2**bits - 1
        how["voi_lut"] = (first, entries.tolist(), bits)
    if name == "windows":
        how["more"] = (center + 5, width / 2)
    return how


def _table(lut: tuple[int, list[int], int], signed: bool, order: str) -> Dataset:
    first, entries, bits = lut
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [len(entries), first, bits])
    if bits == 8:
        packed = bytes(entries) + b"\0" * (len(entries) % 2)
        data = np.frombuffer(packed, "<u2").astype(f"{order}u2").tobytes()
    else:
        data = np.array(entries, f"{order}u2").tobytes()
    item.add_new(0x00283006, "OW", data)
    return item


def _modality(target: Dataset, how: dict[str, Any], signed: bool, order: str) -> None:
    if "slope" in how:
        target.RescaleSlope, target.RescaleIntercept = how["slope"], how["intercept"]
        target.RescaleType = "US"
    if "modality_lut" in how:
        target.ModalityLUTSequence = Sequence([_table(how["modality_lut"], signed, order)])


def _voi(target: Dataset, how: dict[str, Any], signed: bool, order: str) -> None:
    if "window" in how:
        center, width = how["window"]
        more = how.get("more")
        target.WindowCenter = [center, more[0]] if more else center
        target.WindowWidth = [width, more[1]] if more else width
        if "function" in how:
            target.VOILUTFunction = how["function"]
    if "voi_lut" in how:
        negative = (signed and "modality_lut" not in how) or "slope" in how
        target.VOILUTSequence = Sequence([_table(how["voi_lut"], negative, order)])


def _group(hows: list[dict[str, Any]], signed: bool, order: str) -> Sequence:
    groups = []
    for how in hows:
        group, modality, voi = Dataset(), Dataset(), Dataset()
        _modality(modality, how, signed, order)
        _voi(voi, how, signed, order)
        if len(modality):
            group.PixelValueTransformationSequence = Sequence([modality])
        if len(voi):
            group.FrameVOILUTSequence = Sequence([voi])
        groups.append(group)
    return Sequence(groups)


def put(dataset: Dataset, place: str, hows: list[dict], signed: bool, order: str) -> None:
    """Write the displays of a file's frames where `place` says."""
    first = hows[0]
    if place in ("top", "top-and-shared"):
        _modality(dataset, first, signed, order)
        _voi(dataset, first, signed, order)
    if place in ("shared", "top-and-shared"):
        dataset.SharedFunctionalGroupsSequence = _group([first], signed, order)
    if place in ("per-frame", "per-frame-varied"):
        dataset.PerFrameFunctionalGroupsSequence = _group(hows, signed, order)
    if place == "split":  # the transformation for all, the window for each
        modality = {
            key: first[key] for key in first if key in ("slope", "intercept", "modality_lut")
        }
        rest = {key: first[key] for key in first if key not in modality}
        negative = signed if not modality else "slope" in modality
        dataset.SharedFunctionalGroupsSequence = _group([modality], signed, order)
        frames = _group([rest] * len(hows), negative, order)
        dataset.PerFrameFunctionalGroupsSequence = frames
