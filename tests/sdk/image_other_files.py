"""GIF, BMP, PNM, JPEG, WebP and JPEG 2000 files, each with what it shows."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from tests.sdk.image_png_files import Case

H, W = 19, 27


def lzw(indices: np.ndarray, bits: int) -> bytes:
    """GIF's LZW without compression: a clear code before the table would grow."""
    size, clear = bits + 1, 1 << bits
    codes: list[int] = []
    for at, value in enumerate(indices.ravel()):
        if at % (clear - 2) == 0:
            codes.append(clear)
        codes.append(int(value))
    codes.append(clear + 1)
    stream = sum(code << (size * at) for at, code in enumerate(codes))
    data = stream.to_bytes((size * len(codes) + 7) // 8, "little")
    blocks = b"".join(
        bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)
    )
    return bytes([bits]) + blocks + b"\0"


def gifs() -> Iterator[Case]:
    """Frames of every disposal, transparent or not, interlaced or not, own tables or not."""
    for bits, seed in itertools.product((2, 4, 8), range(4)):
        rng = np.random.default_rng(seed)
        tables = [rng.integers(0, 256, (1 << bits, 3)) for _ in range(2)]
        data = b"GIF89a" + struct.pack("<HHBBB", W, H, 0x80 | (bits - 1), 1, 0)
        data += tables[0].astype(np.uint8).tobytes()
        canvas, shown = np.zeros((H, W, 3)), []
        for index in range(8):
            x, y = (0, 0) if index == 0 else rng.integers(0, 9, 2)
            w, h = (W, H) if index == 0 else (rng.integers(1, W - 9), rng.integers(1, H - 9))
            clear, own, dispose = index % 2, index % 3 == 1, index % 4
            transparent = int(rng.integers(0, 1 << bits))
            data += b"!\xf9\x04" + struct.pack("<BHBB", dispose << 2 | clear, 3, transparent, 0)
            data += b"!\xfe\x03abc\0"
            interlaced = bool(rng.integers(0, 2))
            flags = (0x80 | (bits - 1) if own else 0) | (0x40 if interlaced else 0)
            data += b"," + struct.pack("<HHHHB", x, y, w, h, flags)
            data += tables[1].astype(np.uint8).tobytes() if own else b""
            indices = rng.integers(0, 1 << bits, (h, w))
            rows = [*range(0, h, 8), *range(4, h, 8), *range(2, h, 4), *range(1, h, 2)]
            data += lzw(indices[rows] if interlaced else indices, bits)
            place = canvas[y : y + h, x : x + w]
            before = place.copy()
            drawn = tables[int(own)][indices].astype(float)
            place[...] = np.where((indices == transparent)[..., None] & bool(clear), before, drawn)
            shown.append(canvas.copy())
            if dispose >= 2:
                place[...] = 0 if dispose == 2 else before
        yield f"gif {bits} {seed}", data + b";", shown, 0.0


def bmp(
    rows: bytes, bits: int, *, header: int = 40, compression: int = 0, table: bytes = b"",
    masks: tuple[int, ...] = (), height: int = H, colours: int = 0, gap: int = 0,
) -> bytes:  # fmt: skip
    if header == 12:
        info = struct.pack("<IHHHH", 12, W, height, 1, bits)
    else:
        info = struct.pack(
            "<IiiHHIIiiII", header, W, height, 1, bits, compression, len(rows), 0, 0, colours, 0
        )
        if header > 40:
            info += struct.pack(f"<{len(masks)}I", *masks)
            info = info.ljust(header, b"\0")
        else:
            info += struct.pack(f"<{len(masks)}I", *masks)
    offset = 14 + len(info) + len(table) + gap
    return (
        struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset)
        + info
        + table
        + b"\0" * gap
        + rows
    )


def padded(values: np.ndarray, bits: int) -> bytes:
    """Rows of values, most significant bit first, each padded to four bytes."""
    if bits < 8:
        shifts = np.arange(bits - 1, -1, -1)
        rows = np.packbits(
            ((values[..., None] >> shifts) & 1).reshape(len(values), -1).astype(np.uint8), axis=1
        )
    else:
        raw = values.astype(f"<u{bits // 8}") if bits != 24 else values.astype(np.uint8)
        rows = np.frombuffer(raw.tobytes(), np.uint8).reshape(len(values), -1)
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)), constant_values=0xA5).tobytes()


