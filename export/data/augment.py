"""Augmentation for ultrasound: geometry, gain, speckle, blur, text and sector, on 8-bit grey.

Everything works on the frame's pixels before the SDK's own preprocessing makes the tensor, so
that a training view goes through the very kernel that runs on the cart.
"""

from typing import NamedTuple

import cv2
import numpy as np

from export.recipe.settings import AugmentConfig

Grey = np.ndarray  # uint8 (height, width)


class View(NamedTuple):
    """One random view: uint8 (height, width), and where it came from.

    `matrix` (2, 3) maps relative places of the frame (0 to 1 along each axis, from its upper left
    corner) to relative places of the view, so that gaze can follow the pixels.
    """

    pixels: Grey
    matrix: np.ndarray


def random_view(
    frame: Grey,
    rng: np.random.Generator,
    config: AugmentConfig,
    size: tuple[int, int],
    letterbox: bool,
) -> View:
    """Return a random view of `frame` of `size` = (width, height), seeded by `rng`.

    The unjittered view is the frame letterboxed (or stretched) to `size`, as the recipe does.
    """
    # nothing is drawn for what a recipe leaves out: banks of before stay the same, bit by bit
    part = None
    if config.p_crop and rng.random() < config.p_crop:
        frame, part = _crop(frame, rng, config)
    if config.p_border and rng.random() < config.p_border:
        frame = _border(frame, rng)
    if rng.random() < config.p_recode:
        frame = _recode(frame, rng)
    view, matrix = _warp(frame, rng, config, size, letterbox)
    matrix = matrix if part is None else _of_whole(matrix, part)
    view = _intensity(view, rng, config)
    if rng.random() < config.p_sector:
        view = _sector(view, rng)
    return View(_overlays(view, rng, config), matrix)


def _crop(frame: Grey, rng: np.random.Generator, config: AugmentConfig) -> tuple[Grey, np.ndarray]:
    """Cut a frame to another aspect, as large as it can be; return it and where it lay.

    Data sets differ in shape by what they show: a network that sees every label in every shape
    can't tell them apart by that. The place is left, top, width and height, relative to the frame.
    """
    height, width = frame.shape
    low, high = np.log(config.crop_aspect_min), np.log(config.crop_aspect_max)
    aspect = float(np.exp(rng.uniform(low, high)))
    w = max(8, min(width, round(height * aspect)))
    h = max(8, min(height, round(width / aspect)))
    x = int(rng.integers(0, max(0, width - w) + 1))
    y = int(rng.integers(0, max(0, height - h) + 1))
    part = frame[y : y + h, x : x + w]
    place = np.array([x / width, y / height, part.shape[1] / width, part.shape[0] / height])
    return np.ascontiguousarray(part), place


def _of_whole(matrix: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return a map from places of a part (left, top, width, height) as one from the whole frame."""
    linear = matrix[:, :2] / part[2:]
    return np.hstack([linear, (matrix[:, 2] - linear @ part[:2])[:, None]])


def _border(frame: Grey, rng: np.random.Generator) -> Grey:
    """Paint a margin of one level around, as screens of software have, on all or some sides."""
    height, width = frame.shape
    framed = frame.copy()
    level = int(rng.choice([0, 255, int(rng.integers(20, 240))]))
    sides = rng.uniform(0.01, 0.08, 4) * (rng.random(4) < 0.8)
    top, bottom = int(sides[0] * height), int(sides[1] * height)
    left, right = int(sides[2] * width), int(sides[3] * width)
    framed[:top], framed[height - bottom :] = level, level
    framed[:, :left], framed[:, width - right :] = level, level
    return framed


def _recode(frame: Grey, rng: np.random.Generator) -> Grey:
    """Imitate another history: squeezed to another size, JPEG-coded, put back."""
    height, width = frame.shape
    squeeze = rng.uniform(0.45, 1.0, 2)
    small = cv2.resize(
        frame,
        # below 8 a side JPEG has less than a block
        (max(8, int(width * squeeze[0])), max(8, int(height * squeeze[1]))),
        interpolation=cv2.INTER_AREA,
    )
    quality = int(rng.integers(35, 95))
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    back = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))
    return cv2.resize(back, (width, height), interpolation=cv2.INTER_LINEAR)


def _warp(
    frame: Grey,
    rng: np.random.Generator,
    config: AugmentConfig,
    size: tuple[int, int],
    letterbox: bool,
) -> View:
    """Random similarity, aspect and flip around the fit that the recipe itself does."""
    height, width = frame.shape
    # log-uniform: as often half the size as double
    scale = np.exp(rng.uniform(np.log(config.scale_min), np.log(config.scale_max)))
    aspect = np.exp(rng.uniform(-1, 1) * np.log1p(config.aspect) / 2)
    angle = np.deg2rad(rng.uniform(-1, 1) * config.rotation_deg)
    flip = -1.0 if rng.random() < config.p_flip else 1.0
    fit = np.array([size[0] / width, size[1] / height])
    if letterbox:
        fit[:] = fit.min()
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * aspect * flip, scale / aspect]) @ np.diag(fit)
    # A closer view may lie anywhere within the frame; a farther one only near its middle.
    reach = config.shift + max(0.0, (scale - 1) / 2) * 0.6
    target = np.array(size) * (0.5 + rng.uniform(-reach, reach, 2))
    offset = target - linear @ (np.array([width, height]) / 2)
    matrix = np.hstack([linear, offset[:, None]])
    # mostly black, as what lies around a sector is
    fill = cv2.BORDER_CONSTANT if rng.random() < 0.8 else cv2.BORDER_REFLECT
    if scale * fit.min() < 0.75:  # bilinear alone would alias
        frame = cv2.GaussianBlur(frame, (0, 0), 0.5 / (scale * fit.min()))
    pixels = cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_LINEAR, borderMode=fill)
    return View(pixels, _relative(matrix, (width, height), size))


def _relative(matrix: np.ndarray, frame: tuple[int, int], view: tuple[int, int]) -> np.ndarray:
    """Return OpenCV's map of pixel centres as a map of relative places (centre = index + 1/2)."""
    linear, offset = matrix[:, :2], matrix[:, 2]
    offset = offset + 0.5 - linear @ np.array([0.5, 0.5])
    size = np.array(view, dtype=np.float64)
    return np.hstack([linear * np.array(frame) / size[:, None], (offset / size)[:, None]])


def _intensity(view: Grey, rng: np.random.Generator, config: AugmentConfig) -> Grey:
    height, width = view.shape
    sigma = rng.uniform(-0.5, 1) * config.blur_sigma_px
    if sigma > 0.2:
        view = cv2.GaussianBlur(view, (0, 0), sigma)
    elif sigma < -0.2:  # edge enhancement, as scanners do
        soft = cv2.GaussianBlur(view, (0, 0), 1.5)
        view = cv2.addWeighted(view, 1 - sigma, soft, sigma, 0)
    levels = np.arange(256, dtype=np.float32) / 255
    gamma = np.exp(rng.uniform(-1, 1) * config.gamma)
    gain = np.exp(rng.uniform(-1, 1) * config.gain)
    curve = np.clip(gain * levels**gamma + rng.uniform(-0.03, 0.05) * (levels > 0.02), 0, 1)
    out = cv2.LUT(view, (curve * 255).astype(np.uint8)).astype(np.float32)
    strength = rng.uniform(0, config.speckle)
    # at half size: grains of speckle are larger than a pixel
    coarse = rng.standard_normal((height // 2, width // 2), dtype=np.float32)
    grain = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), rng.uniform(0.3, 1.2)), (width, height))
    depth = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    out *= 1 + strength * 1.5 * grain + rng.uniform(-1, 1) * config.depth_gain * depth
    if rng.random() < config.p_shadow:
        out *= _shadow(height, width, rng)
    return np.clip(out, 0, 255).astype(np.uint8)


