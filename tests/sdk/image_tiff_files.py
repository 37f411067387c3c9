"""TIFF files of every kind that is read, by tifffile or by hand, each with what it shows."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile

H, W = 37, 53  # odd, and no multiple of a strip or tile

Case = tuple[str, bytes, np.ndarray, float]
"""Name, content, what it shows in grey levels 0 to 255, and the tolerance in levels."""


def _noise(top: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (H, W) if channels == 1 else (H, W, channels)
    values = rng.integers(0, top + 1, shape)
    values.flat[:2] = (0, top)
    return values.astype(np.uint8 if top < 256 else np.uint16)


def _written(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, metadata=None, **options)
    return buffer.getvalue()


STORAGE: list[dict[str, Any]] = [
    {},
    {"rowsperstrip": 5},
    {"tile": (16, 32)},
    *({"compression": name, **more} for name in ("lzw", "zlib", "packbits")
      for more in ({}, {"rowsperstrip": 7}, {"tile": (32, 16)})),
    *({"compression": name, "predictor": True, **more} for name in ("lzw", "zlib")
      for more in ({}, {"tile": (16, 16)})),
]  # fmt: skip
ORDERS = [("<", False), (">", False), ("<", True), (">", True)]


def by_tifffile() -> Iterator[Case]:
    """Grey, inverted grey, RGB, palettes and CMYK of 8 and 16 bits, in every storage."""
    kinds = ["minisblack", "miniswhite", "rgb", "rgb planar", "palette", "separated"]
    for (order, big), storage, bits, kind in itertools.product(ORDERS, STORAGE, (8, 16), kinds):
        top = (1 << bits) - 1
        if kind == "palette" and (bits == 16 or storage.get("predictor")):
            continue
        options: dict[str, Any] = dict(storage, byteorder=order, bigtiff=big)
        if kind in ("rgb", "rgb planar"):
            values = _noise(top, 3)
            shown = values * (255 / top)
            options["photometric"] = "rgb"
            if kind == "rgb planar":
                values, options["planarconfig"] = np.moveaxis(values, 2, 0), "separate"
        elif kind == "separated":
            values = _noise(top, 4)
            light = (top - values.astype(float)) / top
            shown = 255 * light[..., :3] * light[..., 3:]
            options["photometric"] = "separated"
        elif kind == "palette":
            values = _noise(255)
            table = np.random.default_rng(4).integers(0, 65536, (3, 256)).astype(np.uint16)
            shown = table.T[values] / 257
            options |= {"photometric": "palette", "colormap": table}
        else:
            values = _noise(top)
            shown = (top - values if kind == "miniswhite" else values) * (255 / top)
            options["photometric"] = kind
        name = f"{kind} {bits} {order}{'big' if big else ''} " + " ".join(
            map(str, storage.values())
        )
        yield name, _written(values, **options), shown, 1.5


def with_alpha() -> Iterator[Case]:
    """Extra samples: alpha that is multiplied in or not, and what is neither."""
    for bits, order, planar in itertools.product((8, 16), "<>", ("contig", "separate")):
        top = (1 << bits) - 1
        for kind, colours in itertools.product(("unassalpha", "assocalpha", "unspecified"), (1, 3)):
            values = _noise(top, colours + 1)
            alpha = values[..., -1:] / top
            if kind == "assocalpha":
                values[..., :-1] = np.minimum(values[..., :-1], values[..., -1:])
            shown = values[..., :-1] * (255 / top)
            shown = shown * alpha if kind == "unassalpha" else shown
            shown = shown[..., 0] if colours == 1 else shown
            stored = np.moveaxis(values, 2, 0) if planar == "separate" else values
            data = _written(
                stored, byteorder=order, planarconfig=planar, extrasamples=[kind],
                photometric="rgb" if colours == 3 else "minisblack",
            )  # fmt: skip
            yield f"{kind} {colours} {bits} {order} {planar}", data, shown, 1.5


def by_hand(
    rows: bytes, bits: int, order: str = "<", entries: dict[int, tuple[int, ...]] | None = None
) -> bytes:
    """Write a TIFF file with one uncompressed strip, whatever its tags say."""
    said = {
        256: (W,), 257: (H,), 258: (bits,), 259: (1,), 262: (1,), 273: (8,), 277: (1,),
        278: (H,), 279: (len(rows),), **(entries or {}),
    }  # fmt: skip
    rows += b"\0" * (len(rows) % 2)
    start = 8 + len(rows)
    after = start + 2 + 12 * len(said) + 4
    table, tail = b"", b""
    for tag, values in sorted(said.items()):
        letter, kind = ("I", 4) if max(values) > 65535 else ("H", 3)
        body = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(body) > 4:
            field, tail = (
                struct.pack(f"{order}I", after + len(tail)),
                tail + body + b"\0\0"[: len(body) % 2],
            )
        else:
            field = body.ljust(4, b"\0")
        table += struct.pack(f"{order}HHI", tag, kind, len(values)) + field
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    return head + rows + struct.pack(f"{order}H", len(said)) + table + bytes(4) + tail


def packed(values: np.ndarray, bits: int) -> bytes:
    """Pack samples bit by bit, most significant first, rows beginning on a byte."""
    shifts = np.arange(bits - 1, -1, -1)
    stream = (values[..., None] >> shifts) & 1
    return np.packbits(stream.reshape(len(values), -1).astype(np.uint8), axis=1).tobytes()


def of_any_bits() -> Iterator[Case]:
    """Grey of 1 to 16 bits, black or white at zero, both byte orders, both bit orders."""
    for bits, photometric, order, fill in itertools.product(range(1, 17), (0, 1), "<>", (1, 2)):
        top = (1 << bits) - 1
        values = _noise(top, seed=bits)
        rows = packed(values, bits)
        if bits == 16:
            rows = values.astype(f"{order}u2").tobytes()
        if fill == 2:
            rows = np.packbits(
                np.unpackbits(np.frombuffer(rows, np.uint8), bitorder="little")
            ).tobytes()
        shown = (values if photometric else top - values) * (255 / top)
        data = by_hand(rows, bits, order, {262: (photometric,), 266: (fill,)})
        yield f"{bits} bits photometric {photometric} {order} fill {fill}", data, shown, 0.51


def palettes() -> Iterator[Case]:
    """Tables of 16-bit entries, of 8-bit entries in 16 bits, for 1 to 8 bits."""
    for bits, entry, order in itertools.product((1, 2, 4, 8), (8, 16), "<>"):
        table = np.random.default_rng(bits).integers(0, 1 << entry, (3, 1 << bits))
        table[0, 0] = (1 << entry) - 1
        values = _noise((1 << bits) - 1, seed=3)
        data = by_hand(
            packed(values, bits), bits, order, {262: (3,), 320: tuple(int(v) for v in table.flat)}
        )
        yield (
            f"palette {bits} entries {entry} {order}",
            data,
            table.T[values] / (257 if entry == 16 else 1),
            1.0,
        )


def turned() -> Iterator[Case]:
    """Every orientation: TIFF 6.0 tells which sides row 0 and column 0 stand for."""
    values = _noise(255)
    upright = {
        1: values, 2: values[:, ::-1], 3: values[::-1, ::-1], 4: values[::-1], 5: values.T,
        6: np.rot90(values, -1), 7: values[::-1, ::-1].T, 8: np.rot90(values),
    }  # fmt: skip
    for orientation, shown in upright.items():
        data = by_hand(values.tobytes(), 8, entries={274: (orientation,)})
        yield f"orientation {orientation}", data, shown.astype(float), 0.0


def all_cases() -> Iterator[Case]:
    """All of them."""
    for make in (by_tifffile, with_alpha, of_any_bits, palettes, turned):
        yield from make()
