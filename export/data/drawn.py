"""Pictures that show no tissue: waves, noise of any roughness, shapes, ramps; drawn, by chance.

A student that only ever saw ultrasound gives a test image, a menu or snow the label it resembles
most. Rows of these are outliers (`[outliers] drawn`). Several kinds are laid over each other, so
that none is learned by itself; `export.data.patterns` draws the few that outcomes are measured on.
"""

from collections.abc import Callable

import cv2
import numpy as np

Grey = np.ndarray
Field = np.ndarray  # float32 (height, width), 0 to 1
_MOST_SHAPES = 40
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw(height: int, width: int, rng: np.random.Generator) -> Grey:
    """Return a picture, uint8 (height, width): one kind alone, or two of them blended."""
    field = _one(rng, height, width)
    if rng.random() < 0.4:
        share = np.float32(rng.uniform(0.2, 0.8))
        field = share * field + (1 - share) * _one(rng, height, width)
    low, high = np.sort(rng.uniform(0, 255, 2))
    if rng.random() < 0.5:
        low, high = 0.0, 255.0
    return np.asarray((low + (high - low) * np.clip(field, 0, 1)).astype(np.uint8))


def _one(rng: np.random.Generator, height: int, width: int) -> Field:
    return _KINDS[int(rng.integers(len(_KINDS)))](rng, height, width)


def _places(rng: np.random.Generator, height: int, width: int) -> tuple[Field, Field]:
    """Return x and y of each pixel in shares of the width, from a point somewhere, bent or not."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / width
    x -= rng.uniform(0, 1)
    y -= rng.uniform(0, height / width)
    if rng.random() < 0.3:
        reach, turns = rng.uniform(0.02, 0.1), rng.uniform(3, 20)
        x, y = x + reach * np.sin(turns * y), y + reach * np.sin(turns * x)
    return x.astype(np.float32), y.astype(np.float32)


def _waves(rng: np.random.Generator, height: int, width: int) -> Field:
    """Rings, stripes or rays, smooth or of two levels."""
    x, y = _places(rng, height, width)
    turn, squeeze = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 2.0)
    kind = rng.integers(3)
    if kind == 0:
        phase = np.hypot(x, squeeze * y)
    elif kind == 1:
        phase = x * np.cos(turn) + y * np.sin(turn)
    else:
        phase = np.arctan2(y, x) / (2 * np.pi)
    cycles = np.round(np.exp(rng.uniform(np.log(2), np.log(60))))
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * cycles * phase + turn)
    return np.asarray((wave > rng.uniform(0.1, 0.9)) if rng.random() < 0.4 else wave, np.float32)


def _noise(rng: np.random.Generator, height: int, width: int) -> Field:
    """Noise whose power falls with frequency: from snow over grain to clouds."""
    grain = np.fft.rfft2(rng.standard_normal((height, width)))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1 / max(height, width)
    noise = np.fft.irfft2(grain / frequency ** rng.uniform(0, 2.5), (height, width))
    return np.asarray(0.5 + noise / (rng.uniform(2, 6) * noise.std()), np.float32)


def _ramp(rng: np.random.Generator, height: int, width: int) -> Field:
    """Rise along a direction or from a point, in steps or not, once or several times over."""
    x, y = _places(rng, height, width)
    turn = rng.uniform(0, 2 * np.pi)
    level = x * np.cos(turn) + y * np.sin(turn) if rng.random() < 0.7 else np.hypot(x, y)
    level = (level - level.min()) / max(float(np.ptp(level)), 1e-6)
    level = level * rng.integers(1, 5) % 1.0001
    steps = int(rng.integers(3, 16))
    return np.asarray(np.floor(level * steps) / (steps - 1) if rng.random() < 0.5 else level)


def _shapes(rng: np.random.Generator, height: int, width: int) -> Field:
    """Lines, boxes, ellipses and text, filled or not: what menus and test images are made of."""
    page = np.full((height, width), int(rng.integers(0, 80)), np.uint8)
    for _ in range(int(rng.integers(1, _MOST_SHAPES))):
        _shape(page, rng)
    return np.asarray(page, np.float32) / 255


def _shape(page: Grey, rng: np.random.Generator) -> None:
    height, width = page.shape
    level, thick = int(rng.integers(50, 256)), int(rng.integers(1, 6))
    first, second = ((int(rng.integers(0, width)), int(rng.integers(0, height))) for _ in range(2))
    fill = -1 if rng.random() < 0.3 else thick
    kind = int(rng.integers(4))
    if kind == 0:
        cv2.line(page, first, second, level, thick, cv2.LINE_AA)
    elif kind == 1:
        cv2.rectangle(page, first, second, level, fill)
    elif kind == 2:
        axes = (int(rng.integers(1, width)) // 2, int(rng.integers(1, height)) // 2)
        cv2.ellipse(page, first, axes, float(rng.uniform(0, 180)), 0, 360, level, fill)
    else:
        text = "".join(chr(c) for c in rng.integers(33, 123, int(rng.integers(3, 30))))
        cv2.putText(page, text, first, _FONT, float(rng.uniform(0.3, 1.2)), level, 1, cv2.LINE_AA)


_KINDS: tuple[Callable[[np.random.Generator, int, int], Field], ...] = (
    _waves,
    _noise,
    _ramp,
    _shapes,
)
