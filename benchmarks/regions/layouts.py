"""Layouts that the finder was designed on; `held_out` has those it was only checked on.

A layout is a table: where panes and other elements lie, in thousandths of the screen. Positions
are jittered when a screen is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Pane:
    """A place for an image.

    Attributes:
        box: x, y, width, height.
        shapes: one of these is drawn: `convex`, `phased`, `linear`, `wide` (a trapezoid),
            `clipped` (a fan cut off by the box), `sides` (one cut off at its sides alone).
    """

    box: Box
    shapes: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """One interface.

    Attributes:
        name: after the kind of scanner it resembles.
        size: of the screen in pixels.
        background: RGB.
        panes: one or several; none is a screen without an image.
        parts: kind of element (see `drawing.PARTS`) and its box, drawn before the images where it
            is a panel and after them where it isn't.
    """

    name: str
    size: tuple[int, int]
    background: tuple[int, int, int]
    panes: tuple[Pane, ...]
    parts: tuple[tuple[str, Box], ...]


_ANY = ("convex", "phased", "linear", "wide", "clipped")
_BLACK = (0, 0, 0)

LAYOUTS = (
    Layout(
        "voluson-like",
        (1280, 960),
        _BLACK,
        (Pane((180, 120, 620, 760), _ANY),),
        (
            ("text", (820, 130, 160, 420)),
            ("header", (0, 0, 1000, 80)),
            ("greybar", (150, 150, 14, 300)),
            ("ruler", (805, 120, 12, 760)),
            ("logo", (20, 20, 90, 60)),
            ("text", (10, 120, 120, 80)),
            ("tgc", (20, 500, 90, 350)),
            ("status", (0, 930, 1000, 70)),
        ),
    ),
    Layout(
        "logiq-like",
        (1920, 1080),
        _BLACK,
        (Pane((220, 90, 520, 840), _ANY),),
        (
            ("panel-dark", (0, 0, 180, 1000)),
            ("buttons", (10, 200, 160, 500)),
            ("text", (800, 60, 180, 500)),
            ("header", (180, 0, 820, 60)),
            ("ruler", (760, 90, 10, 840)),
            ("greybar", (195, 120, 10, 220)),
            ("thumbs", (830, 700, 160, 280)),
        ),
    ),
    Layout(
        "epiq-like",
        (1600, 900),
        _BLACK,
        (Pane((250, 80, 500, 880), ("phased", "convex")),),
        (
            ("text", (20, 100, 160, 330)),
            ("greybar", (900, 100, 16, 250)),
            ("ruler", (770, 80, 12, 880)),
            ("ecg", (150, 900, 700, 90)),
            ("logo", (930, 20, 50, 60)),
            ("text", (830, 450, 150, 100)),
        ),
    ),
    Layout(
        "mindray-like",
        (1024, 768),
        (24, 28, 34),
        (Pane((150, 110, 600, 770), _ANY),),
        (
            ("header", (0, 0, 1000, 90)),
            ("panel-grey", (830, 100, 170, 900)),
            ("buttons", (840, 120, 150, 500)),
            ("text", (10, 110, 120, 330)),
            ("greybar", (120, 500, 15, 300)),
            ("ruler", (770, 110, 12, 770)),
            ("status", (0, 930, 1000, 70)),
        ),
    ),
    Layout(
        "bright",
        (1280, 800),
        (226, 228, 232),
        (Pane((200, 120, 560, 800), ("linear", "pane")),),
        (
            ("panel-white", (0, 0, 180, 1000)),
            ("buttons-bright", (10, 150, 160, 500)),
            ("text-dark", (790, 130, 190, 400)),
            ("header", (180, 0, 820, 80)),
            ("thumbs", (800, 600, 180, 350)),
        ),
    ),
    Layout(
        "handheld",
        (1080, 1920),
        _BLACK,
        (Pane((40, 160, 900, 620), _ANY),),
        (
            ("header", (0, 0, 1000, 60)),
            ("ruler", (955, 160, 18, 620)),
            ("buttons", (40, 850, 920, 120)),
            ("text", (40, 75, 400, 60)),
        ),
    ),
    Layout(
        "two-panes",
        (1600, 1000),
        _BLACK,
        (Pane((80, 110, 400, 760), _ANY), Pane((520, 110, 400, 760), _ANY)),
        (
            ("header", (0, 0, 1000, 70)),
            ("ruler", (488, 110, 8, 760)),
            ("greybar", (30, 120, 10, 220)),
            ("text", (20, 900, 500, 80)),
            ("text", (935, 120, 60, 300)),
        ),
    ),
    Layout(
        "four-panes",
        (1400, 1050),
        (12, 12, 12),
        tuple(
            Pane((x, y, 330, 400), ("convex", "linear", "clipped"))
            for x in (110, 470)
            for y in (90, 510)
        ),
        (
            ("text", (830, 100, 160, 500)),
            ("header", (0, 0, 1000, 60)),
            ("greybar", (60, 100, 12, 200)),
            ("status", (0, 940, 1000, 60)),
        ),
    ),
)

EMPTY = (
    Layout(
        "menu",
        (1280, 800),
        (30, 34, 40),
        (),
        (
            ("buttons", (50, 150, 500, 700)),
            ("text", (600, 150, 350, 600)),
            ("header", (0, 0, 1000, 90)),
        ),
    ),
    Layout(
        "worklist",
        (1024, 768),
        (235, 235, 238),
        (),
        (("text-dark", (40, 120, 900, 800)), ("header", (0, 0, 1000, 90))),
    ),
    Layout(
        "report",
        (1600, 900),
        _BLACK,
        (),
        (("text", (60, 100, 400, 800)), ("text", (520, 100, 400, 800)), ("logo", (20, 10, 90, 70))),
    ),
    Layout(
        "keyboard",
        (1280, 960),
        (60, 62, 70),
        (),
        (
            ("buttons", (60, 500, 880, 400)),
            ("panel-dark", (60, 100, 880, 300)),
            ("text", (80, 120, 500, 200)),
        ),
    ),
)
