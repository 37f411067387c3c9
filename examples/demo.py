"""What `make demo` runs: classify frames and draw a contact sheet of what came out.

Real fetal frames are shown where the data set is (patients the student never learned from);
elsewhere the ultrasound DICOM files inside pydicom's own package (not fetal: no label on them
can be right) and a procedural, synthetic phantom.

Usage: ``python examples/demo.py [-o DIRECTORY]``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from rich.console import Console
from rich.progress import track
from rich.table import Table

import sdk
from export.data.dataset import LABELS, find_data_root, load_records
from export.data.phantom import phantom_frame
from sdk import sources
from sdk.preprocess import Preprocessing

Shown = tuple[str, sdk.Frame]  # a caption, and the frame
TILE = (240, 200)
PER_LABEL = 6
# two name a region that reaches beyond their frame, and are refused without one that is given
PYDICOM_ULTRASOUND = {
    "examples_jpeg2k.dcm": None,
    "examples_palette.dcm": sdk.Region.rectangle(120, 60, 680, 290),
    "examples_rgb_color.dcm": None,
    "examples_ybr_color.dcm": sdk.Region.rectangle(0, 0, 320, 240),
}


def real_frames(root: Path) -> Iterator[Shown]:
    """Read frames of patients held out of training, the same number for each label."""
    held_out = [r for r in load_records(root) if r.split == "val"]
    for label in LABELS:
        for record in [r for r in held_out if r.label == label][:PER_LABEL]:
            frame, _ = next(iter(sources.open(record.path)))
            yield f"expert: {label}", frame


def dicom_frames() -> Iterator[Shown]:
    """Read the real ultrasound files that pydicom's wheel carries; none of them is fetal."""
    from pydicom.data import get_testdata_file

    for name, region in PYDICOM_ULTRASOUND.items():
        path = get_testdata_file(name, download=False)
        if path:
            frame, _ = next(iter(sources.open(str(path), region=region)))
            yield "real, not fetal", frame


def phantom_frames() -> Iterator[Shown]:
    """Draw a few synthetic frames."""
    for label in LABELS:
        for seed in (1, 2):
            pixels = phantom_frame(label, seed=seed).pixels
            yield f"synthetic {label}", sdk.Frame.from_array(pixels)


def tile(frame: sdk.Frame, caption: str, result: sdk.Result, recipe: Preprocessing) -> Image.Image:
    """Draw one picture of the sheet: what the student saw of the frame, and what it said."""
    grey = (recipe.tensor(frame)[0, 0] * recipe.std + recipe.mean).clip(0, 1) * 255
    picture = Image.new("RGB", TILE, (24, 26, 30))
    seen = Image.fromarray(grey.astype("uint8"))
    picture.paste(seen, ((TILE[0] - seen.width) // 2, 4))
    draw = ImageDraw.Draw(picture)
    said = result.label or result.decision.value
    right = caption.endswith(said)
    fetal = caption.startswith("expert")
    colour = (120, 220, 140) if right else (240, 130, 110) if fetal else (220, 220, 220)
    draw.text((8, 152), caption, fill=(170, 175, 185))
    draw.text((8, 166), f"student: {said} {result.confidence:.0%}", fill=colour)
    draw.text((8, 180), f"{result.timing.total_us / 1000:.2f} ms", fill=(170, 175, 185))
    return picture


def contact_sheet(tiles: list[Image.Image], columns: int) -> Image.Image:
    """Lay the tiles out in rows."""
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * TILE[0], rows * TILE[1]), (24, 26, 30))
    for index, picture in enumerate(tiles):
        sheet.paste(picture, (index % columns * TILE[0], index // columns * TILE[1]))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("out"))
    out = parser.parse_args().out
    root = find_data_root()
    shown = [*(real_frames(root) if root else []), *dicom_frames(), *phantom_frames()]
    console, classifier, tiles = Console(), sdk.Classifier(), []
    table = Table("frame", "decision", "label", "confidence", "ms", title=classifier.model_id)
    for caption, frame in track(shown, "classifying", console=console):
        result = classifier.classify(frame)
        tiles.append(tile(frame, caption, result, classifier.metadata.preprocessing))
        milliseconds = f"{result.timing.total_us / 1000:.2f}"
        confidence = f"{result.confidence:.0%}"
        table.add_row(caption, result.decision, result.label or "-", confidence, milliseconds)
    console.print(table)
    out.mkdir(parents=True, exist_ok=True)
    contact_sheet(tiles, PER_LABEL).save(out / "demo.png")
    if root is None:
        console.print("No data set was found: no fetal frame is shown (see README).")
    console.print(f"contact sheet: {out / 'demo.png'}")


if __name__ == "__main__":
    main()
