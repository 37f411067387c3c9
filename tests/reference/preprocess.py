"""docs/formats.md in NumPy with whole numbers: slow, plain, and independent of cpp_ext."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RGB = {
    "RGB24": (3, 0, 1, 2),
    "BGR24": (3, 2, 1, 0),
    "RGBA32": (4, 0, 1, 2),
    "BGRA32": (4, 2, 1, 0),
    "ARGB32": (4, 1, 2, 3),
    "ABGR32": (4, 3, 2, 1),
}
PACKED = {  # bytes of Y, U and V within the four of a pair
    "YUYV": (0, 1, 3),
    "YVYU": (0, 3, 1),
    "UYVY": (1, 0, 2),
    "VYUY": (1, 2, 0),
}
# Order of the planes, pixels a chroma sample (across, down), bytes a sample, unused low bits.
PLANAR = {
    "NV12": ("Y UV", 2, 2, 1, 0),
    "NV21": ("Y VU", 2, 2, 1, 0),
    "NV16": ("Y UV", 2, 1, 1, 0),
    "NV61": ("Y VU", 2, 1, 1, 0),
    "NV24": ("Y UV", 1, 1, 1, 0),
    "I420": ("Y U V", 2, 2, 1, 0),
    "YV12": ("Y V U", 2, 2, 1, 0),
    "I422": ("Y U V", 2, 1, 1, 0),
    "YV16": ("Y V U", 2, 1, 1, 0),
    "I444": ("Y U V", 1, 1, 1, 0),
    "P010": ("Y UV", 2, 2, 2, 6),
    "P210": ("Y UV", 2, 1, 2, 6),
    "I010": ("Y U V", 2, 2, 2, 0),
}
YUV = (*PACKED, *PLANAR)
FORMATS = ("GRAY8", "GRAY16", *RGB, *YUV)
WIDE = ("P010", "P210", "I010")
K = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


def ceil(n: int, per: int) -> int:
    return -(-n // per)


def plane_shapes(name: str, w: int, h: int) -> list[tuple[int, int]]:
    """Rows and used bytes of a row, for each plane."""
    if name in RGB:
        return [(h, w * RGB[name][0])]
    if name in PACKED:
        return [(h, 4 * ceil(w, 2))]
    if name not in PLANAR:
        return [(h, 2 * w if name == "GRAY16" else w)]
    order, across, down, size, _ = PLANAR[name]
    chroma = [(ceil(h, down), ceil(w, across) * len(p) * size) for p in order.split()[1:]]
    return [(h, w * size), *chroma]


def bits(name: str) -> int:
    return 10 if name in WIDE else 8


def span(name: str, limited: bool) -> tuple[int, int]:
    """Code of black, and codes from black to white."""
    unit = 2 ** (bits(name) - 8)
    return (16 * unit, 219 * unit) if limited else (0, 2 ** bits(name) - 1)


def samples(plane: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    """Numbers of a planar format, without the bits that are no part of them."""
    _, _, _, size, unused = PLANAR[name]
    return plane if size == 1 else (plane[:, 0::2] + 256 * plane[:, 1::2]) >> unused


def planes_of(
    buffer: NDArray[np.uint8], name: str, w: int, h: int, strides: tuple[int, ...]
) -> list[NDArray[np.int64]]:
    """Used bytes of each plane, top row first."""
    planes, start = [], 0
    for (rows, used), stride in zip(plane_shapes(name, w, h), strides, strict=True):
        pitch = abs(stride)
        order = range(rows) if stride > 0 else range(rows - 1, -1, -1)
        lines = [buffer[start + r * pitch : start + r * pitch + used] for r in order]
        planes.append(np.array(lines, np.int64))
        start += rows * pitch
    return planes


def grey_codes(
    planes: list[NDArray[np.int64]], name: str, w: int, limited: bool, window: tuple[int, int]
) -> NDArray[np.int64]:
    p = planes[0]
    if name in RGB:
        size, r, g, b = RGB[name]
        px = p.reshape(len(p), -1, size)
        return (9798 * px[..., r] + 19235 * px[..., g] + 3735 * px[..., b] + 16384) // 32768
    if name == "GRAY16":
        low, high = window
        d = np.clip(p[:, 0::2] + 256 * p[:, 1::2], low, high) - low
        m = (255 * 2**24 + (high - low) // 2) // (high - low)
        return (d * m + 2**23) // 2**24
    if name == "GRAY8":
        return p
    p = p[:, PACKED[name][0] :: 2][:, :w] if name in PACKED else samples(p, name)
    black, levels = span(name, limited)
    return np.clip(p, black, black + levels)


def chroma(
    planes: list[NDArray[np.int64]], name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if name in PACKED:
        _, u, v = PACKED[name]
        return planes[0][:, u::4], planes[0][:, v::4]
    order = PLANAR[name][0].split()[1:]
    rest = [samples(plane, name) for plane in planes[1:]]
    if len(rest) == 1:
        rest = [rest[0][:, 0::2], rest[0][:, 1::2]]
    u, v = (rest["".join(order).index(letter)] for letter in "UV")
    return u, v


def sector_mask(sector: tuple[float, ...], w: int, h: int) -> NDArray[np.bool_]:
    cx, cy, r_min, r_max, a_min, a_max = sector
    to16 = lambda v: math.floor(v * 16 + 0.5)  # noqa: E731
    unit = lambda t: tuple(  # noqa: E731
        math.floor(v * 2**20 + 0.5) for v in (-math.sin(math.radians(t)), math.cos(math.radians(t)))
    )
    dx = (np.arange(w, dtype=np.int64) * 16 + 8 - to16(cx))[None, :]
    dy = (np.arange(h, dtype=np.int64) * 16 + 8 - to16(cy))[:, None]
    r2 = dx * dx + dy * dy
    ring = (to16(r_min) ** 2 <= r2) & (r2 <= to16(r_max) ** 2)
    if a_max - a_min >= 360:
        return ring
    (ax, ay), (bx, by) = unit(a_min), unit(a_max)
    after, before = ax * dy - ay * dx >= 0, dx * by - dy * bx >= 0
    return ring & ((after & before) if a_max - a_min <= 180 else (after | before))


def clipped(mask: NDArray[np.bool_], clip: tuple[int, int, int, int] | None) -> NDArray[np.bool_]:
    if clip is None:
        return mask
    x, y, w, h = clip
    window = np.zeros_like(mask)
    window[y : y + h, x : x + w] = True
    return mask & window


def overlaps(pixels: int, cells: int) -> NDArray[np.int64]:
    """weight[j, x] of pixel x in cell j; each row adds up to `pixels`."""
    weight = np.zeros((cells, pixels), np.int64)
    for j in range(cells):
        for x in range(pixels):
            low = max(x * cells, j * pixels)
            high = min((x + 1) * cells, (j + 1) * pixels)
            weight[j, x] = max(0, high - low)
    return weight


@dataclass
class Case:
    """A frame in plain words."""

    name: str
    w: int
    h: int
    buffer: NDArray[np.uint8]
    strides: tuple[int, ...]
    matrix: str = "bt601"
    limited: bool = False
    window: tuple[int, int] = (0, 65535)
    rectangle: tuple[int, int, int, int] | None = None
    sector: tuple[float, ...] | None = None
    clip: tuple[int, int, int, int] | None = None
    pixel_size: tuple[float, float] = (1.0, 1.0)


@dataclass
class Recipe:
    """The target in plain words."""

    width: int
    height: int
    letterbox: bool
    mean: float
    std: float
    pad_level: int


def boxed(case: Case, pad: int) -> tuple[NDArray[np.int64], NDArray[np.bool_], tuple[int, ...]]:
    """Codes of the box with the outside painted, the inside mask, and (x, y, w, h)."""
    planes = planes_of(case.buffer, case.name, case.w, case.h, case.strides)
    codes = grey_codes(planes, case.name, case.w, case.limited, case.window)
    if case.sector is None:
        x, y, w, h = case.rectangle or (0, 0, case.w, case.h)
        return codes[y : y + h, x : x + w], np.ones((h, w), bool), (x, y, w, h)
    mask = clipped(sector_mask(case.sector, case.w, case.h), case.clip)
    ys, xs = np.nonzero(mask)
    x, y = int(xs.min()), int(ys.min())
    w, h = int(xs.max()) - x + 1, int(ys.max()) - y + 1
    black, levels = span(case.name, case.limited)
    paint = black + (2 * levels * pad + 255) // 510
    inside = mask[y : y + h, x : x + w]
    return np.where(inside, codes[y : y + h, x : x + w], paint), inside, (x, y, w, h)


def inner(recipe: Recipe, w: int, h: int, pixel: tuple[float, float]) -> tuple[int, int, int, int]:
    if not recipe.letterbox:
        return 0, 0, recipe.width, recipe.height
    pw, ph = w * pixel[0], h * pixel[1]
    iw, ih = recipe.width, recipe.height
    if pw * ih >= ph * iw:
        ih = min(ih, max(1, math.floor(ph * iw / pw + 0.5)))
    else:
        iw = min(iw, max(1, math.floor(pw * ih / ph + 0.5)))
    return (recipe.width - iw) // 2, (recipe.height - ih) // 2, iw, ih


def tensor(case: Case, recipe: Recipe) -> NDArray[np.float32]:
    codes, _, (_, _, w, h) = boxed(case, recipe.pad_level)
    x, y, iw, ih = inner(recipe, w, h, case.pixel_size)
    sums = overlaps(h, ih) @ codes @ overlaps(w, iw).T
    black, levels = span(case.name, case.limited)
    scale = 1.0 / (float(w * h) * levels * recipe.std)
    bias = (-black / levels - recipe.mean) / recipe.std
    pad = np.float32((recipe.pad_level / 255.0 - recipe.mean) / recipe.std)
    out = np.full((recipe.height, recipe.width), pad, np.float32)
    out[y : y + ih, x : x + iw] = (sums.astype(np.float64) * scale + bias).astype(np.float32)
    return out


def statistics(case: Case, recipe: Recipe) -> dict[str, float | None]:
    codes, inside, (x, y, w, h) = boxed(case, recipe.pad_level)
    black, levels = span(case.name, case.limited)
    every = max(h // 32, 1)
    grey = (codes[::every][inside[::every]] - black) * 255 / levels
    return {
        "mean": float(grey.mean()),
        "black": float((grey <= 8).mean()),
        "colored": colored_share(case, codes, inside, (x, y, w, h)),
    }


def colored_share(
    case: Case, codes: NDArray[np.int64], inside: NDArray[np.bool_], box: tuple[int, ...]
) -> float | None:
    if case.name.startswith("GRAY"):
        return None
    x, y, _, h = box
    planes = planes_of(case.buffer, case.name, case.w, case.h, case.strides)
    far, total = 0, 0
    for row in range(0, h, 2 * max(h // 32, 1)):
        for first, end in runs(inside[row]):
            if case.name in RGB:
                size, r, _, b = RGB[case.name]
                px = planes[0][y + row].reshape(-1, size)[x + first : x + end]
                grey = codes[row, first:end]
                hit = (abs(px[:, r] - grey) > 24) | (abs(px[:, b] - grey) > 24)
            else:
                u, v = chroma(planes, case.name)
                across, down = PLANAR[case.name][1:3] if case.name in PLANAR else (2, 1)
                line = (y + row) // down
                cells = slice((x + first) // across, ceil(x + end, across))
                unit = 2 ** (bits(case.name) - 8)
                s = (224 * unit if case.limited else 2 ** bits(case.name) - 1) / 255
                kr, kb = K[case.matrix]
                hit = (abs(u[line, cells] - 128 * unit) > math.floor(24 * s / (2 * (1 - kb)))) | (
                    abs(v[line, cells] - 128 * unit) > math.floor(24 * s / (2 * (1 - kr)))
                )
            far, total = far + int(hit.sum()), total + len(hit)
    return far / total


def runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open intervals of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def coarse(case: Case, recipe: Recipe) -> NDArray[np.float64]:
    codes, _, (_, _, w, h) = boxed(case, recipe.pad_level)
    _, _, iw, ih = inner(recipe, w, h, case.pixel_size)
    cells = (overlaps(h, ih) @ codes @ overlaps(w, iw).T) / (w * h)
    black, levels = span(case.name, case.limited)
    grey = (cells - black) * 255 / levels
    return np.array([[grey[i, j : j + 4].mean() for j in range(0, iw, 4)] for i in range(0, ih, 4)])
