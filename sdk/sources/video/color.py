"""Matrix and range of a video's pixels: what the stream says, else what its standard presumes."""

from __future__ import annotations

from typing import NamedTuple

# ITU-T H.273 tables 3 and 4. The matrix of the FCC is BT.601's but for rounding, that of SMPTE 240M
# near BT.709's; a frame's grey is its luma, so the matrix touches what counts as coloured alone.
_MATRICES = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
_UNSAID = (2, 3)
RGB = 0
LIMITED, FULL = 1, 2
_RANGES = {LIMITED: "limited", FULL: "full"}
_SD_ROWS = 576


class Color(NamedTuple):
    """How the pixels of a picture are to be read.

    Attributes:
        name: such as `bt709-limited`.
        origin: `given` by the caller, `file` when the stream says both matrix and range, else
            `assumed`.
    """

    name: str
    origin: str


def color_of(given: str | None, matrix: int, range_: int, height: int) -> Color | None:
    """Return matrix and range of a YUV picture, or None when its matrix is none that is read.

    A stream that tells no range has the limited one (H.264 and H.265 Annex E; MPEG-2 knows no
    other). One that tells no matrix is taken for BT.601 up to 576 rows and for BT.709 above, as
    players take it.

    Args:
        given: by the caller, or None.
        matrix: MatrixCoefficients.
        range_: FFmpeg's number for it, 0 if unsaid.
        height: rows.
    """
    if given is not None:
        return Color(given, "given")
    if matrix in _UNSAID:
        name = "bt601" if height <= _SD_ROWS else "bt709"
    elif matrix in _MATRICES:
        name = _MATRICES[matrix]
    else:
        return None
    said = range_ in _RANGES and matrix not in _UNSAID
    return Color(f"{name}-{_RANGES.get(range_, 'limited')}", "file" if said else "assumed")
