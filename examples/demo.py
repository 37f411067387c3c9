"""What `make demo` runs: classify frames and draw a sheet of what came out.

Real fetal frames are shown where the data set is: of validation patients, which the student never
trained on. The ultrasound DICOM files inside pydicom's own package (not fetal: no label on them can
be right) and a procedural, synthetic phantom are shown everywhere.

Usage: ``python examples/demo.py [-o DIRECTORY] [--few]``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from _sheet import Answer, Outcome, Shown, counts, save_sheet, told
from rich.console import Console
from rich.progress import track
from rich.table import Table

import sdk
from export.data.dataset import LABELS, find_data_root, load_records
from export.data.phantom import phantom_frame
from export.model_card.sheets import SHOWABLE
from sdk import sources

PER_LABEL = 6
HELD_OUT = "Fetal frames of validation patients: not trained on, but thresholds were chosen on them"
NOT_FETAL = "Real ultrasound, not fetal: no label can be right"
SYNTHETIC = "Synthetic phantoms: drawn, and no measure of how good the student is"
STYLES = {Outcome.RIGHT: "blue", Outcome.WITHHELD: "dim", Outcome.WRONG: "bold red"}
MARKS = {Outcome.RIGHT: "✓", Outcome.WITHHELD: "–", Outcome.WRONG: "✗"}
# two name a region that reaches beyond their frame, and are refused without one that is given
PYDICOM_ULTRASOUND = {
    "examples_jpeg2k.dcm": None,
    "examples_palette.dcm": sdk.Region.rectangle(120, 60, 680, 290),
    "examples_rgb_color.dcm": None,
    "examples_ybr_color.dcm": sdk.Region.rectangle(0, 0, 320, 240),
}


def real_frames(root: Path, per_label: int | None = PER_LABEL) -> Iterator[Shown]:
    """Read frames of patients held out of training, the same number for each label."""
    held_out = [r for r in load_records(root) if r.split == "val" and r.dataset != "not_fetal"]
    for label in LABELS:
        for record in [r for r in held_out if r.label == label][:per_label]:
            frame, _ = next(iter(sources.open(record.path)))
            credit = SHOWABLE.get(record.dataset, record.licence)
            yield Shown("held out", HELD_OUT, label, frame, f"{record.dataset}: {credit}")


def dicom_frames() -> Iterator[Shown]:
    """Read the real ultrasound files that pydicom's wheel carries; none of them is fetal."""
    from pydicom.data import get_testdata_file

    for name, region in PYDICOM_ULTRASOUND.items():
        path = get_testdata_file(name, download=False)
        if path:
            frame, _ = next(iter(sources.open(str(path), region=region)))
            yield Shown(
                "not fetal", NOT_FETAL, "none of them", frame, "not fetal: test files of pydicom"
            )


def phantom_frames() -> Iterator[Shown]:
    """Draw a few synthetic frames."""
    for label in LABELS:
        for seed in (11, 24):
            pixels = phantom_frame(label, seed=seed).pixels
            frame = sdk.Frame.from_array(pixels)
            yield Shown("phantom", SYNTHETIC, label, frame, "phantoms: drawn by sonogaze")


def few_of(answers: list[Answer]) -> list[Answer]:
    """Choose eight answers that show each outcome: right ones of every label, withheld, wrong."""
    by_outcome: dict[Outcome, list[Answer]] = {outcome: [] for outcome in Outcome}
    for shown, result in answers:
        by_outcome[shown.outcome(result)].append((shown, result))
    right = [next((a for a in by_outcome[Outcome.RIGHT] if a[0].truth == x), None) for x in LABELS]
    others = by_outcome[Outcome.WITHHELD][:3] + by_outcome[Outcome.WRONG][:1]
    return [answer for answer in right if answer] + others


def table_of(answers: list[Answer], title: str) -> Table:
    """List every answer."""
    table = Table("", "frame", "truth", "student", "decision", "ms", title=title)
    for shown, result in answers:
        outcome = shown.outcome(result)
        mark = f"[{STYLES[outcome]}]{MARKS[outcome]} {outcome.word}[/]"
        milliseconds = f"{result.timing.total_us / 1000:.2f}"
        decision = ": ".join((result.decision, ", ".join(result.reasons))).removesuffix(": ")
        table.add_row(mark, shown.source, shown.truth, told(result), decision, milliseconds)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("out"))
    parser.add_argument("--few", action="store_true", help="eight frames, chosen for each outcome")
    options = parser.parse_args()
    root, console, classifier = find_data_root(), Console(), sdk.Classifier()
    frames = list(real_frames(root, None if options.few else PER_LABEL)) if root else []
    if not (options.few and frames):
        frames += [*dicom_frames(), *phantom_frames()]
    answers = [
        (shown, classifier.classify(shown.frame))
        for shown in track(frames, "classifying", console=console)
    ]
    notes = [f"student {classifier.model_id}", f"{len(answers)} frames: {counts(answers)}"]
    if options.few:
        answers = few_of(answers)
        notes[1] += f"; {len(answers)} chosen to show each outcome"
    if root is None:
        notes.append("No data set was found: no fetal frame is shown (see README).")
    console.print(table_of(answers, classifier.model_id))
    console.print("\n".join(notes))
    sheet = options.out / "demo.png"
    title = "sonogaze: the student's answer to each frame"
    save_sheet(sheet, title, notes, answers, classifier.metadata.preprocessing)
    console.print(f"sheet: {sheet}")


if __name__ == "__main__":
    main()
