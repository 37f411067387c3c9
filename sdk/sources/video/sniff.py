"""Which files are video, by their first bytes."""

from __future__ import annotations

_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
_SIGNATURES = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF
    b"OggS",
    b"YUV4MPEG2 ",
)
_SYNC = 0x47
_TS_PACKETS = ((0, 188), (4, 192))  # where a packet's first byte is, and how long packets are
_ANNEX_B = (b"\x00\x00\x00\x01", b"\x00\x00\x01")
_H264_FIRST = (7, 9)  # a sequence parameter set, or an access unit delimiter


def is_video(header: bytes) -> bool:
    """Whether the first bytes of a file announce a video container, or a bare H.264 stream.

    Args:
        header: `HEADER_BYTES` of them, or fewer if the file is shorter.
    """
    if header[4:8] in _BOXES:
        return header[8:12] not in _STILL_BRANDS
    if header[:4] == b"RIFF" and header[8:12] == b"AVI ":
        return True
    return header.startswith(_SIGNATURES) or _is_transport(header) or _is_h264(header)


def _is_transport(header: bytes) -> bool:
    for first, length in _TS_PACKETS:
        places = range(first, first + 3 * length, length)
        if all(header[place : place + 1] == bytes([_SYNC]) for place in places):
            return True
    return False


def _is_h264(header: bytes) -> bool:
    for start in _ANNEX_B:
        if header.startswith(start) and len(header) > len(start):
            unit = header[len(start)]
            return unit < 0x80 and unit & 31 in _H264_FIRST
    return False