def bmps() -> Iterator[Case]:
    """Every depth, header and direction; bit fields of any width, with alpha and without."""
    rng = np.random.default_rng(1)
    for bits, header, upwards in itertools.product((1, 4, 8), (12, 40, 108, 124), (True, False)):
        if header == 12 and not upwards:
            continue
        table = rng.integers(0, 256, (1 << bits, 3))
        stored = table[:, ::-1].astype(np.uint8)
        if header != 12:
            stored = np.pad(stored, ((0, 0), (0, 1)), constant_values=7)
        values = rng.integers(0, 1 << bits, (H, W))
        data = bmp(
            padded(values[::-1] if upwards else values, bits), bits, header=header,
            table=stored.tobytes(), height=H if upwards else -H, gap=header % 3 * 4,
        )  # fmt: skip
        yield f"bmp {bits} {header} {upwards}", data, [table[values].astype(float)], 0.0
    layouts: list[tuple[int, int, tuple[int, ...], int]] = [
        (16, 0, (0x7C00, 0x3E0, 0x1F, 0), 40), (16, 3, (0xF800, 0x7E0, 0x1F), 40),
        (16, 3, (0xF00, 0xF0, 0xF, 0xF000), 108), (32, 0, (0xFF0000, 0xFF00, 0xFF, 0), 40),
        (32, 3, (0xFF, 0xFF00, 0xFF0000), 40),
        (32, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), 124),
        (32, 3, (0x3FF00000, 0xFFC00, 0x3FF, 0), 108),
        (32, 6, (0xFF, 0xFF00, 0xFF0000, 0xFF000000), 40),
        (32, 3, (0xFF000000, 0xFF0000, 0xFF00, 0xFF), 56),
        (32, 3, (0xFF000000, 0xFF0000, 0xFF00), 52),
    ]  # fmt: skip
    for bits, compression, masks, header in layouts:
        words = rng.integers(0, 1 << bits, (H, W), dtype=np.int64)
        channels = []
        for mask in (*masks, 0)[:4]:
            shift = (mask & -mask).bit_length() - 1 if mask else 0
            channels.append((words & mask) >> shift if mask else np.zeros_like(words))
            if mask:
                channels[-1] = channels[-1] * (255 / (mask >> shift))
        alpha = channels[3] / 255 if len(masks) > 3 and masks[3] else np.ones((H, W))
        shown = np.stack(channels[:3], axis=2) * alpha[..., None]
        data = bmp(
            padded(words[::-1], bits), bits, header=header, compression=compression,
            masks=masks if compression else (),
        )  # fmt: skip
        yield f"bmp {bits} fields {masks[0]:#x} {header}", data, [shown], 1.5
    values = rng.integers(0, 256, (H, W, 3))
    yield (
        "bmp 24",
        bmp(padded(values[::-1, :, ::-1].reshape(H, -1), 24), 24),
        [values.astype(float)],
        0.0,
    )
    yield from run_lengths()


def run_lengths() -> Iterator[Case]:
    """RLE8 and RLE4, encoded and absolute runs."""
    rng = np.random.default_rng(2)
    for bits, compression in ((8, 1), (4, 2)):
        table = rng.integers(0, 256, (1 << bits, 3))
        values = rng.integers(0, 1 << bits, (H, W))
        values[:, 4:15] = values[:, 4:5]
        rows = b""
        for row in values[::-1]:
            head, tail = row[:4], row[15:]
            for part in (head, tail):
                body = bytes(part.tolist()) if bits == 8 else bytes(
                    int(part[i]) << 4 | (int(part[i + 1]) if i + 1 < len(part) else 0)
                    for i in range(0, len(part), 2)
                )  # fmt: skip
                rows += bytes([0, len(part)]) + body + b"\0" * (len(body) % 2)
                if part is head:
                    rows += bytes([11, int(row[4]) * (1 if bits == 8 else 17)])
            rows += b"\0\0"
        stored = np.pad(table[:, ::-1].astype(np.uint8), ((0, 0), (0, 1))).tobytes()
        data = bmp(rows + b"\0\1", bits, compression=compression, table=stored)
        yield f"bmp rle{bits}", data, [table[values].astype(float)], 0.0


