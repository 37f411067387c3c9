"""Transfer syntaxes (PS3.5 clause 10 and annex A): which are read, and by which kind of reader."""

from __future__ import annotations

from dataclasses import dataclass

from .values import Header

_ROOT = "1.2.840.10008.1.2"


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a data set and its pixels are encoded.

    Attributes:
        uid: of the transfer syntax.
        title: for messages.
        pixels: `native`, `rle`, `deflate` (each frame), `jpeg`, `jpeg-ls` or `jpeg-2000`.
        implicit: value representations are left out.
        big_endian: byte order of the data set.
        deflated: the whole data set is.
        processes: of `jpeg`: the frame headers (SOF) that are allowed.
    """

    uid: str
    title: str
    pixels: str = "native"
    implicit: bool = False
    big_endian: bool = False
    deflated: bool = False
    processes: tuple[int, ...] = ()


_BASELINE, _EXTENDED, _LOSSLESS = 0xC0, 0xC1, 0xC3
_READ = (
    Syntax(_ROOT, "Implicit VR Little Endian", implicit=True),
    Syntax(f"{_ROOT}.1", "Explicit VR Little Endian"),
    Syntax(f"{_ROOT}.1.99", "Deflated Explicit VR Little Endian", deflated=True),
    Syntax(f"{_ROOT}.2", "Explicit VR Big Endian", big_endian=True),
    Syntax(f"{_ROOT}.4.50", "JPEG Baseline", "jpeg", processes=(_BASELINE, _EXTENDED)),
    Syntax(f"{_ROOT}.4.51", "JPEG Extended", "jpeg", processes=(_BASELINE, _EXTENDED)),
    Syntax(f"{_ROOT}.4.57", "JPEG Lossless", "jpeg", processes=(_LOSSLESS,)),
    Syntax(f"{_ROOT}.4.70", "JPEG Lossless SV1", "jpeg", processes=(_LOSSLESS,)),
    Syntax(f"{_ROOT}.4.80", "JPEG-LS Lossless", "jpeg-ls"),
    Syntax(f"{_ROOT}.4.81", "JPEG-LS Near-Lossless", "jpeg-ls"),
    Syntax(f"{_ROOT}.4.90", "JPEG 2000 Lossless", "jpeg-2000"),
    Syntax(f"{_ROOT}.4.91", "JPEG 2000", "jpeg-2000"),
    Syntax(f"{_ROOT}.4.201", "HTJ2K Lossless", "jpeg-2000"),
    Syntax(f"{_ROOT}.4.202", "HTJ2K Lossless RPCL", "jpeg-2000"),
    Syntax(f"{_ROOT}.4.203", "HTJ2K", "jpeg-2000"),
    Syntax(f"{_ROOT}.5", "RLE Lossless", "rle"),
    Syntax(f"{_ROOT}.8.1", "Deflated Image Frame", "deflate"),
)
SYNTAXES = {syntax.uid: syntax for syntax in _READ}
IMPLICIT, EXPLICIT, EXPLICIT_BIG = (SYNTAXES[uid] for uid in (_ROOT, f"{_ROOT}.1", f"{_ROOT}.2"))

# Known, and not read: what to call them. A longer UID belongs to the longest entry it begins with.
_NAMED = {
    f"{_ROOT}.4.100": "MPEG-2 video",
    f"{_ROOT}.4.101": "MPEG-2 video",
    f"{_ROOT}.4.102": "MPEG-4 (H.264) video",
    f"{_ROOT}.4.103": "MPEG-4 (H.264) video",
    f"{_ROOT}.4.104": "MPEG-4 (H.264) video",
    f"{_ROOT}.4.105": "MPEG-4 (H.264) video",
    f"{_ROOT}.4.106": "MPEG-4 (H.264) stereo video",
    f"{_ROOT}.4.107": "HEVC (H.265) video",
    f"{_ROOT}.4.108": "HEVC (H.265) video",
    f"{_ROOT}.7.1": "SMPTE ST 2110 video",
    f"{_ROOT}.7.2": "SMPTE ST 2110 video",
    f"{_ROOT}.7.3": "SMPTE ST 2110 audio",
    f"{_ROOT}.4.92": "multi-component JPEG 2000",
    f"{_ROOT}.4.93": "multi-component JPEG 2000",
    f"{_ROOT}.4.94": "JPIP, whose pixels are on a server",
    f"{_ROOT}.4.95": "JPIP, whose pixels are on a server",
    f"{_ROOT}.4.204": "JPIP, whose pixels are on a server",
    f"{_ROOT}.4.205": "JPIP, whose pixels are on a server",
    f"{_ROOT}.4.110": "JPEG XL",
    f"{_ROOT}.4.111": "JPEG XL",
    f"{_ROOT}.4.112": "JPEG XL",
    "1.2.840.113619.5.2": "GE's private big-endian pixels",
}


def syntax_of(uid: str, header: Header) -> Syntax:
    """Return the transfer syntax of a UID.

    Raises:
        SourceError: `source-unsupported`, naming what it is.
    """
    syntax = SYNTAXES.get(uid)
    if syntax is not None:
        return syntax
    known = _NAMED.get(uid) or _NAMED.get(uid.rpartition(".")[0])
    if known is None and uid.startswith(f"{_ROOT}.4."):
        known = "a retired JPEG process"
    mend = "export it as images" if known and "video" in known else "save it uncompressed"
    raise header.error(
        "source-unsupported",
        f"the transfer syntax is {known or 'unknown'} ({uid}), which isn't read here; {mend}",
    )
