"""More layouts that are only measured on, of other rules than both other sets.

Text and an electrocardiogram lie over the image, colour and grey bars touch it, fans are cut at
their sides, images reach a tablet's edges or lie on a black card of a bright interface, and small
copies run along the bottom.
"""

from __future__ import annotations

from benchmarks.regions.layouts import Layout, Pane

_ANY = ("convex", "phased", "linear", "wide", "clipped")
_BLACK = (0, 0, 0)

SECOND_HELD_OUT = (
    Layout(
        "text-over",
        (1280, 800),
        _BLACK,
        (Pane((120, 60, 760, 900), ("convex", "phased", "clipped")),),
        (
            ("text", (130, 70, 200, 120)),
            ("text", (640, 800, 220, 130)),
            ("ruler", (885, 60, 10, 900)),
            ("greybar", (95, 80, 12, 300)),
        ),
    ),
    Layout(
        "ecg-over",
        (1024, 768),
        _BLACK,
        (Pane((140, 80, 700, 840), ("phased", "convex", "wide")),),
        (
            ("ecg", (140, 830, 700, 120)),
            ("text", (10, 90, 110, 200)),
            ("text", (870, 80, 120, 400)),
            ("greybar", (960, 500, 14, 300)),
            ("status", (0, 960, 1000, 40)),
        ),
    ),
    Layout(
        "bars-touch",
        (1440, 900),
        (8, 10, 16),
        (Pane((200, 90, 560, 850), _ANY),),
        (
            ("colourbar", (762, 120, 14, 240)),
            ("greybar", (184, 120, 14, 240)),
            ("header", (0, 0, 1000, 70)),
            ("text", (800, 120, 180, 600)),
            ("text", (10, 120, 150, 200)),
        ),
    ),
    Layout(
        "cut-sides",
        (1600, 1200),
        _BLACK,
        (Pane((260, 60, 420, 900), ("sides", "clipped")),),
        (
            ("panel-dark", (0, 0, 200, 1000)),
            ("buttons", (10, 150, 180, 600)),
            ("ruler", (690, 60, 10, 900)),
            ("text", (740, 60, 240, 500)),
            ("tgc", (880, 600, 80, 300)),
        ),
    ),
    Layout(
        "portrait-tablet",
        (1200, 1920),
        (18, 18, 20),
        (Pane((0, 90, 1000, 560), _ANY),),
        (
            ("header", (0, 0, 1000, 70)),
            ("strip", (0, 680, 1000, 120)),
            ("buttons", (50, 830, 900, 140)),
        ),
    ),
    Layout(
        "black-card",
        (1366, 768),
        (238, 240, 243),
        (Pane((250, 110, 480, 840), _ANY),),
        (
            ("panel-black", (220, 90, 540, 880)),
            ("greybar", (230, 130, 10, 250)),
            ("ruler", (738, 110, 10, 840)),
            ("text-dark", (20, 100, 180, 500)),
            ("buttons-bright", (790, 120, 190, 500)),
        ),
    ),
    Layout(
        "biplane",
        (1280, 1024),
        _BLACK,
        (
            Pane((60, 120, 410, 700), ("phased", "convex", "wide")),
            Pane((490, 120, 410, 700), ("phased", "convex", "wide")),
        ),
        (
            ("text", (60, 20, 400, 80)),
            ("ecg", (60, 850, 840, 80)),
            ("ruler", (910, 120, 10, 700)),
            ("greybar", (30, 120, 12, 240)),
            ("text", (930, 120, 65, 300)),
        ),
    ),
    Layout(
        "film-strip",
        (1920, 1080),
        (30, 33, 38),
        (Pane((150, 60, 640, 740), _ANY),),
        (
            ("panel-grey", (820, 0, 180, 1000)),
            ("text", (830, 60, 160, 500)),
            ("strip", (150, 840, 640, 140)),
            ("header", (0, 0, 820, 45)),
            ("greybar", (120, 100, 10, 220)),
        ),
    ),
)

SECOND_HELD_OUT_EMPTY = (
    Layout(
        "exam-list",
        (1200, 1920),
        (250, 250, 252),
        (),
        (("text-dark", (60, 150, 880, 700)), ("buttons-bright", (60, 880, 880, 100))),
    ),
    Layout(
        "calculations",
        (1440, 900),
        (16, 18, 24),
        (),
        (
            ("text", (40, 120, 300, 800)),
            ("ecg", (400, 150, 560, 300)),
            ("tgc", (420, 520, 200, 400)),
            ("header", (0, 0, 1000, 80)),
        ),
    ),
    Layout(
        "gallery",
        (1920, 1080),
        (36, 38, 44),
        (),
        (
            ("header", (0, 0, 1000, 60)),
            ("text", (830, 100, 150, 500)),
            ("strip", (60, 150, 700, 180)),
            ("strip", (60, 400, 700, 180)),
        ),
    ),
)