def pnms() -> Iterator[Case]:
    """P1 to P6, any maxval, comments at every place, several in a row."""
    rng = np.random.default_rng(5)
    for variant in "123456":
        channels = 3 if variant in "36" else 1
        for top in (1,) if variant in "14" else (1, 7, 100, 255, 256, 1000, 4095, 65535):
            values = rng.integers(0, top + 1, (H, W, channels))
            shown = values * (255 / top) if variant not in "14" else (1 - values) * 255.0
            if variant in "14":
                raw = np.packbits(values[..., 0].astype(np.uint8), axis=1).tobytes()
            else:
                raw = values.astype(">u2" if top > 255 else "u1").tobytes()
            plain = variant in "123"
            if plain:
                raw = ("" if variant == "1" else " ").join(
                    map(str, values.ravel())
                ).encode() + b"\n"
            said = f"{W}#c\n {H}" + ("" if variant in "14" else f"\r\t{top}")
            shown = shown[..., 0] if channels == 1 else shown
            for comment in ("", "# 12 34\n#\n"):
                head = f"P{variant}\n{comment}{said}\n".encode()
                times = 1 if plain else 3
                yield (f"pnm {variant} {top} {bool(comment)}", (head + raw) * times,
                       [shown] * times, 0.51)  # fmt: skip


def _image(seed: int = 0) -> np.ndarray:
    """Smooth colour, so that chroma filters of decoders agree."""
    y, x = np.mgrid[:H, :W].astype(float)
    waves = [np.sin(x / (9 + seed) + k) * np.cos(y / (7 + k)) for k in range(3)]
    return np.clip(np.stack(waves, 2) * 90 + 128, 0, 255).astype(np.uint8)


def webps() -> Iterator[Case]:
    """Lossless stills with and without alpha, and an animation."""
    rng = np.random.default_rng(6)
    for mode in ("RGB", "RGBA"):
        values = rng.integers(0, 256, (H, W, len(mode))).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(values).save(buffer, "WEBP", lossless=True, exact=True)
        shown = values[..., :3] * (values[..., 3:] / 255 if mode == "RGBA" else 1.0)
        yield f"webp {mode}", buffer.getvalue(), [shown], 1.0
    frames = rng.integers(0, 256, (5, H, W, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    first, *rest = map(Image.fromarray, frames)
    first.save(buffer, "WEBP", lossless=True, save_all=True, append_images=rest)
    yield "webp animated", buffer.getvalue(), [frame.astype(float) for frame in frames], 0.0


def jpeg2000s() -> Iterator[Case]:
    """Grey of 1 to 16 bits and RGB of 8 to 16, bare and in a box, tiled or not, lossless."""
    rng = np.random.default_rng(7)
    for bits, channels, codec in itertools.product((1, 4, 8, 10, 12, 16), (1, 3), ("j2k", "jp2")):
        if channels == 3 and bits != 8:
            continue
        top = (1 << bits) - 1
        dtype = np.uint8 if bits <= 8 else np.uint16
        values = rng.integers(0, top + 1, (H, W, channels)).astype(dtype)
        stored = values[..., 0] if channels == 1 else values
        more: dict[str, Any] = {"colorspace": "SRGB"} if channels == 3 and codec == "jp2" else {}
        data = imagecodecs.jpeg2k_encode(
            stored, codecformat=codec, bitspersample=bits, reversible=True, level=0, **more
        )
        yield f"{codec} {bits} {channels}", data, [stored * (255 / top)], 1.0
    for mode, suffix, tiles in itertools.product(("L", "RGB"), ("j2k", "jp2"), (16, 40)):
        values = rng.integers(0, 256, (H, W, 3)).astype(np.uint8)
        stored = values[..., 0] if mode == "L" else values
        buffer = io.BytesIO()
        options = {"tile_size": (tiles, tiles), "no_jp2": suffix == "j2k"}
        Image.fromarray(stored).save(buffer, "JPEG2000", **options)
        yield f"{suffix} tiles {tiles} {mode}", buffer.getvalue(), [stored.astype(float)], 0.0
