"""Lines of an EyeLink ASC file: what a sample line must hold, by the block's ``SAMPLES`` line.

EyeLink 1000 Plus User Manual 1.0.12, section 4.9 "The ASC File Format": time, for each eye x, y and
pupil, then velocities, resolutions, input port and buttons as declared, then flags (three letters
or dots for one eye, five for two); a remote recording adds the target's x, y and distance, and
flags of its own (13 or 17). Missing values are a dot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from export.gaze.readers.numbers import LARGEST, NAN, number, point, position

_FLAGS = re.compile(r"[.A-Z]{3,20}")
_STAMP = re.compile(r"\d{1,15}(?:[.,]\d{1,6})?", re.ASCII)
_NO_VALUE = (".", "nan", "NaN", "NAN")
_MISSING = (-32768.0, 1e8)  # how the tracker itself writes a missing value
_OPTIONS = {"RES": 2, "INPUT": 1, "BUTTONS": 1}


@dataclass
class Layout:
    """What the samples of a block hold.

    Attributes:
        eyes: ``L``, ``R`` or ``LR``.
        rate_hz: As declared; None where it is not. Nothing is dated by it, but two samples that
            share a millisecond at 2000 Hz.
        numbers: How many numbers stand between time and flags, as declared.
        target: Whether a remote recording's target is declared.
        seen: How many stand there by a first sample that has more of them, and flags.
    """

    eyes: str
    rate_hz: float | None
    numbers: int
    target: bool = False
    seen: int | None = field(default=None)


def layout_of(tokens: list[str]) -> Layout:
    """Return what a ``SAMPLES GAZE ...`` line declares.

    Raises:
        ValueError: It names no eye.
    """
    eyes = ("L" if "LEFT" in tokens else "") + ("R" if "RIGHT" in tokens else "")
    if not eyes:
        raise ValueError("names neither LEFT nor RIGHT")
    rate = None
    if "RATE" in tokens[:-1]:
        rate = number(point(tokens[tokens.index("RATE") + 1]))
    numbers = 3 * len(eyes) + sum(size for name, size in _OPTIONS.items() if name in tokens)
    numbers += 2 * len(eyes) if "VEL" in tokens else 0
    return Layout(eyes, rate, numbers, "HTARGET" in tokens)


def stamp_us(token: str) -> int:
    """Return a time stamp (ms, at most six decimals) in microseconds."""
    if not _STAMP.fullmatch(token):
        raise ValueError("is not a time in milliseconds")
    value = float(point(token)) * 1000
    if value > LARGEST:
        raise ValueError("is beyond 2**53 us")
    return round(value)


def gaze_of(tokens: list[str], layout: Layout) -> tuple[float, ...]:
    """Return x and y of each eye of a sample line (its tokens without the time), NaN where lost.

    Raises:
        ValueError: The line is not of the block's layout.
    """
    count = next((i for i, token in enumerate(tokens) if _FLAGS.fullmatch(token)), len(tokens))
    flags, after = tokens[count : count + 1], tokens[count + 1 :]
    _check_count(count, flags, layout)
    if after and not _is_target(after):
        raise ValueError(f"holds {after[0][:20]!r} after its flags")
    at = (3 * eye + axis for eye in range(len(layout.eyes)) for axis in (0, 1))
    return tuple(_place(tokens[index]) for index in at)


def _check_count(count: int, flags: list[str], layout: Layout) -> None:
    """Refuse another number of numbers than is declared, or was seen above.

    Real files leave out flags while nothing is tracked, declare a target and hold none, and have
    columns that are not declared; how long the flags are tells the eyes apart even then.
    """
    if flags and len(flags[0]) not in ((3, 13) if len(layout.eyes) == 1 else (5, 17)):
        raise ValueError(f"has {len(flags[0])} flags; {_eyes(layout)} is declared")
    allowed = [layout.numbers, *([layout.numbers + 3] if layout.target else [])]
    if layout.seen is not None:
        allowed.append(layout.seen)
    elif flags and count > layout.numbers:
        layout.seen = count
        return
    if count not in allowed:
        raise ValueError(f"holds {count} numbers; {layout.numbers} are declared ({_eyes(layout)})")


def _eyes(layout: Layout) -> str:
    return "one eye" if len(layout.eyes) == 1 else "two eyes"


def _is_target(tokens: list[str]) -> bool:
    """Say whether these are a remote recording's target: x, y, distance, and flags or none."""
    if len(tokens) not in (3, 4) or (len(tokens) == 4 and not _FLAGS.fullmatch(tokens[3])):
        return False
    return all(token == "." or _is_number(token) for token in tokens[:3])


def _is_number(token: str) -> bool:
    try:
        number(point(token))
    except ValueError:
        return False
    return True


def _place(token: str) -> float:
    if token in _NO_VALUE:
        return NAN
    try:
        value = number(point(token))
        return NAN if value in _MISSING else position(point(token))
    except ValueError as error:
        raise ValueError(f"holds {token[:20]!r}, which {error}") from error


def looks_like_sample(line: str, layout: Layout | None) -> bool:
    """Say whether a line of no known kind is a damaged sample.

    That is numbers with flags at their end or, where the block has no flags, as many numbers.
    """
    tokens = line.split()
    numbers = [token == "." or _is_number(token) for token in tokens[1:]]
    if len(tokens) >= 4 and _FLAGS.fullmatch(tokens[-1]):
        return all(numbers[:3])
    same = layout is not None and len(numbers) == layout.numbers
    return same and all(numbers) and not line[0].isspace()
