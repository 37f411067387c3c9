"""Planted shortcuts: a cue whose value says the label in training, and another one's at test."""

import cv2
import numpy as np

OUTSIDE = ("text", "box", "crop")
INSIDE = ("mark",)
_LETTERS = ("HC", "AC", "FL", "BG")


def kinds_of(cue: str) -> tuple[str, ...]:
    """Return the kinds of a cue, `outside` or `inside`."""
    return OUTSIDE if cue == "outside" else INSIDE


def tied(labels: np.ndarray, strength: float, seed: int) -> np.ndarray:
    """Return each frame's cue value (N,): its label's, for `strength` of the frames."""
    rng = np.random.default_rng([seed, 5])
    wrong = rng.permutation(len(labels)) >= round(strength * len(labels))
    return np.where(wrong, _others(labels, rng), labels)


def reversed_values(labels: np.ndarray) -> np.ndarray:
    """Return values (N,) that are never the label's; the same in every round."""
    return _others(labels, np.random.default_rng(6))


def _others(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (labels + rng.integers(1, len(_LETTERS), len(labels))) % len(_LETTERS)


def stamped(view: np.ndarray, kind: str, value: int, middle: np.ndarray) -> np.ndarray:
    """Return a view, uint8 (height, width), with a cue on it.

    Args:
        view: to be stamped; it stays as it is.
        kind: `text`: letters at the upper edge. `box`: a grey box in one of the corners. `crop`: a
            black band along one of the sides. `mark`: a small figure at `middle`.
        value: 0 to 3: which letters, corner, side, figure.
        middle: (2,), relative to the view; kept within it.
    """
    view, (height, width) = view.copy(), view.shape
    if kind == "text":
        place = (width // 2 - 8, 10)
        font = cv2.FONT_HERSHEY_PLAIN
        cv2.putText(view, _LETTERS[value], place, font, 0.75, 255, 1, cv2.LINE_AA)
    elif kind == "box":
        side = height // 7
        y = 0 if value < 2 else height - side
        x = 0 if value % 2 == 0 else width - side
        view[y : y + side, x : x + side] = 150
    elif kind == "crop":
        band = height // 8
        place_of = (np.s_[:band], np.s_[-band:], np.s_[:, :band], np.s_[:, -band:])
        view[place_of[value]] = 0
    else:
        _mark(view, value, np.clip(middle, 0.08, 0.92) * [width, height])
    return view


def _mark(view: np.ndarray, value: int, at: np.ndarray) -> None:
    x, y = (int(v) for v in at)
    if value == 0:
        cv2.drawMarker(view, (x, y), 255, cv2.MARKER_CROSS, 9, 2)
    elif value == 1:
        cv2.circle(view, (x, y), 4, 255, 1, cv2.LINE_AA)
    elif value == 2:
        cv2.rectangle(view, (x - 3, y - 3), (x + 3, y + 3), 255, -1)
    else:
        cv2.line(view, (x - 5, y), (x + 5, y), 255, 2)
