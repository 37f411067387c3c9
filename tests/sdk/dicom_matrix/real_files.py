"""The files of pydicom's wheel: frames or a typed error, and held against independent decoders.

`python -m tests.sdk.dicom_matrix.real_files -o RESULT.json`, from the project's root.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.data
from PIL import Image

from sdk import Region, sources
from sdk.errors import SdkError
from tests.sdk.dicom_matrix import independent

FOLDER = Path(pydicom.data.__file__).parent
# a pixel of RGB or of lossy JPEG may be rounded twice on dcmtk's way to the screen
_MOST = 2.0


def files() -> list[Path]:
    return sorted(path for path in FOLDER.rglob("*.dcm"))


def read(path: Path) -> list[np.ndarray] | str:
    """The frames, or the slug; a file whose region is refused is read with one that is given."""
    try:
        return [np.asarray(frame._data).astype(np.int64) for frame, _ in sources.open(path)]
    except SdkError as error:
        if error.slug != "region-outside":
            return error.slug
    given = Region.rectangle(0, 0, 1, 1)
    return [np.asarray(f._data).astype(np.int64) for f, _ in sources.open(path, region=given)]


def dcmtk(path: Path, folder: Path) -> tuple[list[np.ndarray] | None, str]:
    """The frames as dcmtk renders them, and by which program."""
    dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID"))
    luma_first = str(dataset.get("PhotometricInterpretation")).startswith("YBR")
    if luma_first and syntax.startswith("1.2.840.10008.1.2.4.5"):
        plain = folder / "plain.dcm"
        if not independent.run("dcmdjpeg", "+cn", path, plain).returncode:
            # the luma itself: the way round by RGB clips what RGB cannot hold
            values = pydicom.dcmread(plain)
            frames = np.frombuffer(values.PixelData, np.uint8).astype(np.int64)
            rows, columns, count = values.Rows, values.Columns, int(values.get("NumberOfFrames", 1))
            shape = (count, -1, 3) if values.PlanarConfiguration == 0 else (count, 3, -1)
            pixels = frames[: count * rows * columns * 3].reshape(shape)
            luma = pixels[:, :, 0] if values.PlanarConfiguration == 0 else pixels[:, 0]
            return [*luma.reshape(count, rows, columns)], "dcmdjpeg"
    view = ["+Wi", "1"] if "WindowCenter" in dataset and dataset.WindowCenter != "" else ["-W"]
    for program in ("dcm2pnm", "dcmj2pnm", "dcml2pnm"):
        for old in folder.glob("shown*"):
            old.unlink()
        done = independent.run(program, "-O", *view, "+Fa", path, folder / "shown")
        shown = sorted(folder.glob("shown.*"), key=lambda p: int(p.name.split(".")[1]))
        if shown and not done.returncode:
            return [np.asarray(Image.open(one)).astype(np.int64) for one in shown], program
    return None, ""


def pixel_array(path: Path) -> np.ndarray | None:
    """pydicom's reading of 8-bit pixels, for syntaxes that dcmtk doesn't know."""
    try:
        dataset = pydicom.dcmread(path)
        values = dataset.pixel_array
    except (AttributeError, ValueError, NotImplementedError, RuntimeError, TypeError, KeyError):
        return None
    return values.astype(np.int64) if values.dtype == np.uint8 else None


def row(path: Path, folder: Path) -> dict[str, Any]:
    """What became of one file."""
    ours = read(path)
    found: dict[str, Any] = {"file": path.name}
    if isinstance(ours, str):
        return found | {"outcome": ours}
    found |= {"outcome": f"{len(ours)} frame(s)"}
    theirs, by = dcmtk(path, folder)
    if theirs is None:
        values = pixel_array(path)
        if values is not None and values.shape == ours[0].shape:
            theirs, by = [values], "pydicom"
    if theirs is None or len(theirs) != len(ours):
        return found | {"independent": "none reads it"}
    if ours[0].ndim == 2:
        theirs = [independent.as_grey(levels) for levels in theirs]
    worst = max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True))
    return found | {"independent": by, "largest difference": round(float(worst), 2)}


def table() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [row(path, Path(name)) for path in files()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path, required=True)
    output = parser.parse_args().output
    rows = table()
    record = {
        "what": "the DICOM files of pydicom's wheel; levels of 0 to 255",
        "command": "python -m tests.sdk.dicom_matrix.real_files",
        "pydicom": pydicom.__version__,
        "dcmtk": independent.run("dcm2pnm", "--version").stdout.splitlines()[:1],
        "files": rows,
    }
    output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for one in rows:
        print(*one.values())


if __name__ == "__main__":
    main()
