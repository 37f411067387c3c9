"""Image files that are refused, each with its slug and a word that the error must say."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from tests.sdk import image_other_files as other
from tests.sdk import image_png_files as png
from tests.sdk import image_tiff_files as tiff

GREY = (np.arange(24 * 32) % 256).astype(np.uint8).reshape(24, 32)
RGB = np.dstack([GREY, GREY.T.reshape(24, 32), 255 - GREY])


def saved(image: np.ndarray, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


def written(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, metadata=None, **options)
    return buffer.getvalue()


def tagged(bits: int = 8, samples: int = 1, **tags: Any) -> bytes:
    rows = bytes(tiff.H * tiff.W * samples * ((bits + 7) // 8))
    said = {int(tag[1:]): value for tag, value in tags.items()}
    return tiff.by_hand(rows, bits, entries=said)


def jpeg(image: np.ndarray = RGB, **options: Any) -> bytes:
    return saved(image, "JPEG", **options)


def renamed(data: bytes, ids: bytes) -> bytes:
    """Give the components of a JPEG other names, in its frame and scan headers."""
    changed = bytearray(data)
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    for at, name in enumerate(ids):
        changed[frame + 10 + 3 * at] = changed[scan + 5 + 2 * at] = name
    return bytes(changed)


def without_jfif(data: bytes) -> bytes:
    return data.replace(b"JFIF\0", b"XFIF\0")


def adobe(data: bytes, transform: int) -> bytes:
    marker = b"\xff\xee\0\x0eAdobe\0\x64" + bytes(4) + bytes([transform])
    return data[:2] + marker + data[2:]


def png_of(colour: int, depth: int, *chunks: bytes) -> bytes:
    channels = png.CHANNELS[colour]
    samples = np.zeros((4, 4, channels), int)
    return png.png(
        png.ihdr(4, 4, depth, colour),
        *chunks,
        png.chunk(b"IDAT", png.image_data(samples, depth, 0)),
    )


def tiff_frames(pages: int, **options: Any) -> bytes:
    return written(np.zeros((pages, 16, 16), np.uint8), **options)


def cmyk_without_adobe() -> bytes:
    data = io.BytesIO()
    Image.fromarray(RGB).convert("CMYK").save(data, "JPEG")
    return data.getvalue().replace(b"Adobe", b"Xdobe")


def boxed(codestream: bytes, colours: int, *more: bytes) -> bytes:
    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(body), kind) + body

    width, height, components = 32, 24, struct.unpack_from(">H", codestream, 40)[0]
    header = box(b"ihdr", struct.pack(">IIHBBBB", height, width, components, 7, 7, 0, 0))
    header += box(b"colr", b"\1\0\0" + struct.pack(">I", colours)) + b"".join(
        box(b[:4], b[4:]) for b in more
    )
    return (b"\0\0\0\x0cjP  \r\n\x87\n" + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", header)
            + box(b"jp2c", codestream))  # fmt: skip


J2K = imagecodecs.jpeg2k_encode(RGB, codecformat="j2k", level=0, reversible=True)
REFUSED: dict[str, tuple[bytes, str, str]] = {
    # TIFF: what isn't on the list of what is read
    "float": (written(np.zeros((9, 9), np.float32)), "source-unsupported", "floating-point"),
    "signed 16": (written(np.zeros((9, 9), np.int16)), "source-unsupported", "signed"),
    "signed 8": (written(np.zeros((9, 9), np.int8)), "source-unsupported", "signed"),
    "32 bits": (written(np.zeros((9, 9), np.uint32)), "source-unsupported", "32"),
    "JPEG in TIFF": (
        written(RGB, photometric="ycbcr", compression="jpeg"),
        "source-unsupported",
        "YCbCr",
    ),
    "JPEG in grey TIFF": (written(GREY, compression="jpeg"), "source-unsupported", "JPEG"),
    "CCITT": (saved(GREY > 99, "TIFF", compression="group4"), "source-unsupported", "CCITT"),
    "YCbCr": (tagged(8, 3, t262=(6,), t277=(3,), t258=(8, 8, 8)), "source-unsupported", "YCbCr"),
    "Lab": (tagged(8, 3, t262=(8,), t277=(3,), t258=(8, 8, 8)), "source-unsupported", "CIELab"),
    "raw sensor": (tagged(t262=(32803,)), "source-unsupported", "colour filter"),
    "predictor 3": (tagged(t317=(3,)), "source-unsupported", "Predictor"),
    "predictor without codec": (tagged(t317=(2,)), "source-unsupported", "Predictor"),
    "bits differ": (
        tagged(8, 3, t262=(2,), t277=(3,), t258=(5, 6, 5)),
        "source-unsupported",
        "BitsPerSample",
    ),
    "grey with three samples": (
        tagged(8, 3, t277=(3,), t258=(8, 8, 8)),
        "source-malformed",
        "SamplesPerPixel",
    ),
    "RGB with one sample": (tagged(t262=(2,)), "source-malformed", "SamplesPerPixel"),
    "RGB with four samples": (
        tagged(8, 4, t262=(2,), t277=(4,), t258=(8,) * 4),
        "source-malformed",
        "ExtraSamples",
    ),
    "palette without table": (tagged(t262=(3,)), "source-malformed", "ColorMap"),
    "palette of another size": (tagged(t262=(3,), t320=(1,) * 48), "source-malformed", "ColorMap"),
    "orientation 9": (tagged(t274=(9,)), "source-malformed", "Orientation"),
    "planar 3": (tagged(t284=(3,)), "source-malformed", "PlanarConfiguration"),
    "inks": (
        tagged(8, 4, t262=(5,), t277=(4,), t258=(8,) * 4, t332=(2,)),
        "source-unsupported",
        "InkSet",
    ),
    "strips that don't add up": (tagged(t278=(5,)), "source-malformed", "make"),
    "strips of no height": (tagged(t278=(0,)), "source-malformed", "strips or tiles of"),
    "strip too short": (tagged(t279=(5,)), "source-truncated", "bytes"),
    "strip beyond the end": (tagged(t273=(10**6,)), "source-truncated", "beyond"),
    "a directory beyond all": (
        b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**64 - 1),
        "source-truncated",
        "beyond",
    ),
    "only a thumbnail": (tagged(t254=(1,)), "source-no-pixels", "reduced"),
    "only a thumbnail, its type a big-endian SHORT": (
        tiff.by_hand(bytes(tiff.H * tiff.W), 8, ">", {254: (1,)}),
        "source-no-pixels",
        "reduced",
    ),
    "ImageJ stack": (
        tagged(t270=tuple(b"ImageJ=1.53\nimages=7\n")),
        "source-unsupported",
        "7 images",
    ),
    # PNG
    "palette index": (png_of(3, 8, png.chunk(b"PLTE", b"")), "source-malformed", "PLTE"),
    "no palette": (png_of(3, 8), "source-malformed", "PLTE"),
    "grey with palette": (png_of(0, 8, png.chunk(b"PLTE", b"123")), "source-malformed", "PLTE"),
    "depth": (png.png(png.ihdr(4, 4, 4, 2)), "source-malformed", "colour type"),
    "Apple's": (
        png.png(png.ihdr(4, 4, 8, 0), png.chunk(b"CGBI", b"")),
        "source-unsupported",
        "critical",
    ),
    "two in a row": (saved(GREY, "PNG") * 2, "source-unsupported", "in a row"),
    "no image data": (png.png(png.ihdr(4, 4, 8, 0)), "source-malformed", "IDAT"),
    "transparent 16-bit colour": (
        png_of(2, 16, png.chunk(b"tRNS", bytes(6))),
        "source-unsupported",
        "tRNS",
    ),
    # JPEG
    "CMYK without Adobe": (cmyk_without_adobe(), "source-unsupported", "Adobe"),
    "RGB, and subsampled": (adobe(without_jfif(jpeg()), 0), "source-malformed", "subsampling"),
    "RGB, and JFIF": (adobe(jpeg(subsampling=0), 0), "source-malformed", "JFIF"),
    "RGB by name, and JFIF": (renamed(jpeg(subsampling=0), b"RGB"), "source-malformed", "JFIF"),
    "RGB by name, subsampled": (
        renamed(without_jfif(jpeg()), b"RGB"),
        "source-malformed",
        "subsampling",
    ),
    "nobody says": (
        renamed(without_jfif(jpeg(subsampling=0)), b"\5\6\7"),
        "source-unsupported",
        "doesn't say",
    ),
    "lossless": (imagecodecs.ljpeg_encode(GREY), "source-unsupported", "lossless"),
    "multi-picture": (
        saved(RGB, "MPO", save_all=True, append_images=[Image.fromarray(RGB)]),
        "source-unsupported",
        "multi-picture",
    ),
    "12 bits": (
        imagecodecs.jpeg8_encode(GREY.astype(np.uint16), bitspersample=12),
        "source-unsupported",
        "12 bits",
    ),
    "a scan is missing": (
        (lambda d: d[: d.rindex(b"\xff\xda")] + b"\xff\xd9")(jpeg(progressive=True)),
        "source-truncated",
        "scans",
    ),
    "a restart is missing": (
        (lambda d: d[: d.index(b"\xff\xd1")] + d[d.index(b"\xff\xd2") :])(
            jpeg(restart_marker_blocks=1)
        ),
        "source-malformed",
        "damaged",
    ),
    "too many scans": (
        (lambda d: d[:-2] + d[d.rindex(b"\xff\xda") : -2] * 3000 + d[-2:])(jpeg(progressive=True)),
        "source-unsupported",
        "scans",
    ),
    # JPEG 2000
    "one colour of three": (boxed(J2K, 17), "source-malformed", "colr"),
    "signed": (J2K[:42] + b"\x87" + J2K[43:], "source-unsupported", "signed"),
    "subsampled": (J2K[:46] + b"\2" + J2K[47:], "source-unsupported", "subsampled"),
    "palette": (boxed(J2K, 16, b"pclr12345"), "source-unsupported", "pclr"),
    "alpha": (
        boxed(J2K, 16, b"cdef" + struct.pack(">HHHH", 1, 2, 1, 0)),
        "source-unsupported",
        "cdef",
    ),
    "60000 x 60000": (
        J2K[:8]
        + struct.pack(">II", 60_000, 60_000)
        + J2K[16:24]
        + struct.pack(">II", 60_000, 60_000)
        + J2K[32:],
        "source-too-large",
        "60000",
    ),
    "16-bit colour": (
        imagecodecs.jpeg2k_encode(RGB.astype(np.uint16) * 256, codecformat="j2k"),
        "source-unsupported",
        "16 bits",
    ),
    # the others
    "GIF beyond its screen": (
        (lambda d: d[:6] + struct.pack("<HH", 9, 9) + d[10:])(saved(GREY, "GIF")),
        "source-malformed",
        "screen",
    ),
    "WebP of two sizes": (
        (lambda d: d.replace(b"VP8X\n\0\0\0\x10\0\0\0\x1f", b"VP8X\n\0\0\0\x10\0\0\0\x2f"))(
            saved(np.dstack([RGB, GREY]), "WEBP", quality=50)
        ),
        "source-malformed",
        "size",
    ),
    "two WebPs": (saved(RGB, "WEBP") * 2, "source-unsupported", "in a row"),
    "BMP hidden by its alpha": (
        other.bmp(
            bytes(4 * other.W * other.H),
            32,
            header=124,
            compression=3,
            masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        ),
        "source-malformed",
        "alpha",
    ),
    "BMP masks that overlap": (
        other.bmp(bytes(4 * other.W * other.H), 32, compression=3, masks=(0xFF, 0xFF, 0xFF00)),
        "source-malformed",
        "masks",
    ),
    "BMP runs that leave out": (
        other.bmp(b"\0\1", 8, compression=1, table=bytes(1024)),
        "source-unsupported",
        "leave out",
    ),
    "BMP of OS/2 2.x": (
        other.bmp(bytes(other.H * 28), 8, header=64),
        "source-unsupported",
        "header of 64",
    ),
    "PAM": (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0", "source-unsupported", "PAM"),
    "PFM": (b"Pf\n1 1\n-1.0\n\0\0\0\0", "source-unsupported", "PFM"),
    "above maxval": (b"P5 2 1 7\n\1\xff", "source-malformed", "maxval"),
    "maxval 0": (b"P5 2 1 0\n\0\0", "source-malformed", "maxval"),
    "bytes after a PGM": (b"P5 2 1 255\n\0\0junk", "source-malformed", "no further image"),
    "a sample too many": (b"P2 2 1 255\n1 2 3", "source-malformed", "declares"),
    "a minus": (b"P2 2 1 255\n1 -2", "source-malformed", "raster"),
}
