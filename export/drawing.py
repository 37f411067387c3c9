"""matplotlib: one look for every picture of the project, without a screen and without a trace.

The look is light, without frames, in Okabe and Ito's palette, which most eyes tell apart; it reads
in print. `styled` gives it to a function that draws and takes it back: a caller's settings stay.

On import matplotlib makes a folder for settings and one for its table of fonts under the user's
home. Every picture is drawn through `pyplot`, `figure` or `axes`, which give it a temporary folder
instead; MPLCONFIGDIR, where it is set, keeps its meaning.
"""

import atexit
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from export.files import atomic_write

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito (2008), without yellow, which is lost on white.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
INK, GREY, PALE = "#1c2430", "#5d6775", "#c3c9d1"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, "#000000")
MARKS = "os^Dv<>p"
DPI = 130

_FOLDER = "MPLCONFIGDIR"
_SETTINGS = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": "medium",
    "grid.color": "#e3e6ea",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "svg.hashsalt": "sonogaze",  # or each drawing of one picture has other ids
    "text.parse_math": False,  # a model's name may hold a dollar sign
}


def pyplot() -> Any:
    """Return ``matplotlib.pyplot``, drawing to files."""
    begin()
    from matplotlib import pyplot

    return pyplot


def figure(*args: Any, **kwargs: Any) -> Any:
    """Return a new ``matplotlib.figure.Figure``."""
    begin()
    from matplotlib.figure import Figure

    return Figure(*args, **kwargs)


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's look inside the block."""
    begin()
    import matplotlib
    from cycler import cycler

    settings: Any = {**_SETTINGS, "axes.prop_cycle": cycler(color=COLOURS)}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # a name in a script that the font lacks shows as boxes
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Return a function that draws in the project's look."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            return draw(*args, **kwargs)

    return drawn


@contextmanager
def axes(width: float = 9.0, height: float = 4.2) -> Iterator[Any]:
    """Yield the one axes of a figure of this size in inches, in the project's look."""
    with style():
        yield figure(figsize=(width, height), layout="constrained").add_subplot()


def save(picture: Any, path: Path) -> None:
    """Write a figure, whole or not at all, in the format of the path's suffix."""
    with atomic_write(path) as unfinished:
        picture.savefig(unfinished, dpi=DPI)


def svg(picture: Any) -> str:
    """Return a figure as an inline `<svg>` element, the same text each time."""
    buffer = io.StringIO()
    picture.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def colour(index: int) -> str:
    """Return the colour of the n-th series."""
    return COLOURS[index % len(COLOURS)]


def line(index: int) -> str:
    """Return the line of the n-th series: another one each time the colours begin anew."""
    return ("-", "--", ":", "-.")[index // len(COLOURS) % 4]


def mark(index: int) -> str:
    """Return the mark of the n-th series: colours repeat, pairs of colour and mark do not."""
    return MARKS[(index + index // len(MARKS)) % len(MARKS)]


@lru_cache(1)
def begin() -> None:
    """Import matplotlib; one that the caller imported before keeps its folders."""
    if "matplotlib" in sys.modules or _FOLDER in os.environ:
        _import()
        return
    folder = tempfile.TemporaryDirectory(prefix="sonogaze-")
    atexit.register(folder.cleanup)
    os.environ[_FOLDER] = folder.name
    try:
        _import()
    finally:
        del os.environ[_FOLDER]


def _import() -> None:
    import matplotlib

    matplotlib.use("Agg")
    # asked for once, then kept by matplotlib; the table of fonts is made with the first figure
    matplotlib.get_configdir()
    matplotlib.get_cachedir()