def _shadow(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return an acoustic shadow: a soft dark band that falls from somewhere near the top."""
    column = np.arange(width, dtype=np.float32)[None, :]
    row = np.arange(height, dtype=np.float32)[:, None]
    centre = rng.uniform(0, width) + rng.uniform(-0.5, 0.5) * row
    band = np.exp(-(((column - centre) / (rng.uniform(0.03, 0.12) * width)) ** 2))
    below = 1 / (1 + np.exp(-(row - rng.uniform(0, 0.5) * height) / 8))
    return 1 - rng.uniform(0.3, 0.9) * band * below


def _sector(view: Grey, rng: np.random.Generator) -> Grey:
    """Black out what lies outside a random sector, as another probe or depth would show."""
    height, width = view.shape
    apex = (width * rng.uniform(0.35, 0.65), -height * rng.uniform(0.0, 0.6))
    half_angle = rng.uniform(24, 50)
    reach = (height - apex[1]) * rng.uniform(0.85, 1.1)
    mask = np.zeros_like(view)
    centre = (int(apex[0]), int(apex[1]))
    axes = (int(reach), int(reach))
    cv2.ellipse(mask, centre, axes, 90, -half_angle, half_angle, 255, -1)
    cv2.circle(mask, centre, int(-apex[1] + height * rng.uniform(0.0, 0.12)), 0, -1)
    return cv2.bitwise_and(view, mask)


def _overlays(view: Grey, rng: np.random.Generator, config: AugmentConfig) -> Grey:
    """Text, marks and masked corners, alike for every class, so that none becomes a cue."""
    height, width = view.shape
    view = np.ascontiguousarray(view)
    if rng.random() < config.p_mask:
        for _ in range(int(rng.integers(1, 3))):
            w, h = int(width * rng.uniform(0.05, 0.3)), int(height * rng.uniform(0.05, 0.3))
            x = 0 if rng.random() < 0.5 else width - w
            y = 0 if rng.random() < 0.5 else height - h
            view[y : y + h, x : x + w] = 0
    if rng.random() < config.p_text:
        for _ in range(int(rng.integers(1, 5))):
            text = "".join(chr(c) for c in rng.integers(48, 91, int(rng.integers(1, 9))))
            place = (int(rng.uniform(0, 0.95) * width), int(_edge(rng) * height))
            size, level = rng.uniform(0.2, 0.5), int(rng.integers(90, 256))
            cv2.putText(view, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, level, 1, cv2.LINE_AA)
    if rng.random() < config.p_text / 2:
        for _ in range(int(rng.integers(2, 5))):
            place = (int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.1, 0.9) * height))
            cv2.drawMarker(view, place, int(rng.integers(120, 256)), cv2.MARKER_CROSS, 7)
    return view


def _edge(rng: np.random.Generator) -> float:
    """Return a relative height near the top or the bottom, where scanners write."""
    near = rng.uniform(0.02, 0.2)
    return near if rng.random() < 0.6 else 1 - near
