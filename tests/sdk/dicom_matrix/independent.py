"""Independent decoders: dcmtk's programs, and GDCM in a process of its own (it may abort)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.sdk.dicom_matrix.cells import Cell

# Debian package -> programs. `.ci/run` installs them.
PROGRAMS = ("dcm2pnm", "dcmj2pnm", "dcml2pnm", "dcmconv", "dcmcjpeg", "dcmdjpeg", "dcmcjpls")
PROGRAMS += ("dcmcrle", "img2dcm", "dcmodify")
# programs that write a native file anew, without loss
LOSSLESS = {
    "implicit": ("dcmconv", "+ti"),
    "big-endian": ("dcmconv", "+tb"),
    "deflated": ("dcmconv", "+td"),
    "undefined lengths": ("dcmconv", "+te", "-e"),
    "rle": ("dcmcrle",),
    "jpeg-lossless-sv1": ("dcmcjpeg", "+e1"),
    "jpeg-lossless-6": ("dcmcjpeg", "+el", "+sv", "6"),
    "jpeg-ls": ("dcmcjpls", "+el"),
    "jpeg-ls by line": ("dcmcjpls", "+il"),
    "jpeg-ls by plane": ("dcmcjpls", "+in"),
}
_LUMA = np.array([0.299, 0.587, 0.114])
_SECONDS = 20


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=_SECONDS,
    )


def dcmtk_shows(cell: Cell) -> bool:
    """Whether dcmtk 3.6.7 can show a cell; it knows no functional groups and no LINEAR_EXACT."""
    if cell.syntax in ("jpeg-2000", "deflated-frames") or cell.display == "exact":
        return False
    if cell.bits[0] == 1 or (cell.bits[1] > 16 and "rescale" in cell.display):
        return False  # it takes 1 bit to be a mask, and rescales within 32 bits
    if cell.display in ("rescale", "falling-rescale"):
        return False  # without a window the standard names no range to show; its own is wider
    if cell.syntax.startswith("jpeg") and cell.bits[0] == 16 and cell.photometric == "YBR_FULL":
        return False  # its colours aren't those that were written
    if cell.palette in ("segmented", "words-8"):
        return False  # it has no segments, and takes entries of 8 bits to be packed
    return cell.place in ("top", "top-and-shared")


def dcmtk_levels(cell: Cell, path: Path, folder: Path) -> list[np.ndarray] | None:
    """The frames as dcmtk renders them, grey or RGB of 8 bits; None when it refuses the file."""
    program = {"jpeg-ls": "dcml2pnm"}.get(cell.syntax, "dcm2pnm")
    if cell.syntax.startswith("jpeg-lossless"):
        program = "dcmj2pnm"
    view = ["-W"]
    if "window" in cell.display or cell.display == "sigmoid":
        view = ["+Wi", "1"]
    elif "voi-lut" in cell.display:
        view = ["+Wl", "1"]
    for old in folder.glob("shown*"):
        old.unlink()
    done = run(program, "-O", *view, "+Fa", path, folder / "shown")
    shown = sorted(folder.glob("shown.*"), key=lambda p: int(p.name.split(".")[1]))
    if done.returncode or len(shown) != cell.frames:
        return None
    return [np.asarray(Image.open(picture)).astype(np.int64) for picture in shown]


def tolerance(cell: Cell) -> float:
    """How far dcmtk's levels may lie from ours: rounding, RGB on the way, and its narrow whites."""
    # its white of a sample of 5 bits without a window is 31 * 8
    narrow = 2.0 ** max(0, 8 - cell.bits[1]) if cell.display == "none" else 1.0
    return narrow + 2.0 if cell.photometric.startswith("YBR") else narrow


def as_grey(levels: np.ndarray) -> np.ndarray:
    """The luma of an RGB rendering (full range, BT.601), or a grey one as it is."""
    return levels if levels.ndim == 2 else levels @ _LUMA


_GDCM = """
import sys, gdcm
reader = gdcm.ImageReader()
reader.SetFileName(sys.argv[1])
if not reader.Read():
    sys.exit(3)
image = reader.GetImage()
text = image.GetBuffer()
if text is None:
    sys.exit(3)
sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
"""


def gdcm_reads(cell: Cell) -> bool:
    """Whether GDCM can read a cell's samples: it moves those that don't end at bit 0 itself."""
    allocated, stored, high = cell.bits
    plain = allocated in (8, 16) and high == stored - 1 and not cell.junk
    whole = cell.photometric != "PALETTE COLOR" and not cell.photometric.startswith("YBR")
    return plain and whole and cell.syntax != "deflated-frames"


def gdcm_samples(cell: Cell, path: Path) -> np.ndarray | None:
    """Sample values (frames, rows, columns[, 3]) as GDCM reads them; None when it refuses."""
    done = subprocess.run(
        [sys.executable, "-c", _GDCM, str(path)], capture_output=True, check=False, timeout=_SECONDS
    )
    allocated, stored, _ = cell.bits
    columns, rows = cell.size
    samples = 1 if cell.photometric in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR") else 3
    count = cell.frames * rows * columns * samples
    data = done.stdout
    if done.returncode or len(data) < count * allocated // 8:
        return None
    flat = np.frombuffer(data, f"<u{allocated // 8}")[:count].astype(np.int64)
    values = flat & (2**stored - 1)
    if cell.signed:
        values = (values ^ (1 << (stored - 1))) - (1 << (stored - 1))
    if samples == 1:
        return values.reshape(cell.frames, rows, columns)
    if cell.planar and not cell.syntax.startswith("jpeg"):
        return values.reshape(cell.frames, 3, rows, columns).transpose(0, 2, 3, 1)
    return values.reshape(cell.frames, rows, columns, 3)
