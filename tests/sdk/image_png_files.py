"""PNG and APNG files, written chunk by chunk, each with what it shows."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator

import numpy as np

H, W = 19, 27
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Adam7: first column, first row, step of columns, step of rows of each pass (PNG clause 8.1)
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip

Case = tuple[str, bytes, list[np.ndarray], float]
"""Name, content, what each frame shows in grey levels 0 to 255, and the tolerance."""


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def ihdr(width: int, height: int, depth: int, colour: int, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND")


def raster(samples: np.ndarray, depth: int) -> bytes:
    """Rows of (height, width, channels) with their filter byte, each filtered by another filter."""
    out, before = b"", None
    for y, row in enumerate(samples):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        elif depth == 8:
            data = row.astype(np.uint8).tobytes()
        else:
            shifts = np.arange(depth - 1, -1, -1)
            data = np.packbits(((row.reshape(-1, 1) >> shifts) & 1).astype(np.uint8)).tobytes()
        current = np.frombuffer(data, np.uint8).astype(int)
        above = np.zeros_like(current) if before is None else before
        step = max(1, samples.shape[2] * depth // 8)
        left = np.concatenate([np.zeros(step, int), current[:-step]])[: len(current)]
        kind = y % 4  # none, sub, up, average
        guess = (0, left, above, (left + above) // 2)[kind]
        out += bytes([kind]) + ((current - guess) % 256).astype(np.uint8).tobytes()
        before = current
    return out


def image_data(samples: np.ndarray, depth: int, interlace: int) -> bytes:
    if not interlace:
        return zlib.compress(raster(samples, depth))
    parts = [samples[y0::dy, x0::dx] for x0, y0, dx, dy in PASSES]
    return zlib.compress(b"".join(raster(part, depth) for part in parts if part.size))


def split(data: bytes, pieces: int, kind: bytes = b"IDAT") -> bytes:
    size = -(-len(data) // pieces)
    return b"".join(chunk(kind, data[i : i + size]) for i in range(0, len(data), size))


def stills() -> Iterator[Case]:
    """Every colour type and depth, interlaced or not, with transparency or not."""
    for colour, interlace, clear in itertools.product(CHANNELS, (0, 1), (False, True)):
        for depth in DEPTHS[colour]:
            if clear and (colour in (4, 6) or (colour, depth) == (2, 16)):
                continue
            rng = np.random.default_rng(depth + colour)
            top = (1 << depth) - 1
            samples = rng.integers(0, top + 1, (H, W, CHANNELS[colour]))
            chunks, shown = [ihdr(W, H, depth, colour, interlace)], samples * (255 / top)
            if colour == 3:
                table = rng.integers(0, 256, (top + 1, 3))
                chunks.append(chunk(b"PLTE", table.astype(np.uint8).tobytes()))
                shown = table[samples[..., 0]].astype(float)
                if clear:
                    alpha = rng.integers(0, 256, (top + 1) // 2)
                    chunks.append(chunk(b"tRNS", alpha.astype(np.uint8).tobytes()))
                    whole = np.concatenate([alpha, np.full(top + 1 - len(alpha), 255)])
                    shown = shown * whole[samples] / 255
            elif colour in (4, 6):
                shown = shown[..., :-1] * (samples[..., -1:] / top)
            elif clear:
                key = samples[3, 4]
                chunks.append(chunk(b"tRNS", key.astype(">u2").tobytes()))
                shown = np.where((samples == key).all(axis=2, keepdims=True), 0, shown)
            if shown.shape[2] == 1:
                shown = shown[..., 0]
            chunks.append(split(image_data(samples, depth, interlace), 3))
            yield f"png {colour} {depth} {interlace} {clear}", png(*chunks), [shown], 2.0


def animations() -> Iterator[Case]:
    """Frames of every dispose and blend operation at changing places, over black."""
    for seed, (colour, depth) in enumerate([(0, 8), (2, 8), (6, 8), (4, 8), (3, 4), (6, 16)]):
        rng = np.random.default_rng(seed)
        top = (1 << depth) - 1
        table = rng.integers(0, 256, (16, 3))
        chunks = [ihdr(W, H, depth, colour), chunk(b"acTL", struct.pack(">II", 12, 0))]
        if colour == 3:
            chunks.append(chunk(b"PLTE", table.astype(np.uint8).tobytes()))
            chunks.append(chunk(b"tRNS", b"\x00\x80"))
        canvas, shown, sequence = np.zeros((H, W, 3)), [], 0
        for index in range(12):
            dispose, blend = index % 3, index // 3 % 2
            x, y = (0, 0) if index == 0 else rng.integers(0, 9, 2)
            w, h = (W, H) if index == 0 else (rng.integers(1, W - 9), rng.integers(1, H - 9))
            control = struct.pack(">IIIIIHHBB", sequence, w, h, x, y, 1, 10, dispose, blend)
            chunks.append(chunk(b"fcTL", control))
            sequence += 1
            samples = rng.integers(0, top + 1, (h, w, CHANNELS[colour]))
            data = image_data(samples, depth, 0)
            if index == 0:
                chunks.append(split(data, 2))
            else:
                chunks.append(chunk(b"fdAT", struct.pack(">I", sequence) + data))
                sequence += 1
            alpha = samples[..., -1:] / top if colour in (4, 6) else np.ones((h, w, 1))
            rgb = samples[..., : CHANNELS[colour] - (colour in (4, 6))] * (255 / top)
            if colour == 3:
                rgb = table[samples[..., 0]].astype(float)
                alpha = np.array([0, 128 / 255, *[1] * 14])[samples]
            place = canvas[y : y + h, x : x + w]
            before = place.copy()
            place[...] = rgb * alpha + (before * (1 - alpha) if blend else 0)
            shown.append(canvas.copy())
            if dispose:
                place[...] = 0 if dispose == 1 else before
        yield f"apng {colour} {depth}", png(*chunks), shown, 3.0
