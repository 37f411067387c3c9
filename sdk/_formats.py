"""Names of pixel formats: the supported ones, other names for them, and what comes near the rest.

What each format is stands in one table, `cpp_ext/src/format.cpp`; `docs/formats.md` says it in
words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from . import _kernels
from ._shown import shown
from .errors import FrameError

FACTS = _kernels.formats()
MJPEG = "MJPEG"
NAMES = (*FACTS, MJPEG)

# What FourCC, V4L2, GStreamer, DirectShow and FFmpeg (in lower case) call a supported format.
ALIASES = {
    **{"GREY": "GRAY8", "Y800": "GRAY8", "Y8": "GRAY8", "gray": "GRAY8"},
    **{"Y16": "GRAY16", "GRAY16_LE": "GRAY16", "gray16le": "GRAY16"},
    **{"RGB3": "RGB24", "rgb24": "RGB24", "BGR3": "BGR24", "bgr24": "BGR24"},
    **dict.fromkeys(("RGBA", "RGBx", "AB24", "XB24", "rgba", "rgb0"), "RGBA32"),
    **dict.fromkeys(("BGRA", "BGRx", "AR24", "XR24", "bgra", "bgr0"), "BGRA32"),
    **dict.fromkeys(("ARGB", "xRGB", "BA24", "BX24", "argb", "0rgb"), "ARGB32"),
    **dict.fromkeys(("ABGR", "xBGR", "RA24", "RX24", "abgr", "0bgr"), "ABGR32"),
    **{"YUY2": "YUYV", "YUNV": "YUYV", "yuyv422": "YUYV", "yvyu422": "YVYU"},
    **{"2vuy": "UYVY", "HDYC": "UYVY", "UYNV": "UYVY", "Y422": "UYVY", "uyvy422": "UYVY"},
    **{"nv12": "NV12", "nv21": "NV21", "nv16": "NV16", "nv24": "NV24"},
    **{"IYUV": "I420", "YU12": "I420", "yuv420p": "I420"},
    **{"Y42B": "I422", "422P": "I422", "yuv422p": "I422"},
    **{"Y444": "I444", "444P": "I444", "yuv444p": "I444"},
    **{"P010_10LE": "P010", "p010le": "P010", "p210le": "P210"},
    **{"I420_10LE": "I010", "yuv420p10le": "I010"},
    **{"MJPG": MJPEG, "JPEG": MJPEG, "mjpeg": MJPEG},
}

# Known formats that are not supported -> the nearest supported one and how to come to it.
_AS_GRAY16 = "give its luma words as GRAY16 with window=(black code, white code)"
_FULL = "it is the same bytes in full range: say color='bt601-full'"
_CONVERT = "let the grabber or its driver convert: the planes of colour lie otherwise"
_UNPACK = "let the grabber or its driver convert, or unpack it"
NEAREST = {
    **dict.fromkeys(("Y10", "GRAY10", "gray10le"), ("GRAY16", "window=(0, 1023) shows 10 bits")),
    **dict.fromkeys(("Y12", "GRAY12", "gray12le"), ("GRAY16", "window=(0, 4095) shows 12 bits")),
    **dict.fromkeys(("GRAY16_BE", "gray16be"), ("GRAY16", "swap its bytes: a.byteswap()")),
    **dict.fromkeys(("RGBP", "RGB16", "RGB565", "rgb565le"), ("RGB24", _UNPACK)),
    **dict.fromkeys(("RGB15", "RGB555", "rgb555le"), ("RGB24", _UNPACK)),
    **dict.fromkeys(("RGB48", "rgb48le", "RGB10A2_LE", "r210"), ("RGB24", _UNPACK)),
    **dict.fromkeys(("P012", "P016", "p012le", "p016le"), ("P010", _AS_GRAY16)),
    **dict.fromkeys(("P216", "P212", "Y210", "Y212", "Y216"), ("P210", _UNPACK)),
    **dict.fromkeys(("v210", "V210", "v216"), ("P210", _UNPACK)),
    **dict.fromkeys(("I210", "I422_10LE", "yuv422p10le"), ("I010", _AS_GRAY16)),
    **dict.fromkeys(("Y41B", "YUV9", "Y411", "411P"), ("I420", _CONVERT)),
    "NV42": ("NV24", _CONVERT),
    **dict.fromkeys(("AYUV", "VUYA", "Y410", "v308"), ("I444", _UNPACK)),
    **dict.fromkeys(("YV24", "I440"), ("I444", _CONVERT)),
    **dict.fromkeys(("yuvj420p", "J420"), ("I420", _FULL)),
    **dict.fromkeys(("yuvj422p", "J422"), ("I422", _FULL)),
    **dict.fromkeys(("yuvj444p", "J444"), ("I444", _FULL)),
    **dict.fromkeys(("RGB", "BGR"), ("RGB24", "3 bytes are R G B in RGB24, B G R in BGR24")),
    **dict.fromkeys(("YUV", "YUV422"), ("YUYV", "which is packed; planar 4:2:2 is I422")),
    "YUV420": ("I420", "which has a plane each of U and V; NV12 has one for both"),
    **dict.fromkeys(("H264", "HEVC", "H265"), (MJPEG, "decode it first: it is a stream, no frame")),
}

_SPELLINGS = {name.casefold(): name for name in (*ALIASES, *NAMES)}
_LONGEST = max(map(len, _SPELLINGS))


class PixelFormat(StrEnum):
    """Pixel formats; byte orders are those in memory, first byte first.

    ``PixelFormat("YUY2")`` is ``PixelFormat.YUYV``: other common names are understood too.
    """

    GRAY8 = "GRAY8"
    GRAY16 = "GRAY16"
    RGB24 = "RGB24"
    BGR24 = "BGR24"
    RGBA32 = "RGBA32"
    BGRA32 = "BGRA32"
    ARGB32 = "ARGB32"
    ABGR32 = "ABGR32"
    YUYV = "YUYV"
    YVYU = "YVYU"
    UYVY = "UYVY"
    VYUY = "VYUY"
    NV12 = "NV12"
    NV21 = "NV21"
    NV16 = "NV16"
    NV61 = "NV61"
    NV24 = "NV24"
    I420 = "I420"
    YV12 = "YV12"
    I422 = "I422"
    YV16 = "YV16"
    I444 = "I444"
    P010 = "P010"
    P210 = "P210"
    I010 = "I010"
    MJPEG = "MJPEG"

    @classmethod
    def _missing_(cls, value: object) -> PixelFormat | None:
        name = ALIASES.get(value) if isinstance(value, str) else None
        return None if name is None else cls(name)


def canonical(format_: Any) -> str:
    """Return the one name of a supported format.

    Args:
        format_: that name, or another one of ``ALIASES``.

    Raises:
        FrameError: ``format-unknown``, naming the nearest supported format where there is one.
    """
    name = str(format_) if isinstance(format_, str) else ""
    name = ALIASES.get(name, name)
    if name in FACTS or name == MJPEG:
        return name
    raise FrameError(
        "format-unknown",
        f"format is {shown(format_)}, it must be one of {', '.join(NAMES)}{_hint(name)}",
    )


def _hint(name: str) -> str:
    if name in NEAREST:
        nearest, how = NEAREST[name]
        return f"; the nearest is {nearest}: {how}"
    # No likeness but that of case: a name guessed wrong would be pixels read wrong.
    spelt = _SPELLINGS.get(name.casefold()) if len(name) <= _LONGEST else None
    return "" if spelt is None else f"; the nearest is {ALIASES.get(spelt, spelt)}"
