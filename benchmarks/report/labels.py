"""Labels beside points, placed so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

_DISTANCES = (7, 14, 24, 36, 50)
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_LEADER_FROM = 14  # a label this far from its point, in points, gets a line to it


@dataclass(frozen=True)
class Label:
    """Text for the point at ``x``, ``y`` (data coordinates)."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the drawing."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        """Return whether the two share an area."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def inside(self, other: Box) -> bool:
        """Return whether the whole box lies in the other."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.bottom <= self.bottom and self.top <= other.top


def place_labels(axes: Any, labels: Sequence[Label], obstacles: Sequence[Box], **style: Any) -> Any:
    """Write the labels, each at the nearest free place around its point; return the texts.

    Args:
        axes: of matplotlib, with its limits and scales final: they are frozen here.
        labels: what to write where.
        obstacles: boxes in pixels that no label may cover, as of marks and bars.
        **style: of the texts, as ``fontsize``.

    A label that finds no place free stays at its point's right: a picture never loses a name.
    """
    figure = axes.figure
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # or the axes would move away from under the labels
    within = _box(axes.get_window_extent())
    taken = list(obstacles)
    texts = []
    for label in sorted(labels, key=lambda one: (-one.y, one.x)):
        text = axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(_DISTANCES[0], 0),
            textcoords="offset points",
            va="center",
            **style,
        )
        texts.append(text)
        taken.append(_settle(axes, text, within, taken))
    return texts


def _settle(axes: Any, text: Any, within: Box, taken: Sequence[Box]) -> Box:
    """Move a text to the first place that is free; return the box that it covers."""
    for dx, dy in _places():
        box = _moved(text, dx, dy)
        if box.inside(within) and not any(box.meets(other) for other in taken):
            if max(abs(dx), abs(dy)) >= _LEADER_FROM:
                _draw_leader(axes, text)
            return box
    return _moved(text, _DISTANCES[0], 0)


def _places() -> Iterator[tuple[int, int]]:
    for distance, (x, y) in product(_DISTANCES, _DIRECTIONS):
        yield distance * x, distance * y


def _moved(text: Any, dx: int, dy: int) -> Box:
    text.set_position((dx, dy))
    text.set_horizontalalignment("left" if dx > 0 else "right" if dx < 0 else "center")
    return _box(text.get_window_extent())


def _draw_leader(axes: Any, text: Any) -> None:
    axes.annotate(
        "",
        text.xy,
        xytext=text.get_position(),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": text.get_color(), "lw": 0.6, "alpha": 0.6},
    )


def _box(extent: Any) -> Box:
    return Box(extent.x0, extent.y0, extent.x1, extent.y1)


def around(axes: Any, x: float, y: float, half_width: float = 5, half_height: float = 5) -> Box:
    """Return the box of a mark at data coordinates, half sizes in pixels."""
    left, bottom = axes.transData.transform((x, y))
    return Box(left - half_width, bottom - half_height, left + half_width, bottom + half_height)
