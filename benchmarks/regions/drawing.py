"""What lies around an image on a screen; every part draws itself into its box of a canvas."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Canvas = NDArray[np.uint8]
Rng = np.random.Generator
Color = tuple[int, int, int]
Box = tuple[int, int, int, int]

_LINES = (
    "FR 27Hz", "MI 1.1  TIs 0.3", "Gn 62", "DR 66", "Tiefe 14,2 cm", "Fréquence 4 MHz",
    "Глубина 12 см", "GA=24w3d", "BPD 6.12 cm", "HC 22.4 cm 24w1d", "Schärfe 3", "Ψηφιακό",
    "2026-03-17 10:42:11", "C5-1 OB", "بعد 10", "Adı Soyadı", "Pwr 100%", "Map D/0", "PRF 1.3k",
    "WF 120", "S/A 3/1", "Einstellung", "AO%  98",
)  # fmt: skip
_FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")


@lru_cache(64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / name), size)


def _write(
    canvas: Canvas, at: tuple[int, int], text: str, size: int, color: Color, font: str
) -> None:
    face = _font(font, size)
    _, _, right, bottom = (int(v) for v in face.getbbox(text))
    tile = Image.new("L", (right + 2, bottom + 2), 0)
    ImageDraw.Draw(tile).text((0, 0), text, fill=255, font=face)
    x, y = at
    patch = canvas[y : y + bottom + 2, x : x + right + 2]
    alpha = np.asarray(tile, np.float32)[: patch.shape[0], : patch.shape[1], None] / 255
    patch[:] = (patch * (1 - alpha) + np.array(color, np.float32) * alpha).astype(np.uint8)


def _ideograms(
    canvas: Canvas, at: tuple[int, int], size: int, count: int, color: Color, rng: Rng
) -> None:
    """Squares of strokes, as CJK text looks from afar; no font for it can be relied on."""
    for i in range(count):
        x, y = at[0] + i * size, at[1]
        for _ in range(7):
            a = rng.integers(1, size - 1, 2)
            b = (
                (int(rng.integers(1, size - 1)), a[1])
                if rng.random() < 0.5
                else (a[0], int(rng.integers(1, size - 1)))
            )
            cv2.line(
                canvas, (x + int(a[0]), y + int(a[1])), (x + int(b[0]), y + int(b[1])), color, 1
            )


def _lines(canvas: Canvas, box: Box, color: Color, rng: Rng) -> None:
    x, y, width, height = box
    size = int(np.clip(canvas.shape[0] * rng.uniform(0.014, 0.024), 10, 40))
    font = str(rng.choice(_FONTS))
    step = int(size * rng.uniform(1.25, 1.9))
    foreign = rng.random() < 0.25
    for top in range(y, y + height - size, step):
        if rng.random() < 0.12:
            continue
        room = canvas[top : top + step, x : x + width]
        if foreign and size < min(room.shape[:2]):
            _ideograms(room, (0, 0), size, min(int(rng.integers(2, 9)), width // size), color, rng)
        else:
            _write(room, (0, 0), str(rng.choice(_LINES)), size, color, font)


def _text(canvas: Canvas, box: Box, rng: Rng) -> None:
    colors = ((230, 230, 230), (240, 200, 60), (120, 210, 240), (160, 160, 160))
    _lines(canvas, box, colors[int(rng.integers(len(colors)))], rng)


def _text_dark(canvas: Canvas, box: Box, rng: Rng) -> None:
    _lines(canvas, box, (40, 40, 48), rng)


def _panel(level: int) -> Callable[[Canvas, Box, Rng], None]:
    def draw(canvas: Canvas, box: Box, rng: Rng) -> None:
        x, y, width, height = box
        low = level + int(rng.integers(-6, 7))
        ramp = np.linspace(low, low + int(rng.integers(0, 14)), height)[:, None, None]
        canvas[y : y + height, x : x + width] = np.clip(ramp * [1, 1, 1.08], 0, 255).astype(
            np.uint8
        )

    return draw


def _header(canvas: Canvas, box: Box, rng: Rng) -> None:
    if rng.random() < 0.6:
        _panel(int(rng.choice([22, 48, 70])))(canvas, box, rng)
    x, y, width, height = box
    _lines(
        canvas,
        (x + width // 40, y + height // 8, width // 3, height * 3 // 4),
        (225, 225, 225),
        rng,
    )
    _lines(
        canvas,
        (x + width * 2 // 3, y + height // 8, width // 4, height * 3 // 4),
        (225, 225, 225),
        rng,
    )


def _buttons(face: int, ink: Color) -> Callable[[Canvas, Box, Rng], None]:
    def draw(canvas: Canvas, box: Box, rng: Rng) -> None:
        x, y, width, height = box
        columns, rows = (3, 2) if width > height else (1, int(rng.integers(5, 9)))
        w, h = width // columns, height // rows
        for i in range(columns * rows):
            left, top = x + i % columns * w, y + i // columns * h
            corner = (left + int(w * 0.92), top + int(h * 0.86))
            cv2.rectangle(canvas, (left, top), corner, (face, face, face + 6), -1)
            cv2.rectangle(
                canvas, (left, top), corner, (face + 40 if face < 128 else face - 40,) * 3, 1
            )
            _lines(canvas, (left + w // 10, top + h // 4, int(w * 0.7), h // 2), ink, rng)

    return draw


def _greybar(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y, width, height = box
    canvas[y : y + height, x : x + width] = np.linspace(255, 0, height)[:, None, None].astype(
        np.uint8
    )
    cv2.rectangle(canvas, (x - 1, y - 1), (x + width, y + height), (140, 140, 140), 1)


def _colourbar(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y, width, height = box
    along = np.linspace(-1, 1, height)[:, None]
    towards, away = np.maximum(-along, 0) * [1, 0.3, 0.2], np.maximum(along, 0) * [0.2, 0.4, 1]
    canvas[y : y + height, x : x + width] = (255 * (towards + away))[:, None].astype(np.uint8)


def _ruler(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y, width, height = box
    ticks = int(rng.integers(8, 20))
    for i in range(ticks + 1):
        at = y + i * (height - 1) // ticks
        cv2.line(
            canvas, (x, at), (x + (width if i % 5 == 0 else width // 2), at), (200, 200, 200), 1
        )
        if i % 5 == 0:
            size = max(10, canvas.shape[0] // 70)
            room, place = canvas[:, : x + 3 * size], (x + width + 2, max(at - size // 2, 0))
            _write(room, place, str(i), size, (200, 200, 200), "DejaVuSans.ttf")


def _tgc(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y, width, height = box
    along = np.linspace(0, 1, 30)
    across = 0.5 + 0.4 * np.sin(along * rng.uniform(1, 4) + rng.uniform(0, 3)) * along
    points = np.stack([x + across * width, y + along * height], 1).astype(np.int32)
    cv2.polylines(canvas, [points], False, (180, 180, 90), 2)
    if rng.random() < 0.5:
        cv2.rectangle(canvas, (x, y), (x + width, y + height), (150, 150, 150), 1)


def _ecg(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y, width, height = box
    t = np.arange(width)
    beat = (t / width * rng.uniform(3, 6)) % 1
    trace = (
        0.6
        - 0.5 * np.exp(-(((beat - 0.4) / 0.02) ** 2))
        - 0.1 * np.exp(-(((beat - 0.6) / 0.06) ** 2))
    )
    points = np.stack([x + t, y + trace * height], 1).astype(np.int32)
    cv2.polylines(canvas, [points], False, (60, 220, 60), 1)


def _thumbs(canvas: Canvas, box: Box, rng: Rng) -> None:
    """Small copies of what is on the screen: an image where none is to be found."""
    x, y, width, height = box
    whole = cv2.resize(
        canvas, (max(width - 4, 2), max(width * 3 // 4, 2)), interpolation=cv2.INTER_AREA
    )
    for top in range(y, y + height - whole.shape[0], whole.shape[0] + 8):
        canvas[top : top + whole.shape[0], x : x + whole.shape[1]] = whole
        cv2.rectangle(
            canvas, (x, top), (x + whole.shape[1], top + whole.shape[0]), (120, 120, 120), 1
        )


def _strip(canvas: Canvas, box: Box, rng: Rng) -> None:
    """Small copies of what is on the screen, side by side."""
    x, y, width, height = box
    size = (max(height * canvas.shape[1] // canvas.shape[0], 2), max(height, 2))
    whole = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    for left in range(x, x + width - size[0], size[0] + 8):
        canvas[y : y + size[1], left : left + size[0]] = whole
        cv2.rectangle(canvas, (left, y), (left + size[0], y + size[1]), (120, 120, 120), 1)


def _logo(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y, width, height = box
    color = tuple(int(v) for v in rng.integers(60, 255, 3))
    radius = min(width, height) // 2
    cv2.circle(canvas, (x + radius, y + radius), radius, color, -1)
    _write(
        canvas,
        (x + radius // 2, y + radius // 2),
        "US",
        max(radius, 10),
        (255, 255, 255),
        "DejaVuSans-Bold.ttf",
    )


PARTS: dict[str, Callable[[Canvas, Box, Rng], None]] = {
    "text": _text,
    "text-dark": _text_dark,
    "panel-dark": _panel(20),
    "panel-black": _panel(4),
    "panel-grey": _panel(62),
    "panel-white": _panel(236),
    "header": _header,
    "status": _header,
    "buttons": _buttons(52, (220, 220, 220)),
    "buttons-bright": _buttons(200, (30, 30, 40)),
    "greybar": _greybar,
    "colourbar": _colourbar,
    "ruler": _ruler,
    "tgc": _tgc,
    "ecg": _ecg,
    "thumbs": _thumbs,
    "strip": _strip,
    "logo": _logo,
}
