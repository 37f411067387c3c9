"""Read a cell's file and hold it against what it must be."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom

from sdk.errors import SdkError
from sdk.sources.dicom import read_dicom
from tests.sdk.dicom_matrix import codecs, independent
from tests.sdk.dicom_matrix.cells import Cell, Made, build

# half a level, for the reference isn't rounded
ROUNDING = 0.501


def frames_of(data: bytes) -> list[np.ndarray] | str:
    """The pixels of each frame as the reader gives them, or the slug of its refusal."""
    try:
        return [
            np.asarray(frame._data).astype(np.int64)
            for frame, _ in read_dicom(io.BytesIO(data), "cell", None)
        ]
    except SdkError as error:
        return error.slug


def outcome(got: list[np.ndarray] | str, expected: list[np.ndarray], most: float) -> str:
    """`right`, `refused: slug`, or `differs`."""
    if isinstance(got, str):
        return f"refused: {got}"
    if len(got) != len(expected):
        return "differs"
    for ours, theirs in zip(got, expected, strict=True):
        if ours.shape != theirs.shape or np.abs(ours - theirs).max() > most:
            return "differs"
    return "right"


def against_reference(cell: Cell, seed: int) -> str:
    made = build(cell, seed)
    return outcome(frames_of(codecs.saved(made.dataset)), made.expected, ROUNDING)


def against_dcmtk(cell: Cell, seed: int, folder: Path) -> str:
    data = codecs.saved(build(cell, seed).dataset)
    path = folder / "cell.dcm"
    path.write_bytes(data)
    theirs = independent.dcmtk_levels(cell, path, folder)
    if theirs is None:
        return "dcmtk refuses"
    got = frames_of(data)
    if not isinstance(got, str) and got[0].ndim == 2:
        theirs = [independent.as_grey(levels) for levels in theirs]
    return outcome(got, theirs, independent.tolerance(cell))


def against_gdcm(cell: Cell, seed: int, folder: Path) -> str:
    """Whether GDCM reads the samples that were written, and the reader their levels."""
    made = build(cell, seed)
    data = codecs.saved(made.dataset)
    path = folder / "cell.dcm"
    path.write_bytes(data)
    theirs = independent.gdcm_samples(cell, path)
    if theirs is None:
        return "GDCM refuses"
    if not np.array_equal(theirs, made.samples):
        return "GDCM differs from what was written"
    return outcome(frames_of(data), made.expected, ROUNDING)


def made_by_dcmtk(cell: Cell, seed: int, folder: Path) -> dict[str, str]:
    """The outcome of a native file after each lossless program of dcmtk has written it anew."""
    made = build(cell, seed)
    path, rewritten = folder / "cell.dcm", folder / "made.dcm"
    path.write_bytes(codecs.saved(made.dataset))
    outcomes = {}
    for name, words in independent.LOSSLESS.items():
        if words[0] == "dcmcjpeg" and cell.planar and cell.frames > 1:
            continue  # its own decoder doesn't get such frames back
        if independent.run(*words, path, rewritten).returncode:
            outcomes[name] = "dcmtk refuses"
            continue
        got = frames_of(rewritten.read_bytes())
        outcomes[name] = outcome(got, made.expected, ROUNDING)
    return outcomes


def lossy_by_dcmtk(made: Made, words: tuple[str, ...], folder: Path) -> str:
    """A lossy JPEG by dcmcjpeg, read here and decoded by dcmdjpeg without change of colour."""
    path, squeezed, plain = (folder / f"{name}.dcm" for name in ("cell", "squeezed", "plain"))
    path.write_bytes(codecs.saved(made.dataset))
    assert not independent.run("dcmcjpeg", *words, path, squeezed).returncode
    assert not independent.run("dcmdjpeg", "+cn", squeezed, plain).returncode
    dataset = pydicom.dcmread(plain)
    rows, columns, samples = dataset.Rows, dataset.Columns, dataset.SamplesPerPixel
    values = np.frombuffer(dataset.PixelData, f"<u{dataset.BitsAllocated // 8}")
    values = values[: rows * columns * samples].astype(np.int64)
    luma_first = dataset.PhotometricInterpretation.startswith("YBR")
    if samples == 3 and dataset.PlanarConfiguration:
        pixels = values.reshape(3, rows, columns).transpose(1, 2, 0)
    else:
        pixels = values.reshape(rows, columns, samples)
    theirs = pixels[..., 0] if samples == 1 or luma_first else pixels
    levels = theirs * 255 / (2**dataset.BitsStored - 1)
    # two inverse DCTs may differ by one level
    return outcome(frames_of(squeezed.read_bytes()), [levels], 1.501)
