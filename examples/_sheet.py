"""Draw what a student says about frames: a sheet of tiles, with title, legend and credit."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

import sdk
from sdk.preprocess import Preprocessing

INK, QUIET, PAPER, GLOW = "#22272e", "#59636e", "#ffffff", (255, 196, 0)
MARGIN, GAP = 24, 16


class Outcome(Enum):
    """What an answer is worth: a word and a colour, told apart by any eye, beside a drawn mark."""

    RIGHT = ("right", "#0072b2")
    WITHHELD = ("withheld", "#6b7280")
    WRONG = ("wrong", "#d55e00")

    @property
    def word(self) -> str:
        return self.value[0]

    @property
    def colour(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class Shown:
    """One frame, where it comes from (a word, and a heading) and what it truly shows."""

    source: str
    section: str
    truth: str
    frame: sdk.Frame
    credit: str

    def outcome(self, result: sdk.Result) -> Outcome:
        if result.label is None:
            return Outcome.WITHHELD
        return Outcome.RIGHT if result.label == self.truth else Outcome.WRONG


Answer = tuple[Shown, sdk.Result]


def told(result: sdk.Result) -> str:
    """Say what the student answered, in a few words."""
    if result.label is not None:
        return f"{result.label} {result.confidence:.0%}"
    if result.probabilities is None:
        return result.reasons[0]
    likeliest = max(result.probabilities, key=result.probabilities.__getitem__)
    return f"{likeliest} {result.confidence:.0%}?"


def counts(answers: list[Answer]) -> str:
    """Count the outcomes."""
    number = Counter(shown.outcome(result) for shown, result in answers)
    return ", ".join(f"{number[outcome]} {outcome.word}" for outcome in Outcome)


def save_sheet(
    path: Path, title: str, notes: list[str], answers: list[Answer], recipe: Preprocessing
) -> None:
    """Draw the answers and write them as PNG, with title and credit in its metadata too.

    Args:
        path: of the PNG file.
        title: its first line.
        notes: lines below the title.
        answers: frames and results; those of one section stand together under its name.
        recipe: the student's, which says what it saw of each frame.
    """
    credits = "; ".join(dict.fromkeys(shown.credit for shown, _ in answers))
    credit = f"Credit: {credits}. Frames are reduced in size; colours are added."
    sections: dict[str, list[Answer]] = {}
    for shown, result in answers:
        sections.setdefault(shown.section, []).append((shown, result))
    columns = 6 if len(answers) > 12 else 4
    tiles = {name: [tile(*a, recipe) for a in answers] for name, answers in sections.items()}
    head = len(notes) * 22 + 84
    width = 2 * MARGIN + columns * (recipe.width + GAP) - GAP
    credit_lines = _wrapped(credit, width - 2 * MARGIN, 13)
    height = head + 20 * len(credit_lines) + MARGIN
    for pictures in tiles.values():
        height += 34 + -(-len(pictures) // columns) * (pictures[0].height + GAP)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, 18), title, fill=INK, font=_font(24))
    for index, note in enumerate(notes):
        draw.text((MARGIN, 52 + 22 * index), note, fill=QUIET, font=_font(15))
    _legend(draw, head - 30)
    top = head
    for name, pictures in tiles.items():
        draw.text((MARGIN, top + 6), name, fill=INK, font=_font(17))
        top += 34
        for index, picture in enumerate(pictures):
            row, column = divmod(index, columns)
            left = MARGIN + column * (picture.width + GAP)
            sheet.paste(picture, (left, top + row * (picture.height + GAP)))
        top += -(-len(pictures) // columns) * (pictures[0].height + GAP)
    for index, line in enumerate(credit_lines):
        draw.text((MARGIN, top + 4 + 20 * index), line, fill=QUIET, font=_font(13))
    _write(sheet, path, title, credit)


def tile(shown: Shown, result: sdk.Result, recipe: Preprocessing) -> Image.Image:
    """Draw what the student saw of one frame, where it looked, and what it answered."""
    outcome = shown.outcome(result)
    picture = Image.new("RGB", (recipe.width, recipe.height + 46), PAPER)
    picture.paste(_seen(shown.frame, result, recipe), (0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, recipe.width - 1, recipe.height - 1), outline=outcome.colour, width=4)
    _mark(draw, (2, recipe.height + 6), outcome)
    draw.text((22, recipe.height + 3), told(result), fill=outcome.colour, font=_font(16))
    draw.text((22, recipe.height + 23), f"truth: {shown.truth}", fill=QUIET, font=_font(14))
    milliseconds = f"{result.timing.total_us / 1000:.1f} ms"
    place = (recipe.width - 2, recipe.height + 23)
    draw.text(place, milliseconds, fill=QUIET, font=_font(14), anchor="ra")
    return picture


def _seen(frame: sdk.Frame, result: sdk.Result, recipe: Preprocessing) -> Image.Image:
    """Return the student's own input as a picture, aglow where it looked."""
    grey = (recipe.tensor(frame)[0, 0] * recipe.std + recipe.mean).clip(0, 1) * 255
    seen = Image.fromarray(grey.astype("uint8")).convert("RGB")
    if result.attention is None:
        return seen
    small = Image.fromarray(result.attention / result.attention.max() * np.float32(150))
    fine = small.resize(seen.size, Image.Resampling.BICUBIC)
    strength = Image.fromarray(np.asarray(fine).clip(0, 150).astype("uint8"))
    return Image.composite(Image.new("RGB", seen.size, GLOW), seen, strength)


def _legend(draw: ImageDraw.ImageDraw, top: int) -> None:
    left = MARGIN
    for outcome in Outcome:
        _mark(draw, (left, top + 2), outcome)
        draw.text((left + 20, top - 1), outcome.word, fill=outcome.colour, font=_font(15))
        left += 44 + round(draw.textlength(outcome.word, _font(15)))
    draw.rectangle((left, top + 2, left + 14, top + 16), fill=GLOW)
    draw.text((left + 22, top - 1), "where it looked", fill=QUIET, font=_font(15))


def _mark(draw: ImageDraw.ImageDraw, place: tuple[int, int], outcome: Outcome) -> None:
    """Draw a tick, a bar or a cross of 14 x 14 pixels: the built-in font has none."""
    x, y = place
    strokes = {
        Outcome.RIGHT: [[(x, y + 8), (x + 5, y + 13), (x + 14, y + 2)]],
        Outcome.WITHHELD: [[(x, y + 8), (x + 14, y + 8)]],
        Outcome.WRONG: [[(x + 1, y + 1), (x + 13, y + 13)], [(x + 13, y + 1), (x + 1, y + 13)]],
    }
    for stroke in strokes[outcome]:
        draw.line(stroke, fill=outcome.colour, width=3, joint="curve")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _wrapped(text: str, width: int, size: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font(size).getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _write(sheet: Image.Image, path: Path, title: str, credit: str) -> None:
    about = PngInfo()
    about.add_text("Title", title)
    about.add_text("Copyright", credit)
    path.parent.mkdir(parents=True, exist_ok=True)
    # a photograph as PNG is large: fewer colours, and the eye sees the same
    sheet.quantize(200, Image.Quantize.MAXCOVERAGE).save(path, optimize=True, pnginfo=about)
