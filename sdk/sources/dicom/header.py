"""The header of a DICOM file, read once and from the open file: all that lies before the pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..._shown import shown
from ...errors import SourceError
from ..base import optional_import
from . import sniff
from .listed import LISTED
from .stream import BoundedFile, inflate
from .syntax import EXPLICIT, EXPLICIT_BIG, IMPLICIT, Syntax, syntax_of
from .values import PYDICOM_RAISES, Header

UNDEFINED_LENGTH = 0xFFFFFFFF
_TRANSFER_SYNTAX = 0x00020010
_CHARACTER_SET = 0x00080005
_FLOAT_PIXELS, _DOUBLE_PIXELS, _PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010
# from where it looks at the first element's VR to where its value begins
_LOOK_AHEAD_BYTES = 6
_LONG_HEADER = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT"})


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixels lie.

    Attributes:
        vr: as the file states it; OW where it leaves it out.
        start: of the value, in bytes from the start of the file.
        length: in bytes, or None when it is undefined (encapsulated).
    """

    vr: str
    start: int
    length: int | None


@dataclass(frozen=True, slots=True)
class DicomFile:
    """An open DICOM file: its header, and what is needed to read its pixels.

    Attributes:
        file: seekable; inflated when the transfer syntax is deflated.
        header: all elements before the pixels that this package knows.
        syntax: of the data set.
        pixels: where they are.
        size: of the file in bytes, or None when it is inflated.
    """

    file: BinaryIO
    header: Header
    syntax: Syntax
    pixels: PixelElement
    size: int | None


def read_header(file: BinaryIO, name: str) -> DicomFile:
    """Read the header of a DICOM file.

    Args:
        file: at its start.
        name: for messages.

    Raises:
        SourceError: `dependency-missing`, `source-no-pixels`, `source-too-large`,
            `source-truncated`, `source-malformed` or `source-unsupported`.
    """
    optional_import("pydicom.filereader", "pydicom", "dicom")
    bounded = BoundedFile(file, name)
    beginning = file.read(sniff.SNIFF_BYTES)
    start = sniff.PREAMBLE_BYTES + 4 if sniff.has_preamble(beginning) else 0
    file.seek(start)
    meta = Header(name, _read(bounded, name, EXPLICIT, _Stop(bounded, beyond=0x0002FFFF)))
    syntax = _syntax(meta, file)
    if syntax.deflated:
        file = inflate(file, file.tell())
        bounded = BoundedFile(file, name)
    _check_byte_order(file, syntax, meta)
    stop = _Stop(bounded, beyond=_FLOAT_PIXELS - 1)
    header = Header(name, _read(bounded, name, syntax, stop))
    return DicomFile(file, header, syntax, _pixel_element(stop, file, header), bounded.size)


def _syntax(meta: Header, file: BinaryIO) -> Syntax:
    uid = meta.text("TransferSyntaxUID")
    if uid is not None:
        return syntax_of(uid, meta)
    # without a file meta group the bytes themselves must say how they are encoded
    position = file.tell()
    beginning = file.read(sniff.SNIFF_BYTES)
    encoding = sniff.encoding_of(beginning)
    file.seek(position)
    if not beginning:
        raise meta.error("source-truncated", "ends before its data set; copy it again")
    if encoding is None:
        raise meta.error(
            "source-unsupported",
            "(0002,0010) TransferSyntaxUID is missing, and the data set's encoding isn't plain; "
            "save it with its file meta information",
        )
    return {"implicit": IMPLICIT, "explicit": EXPLICIT, "explicit-big": EXPLICIT_BIG}[encoding]


def _check_byte_order(file: BinaryIO, syntax: Syntax, meta: Header) -> None:
    """Refuse a data set whose first tag makes sense in the other byte order only."""
    position = file.tell()
    with _translated(None, meta.name):
        group = file.read(2)
    file.seek(position)
    declared = int.from_bytes(group, "big" if syntax.big_endian else "little")
    other = int.from_bytes(group, "little" if syntax.big_endian else "big")
    if len(group) == 2 and other in (0x0008, 0x0010, 0x0018, 0x0020, 0x0028) and declared > other:
        raise meta.error(
            "source-malformed",
            f"the transfer syntax is {syntax.title}, but the data set's bytes are in the other "
            "byte order",
        )


class _Stop:
    """Tells pydicom where the header ends, and looks at each element before it is read."""

    def __init__(self, bounded: BoundedFile, beyond: int) -> None:
        self._bounded = bounded
        self._beyond = beyond
        self._seen: dict[int, int] = {}
        self.reached: tuple[int, str | None, int] | None = None

    def __call__(self, tag: Any, vr: str | None, length: int) -> bool:
        number = int(tag)
        if number > self._beyond:
            self.reached = (number, vr, length)
            return True
        position = self._bounded.tell()
        # pydicom may ask twice about the first element: before and after it looks at its VR
        if position - self._seen.get(number, position) > _LOOK_AHEAD_BYTES:
            raise self._refuse("source-malformed", number, "is there twice")
        if number in LISTED:
            self._seen[number] = position
        # no text is read, and pydicom looks for a codec by whatever name stands there
        self._bounded.blanks_next = number == _CHARACTER_SET and length > 0
        size = self._bounded.size
        if size is not None and length != UNDEFINED_LENGTH and position + length > size:
            raise self._refuse("source-truncated", number, "reaches beyond the end; copy it again")
        return False

    def _refuse(self, slug: str, tag: int, what: str) -> SourceError:
        return self._bounded.refuse(slug, f"element ({tag >> 16:04X},{tag & 0xFFFF:04X}) {what}")


def _read(
    bounded: BoundedFile, name: str, syntax: Syntax, stop: Callable[[Any, str | None, int], bool]
) -> Any:
    from pydicom.filereader import read_dataset

    with _translated(bounded, name):
        return read_dataset(
            bounded,  # type: ignore[arg-type]
            is_implicit_VR=syntax.implicit,
            is_little_endian=not syntax.big_endian,
            stop_when=stop,
            specific_tags=[*LISTED],
        )


@contextmanager
def _translated(bounded: BoundedFile | None, name: str) -> Iterator[None]:
    """Turn what pydicom, zlib and the file raise into a `SourceError`; all else passes."""
    import zlib

    try:
        yield
    except SourceError:
        raise
    except (*PYDICOM_RAISES, OSError, zlib.error) as error:
        if isinstance(error, TimeoutError | InterruptedError):
            raise  # what a signal handler raises, rather than a regular file
        if bounded is not None and bounded.error is not None:
            raise bounded.error from error
        ended = isinstance(error, EOFError) or (bounded is not None and bounded.ended)
        slug = "source-truncated" if ended else "source-malformed"
        what = f"{type(error).__name__}: {shown(str(error))}"
        raise SourceError(
            slug, f"{shown(name)}: the DICOM header cannot be read: {what}; copy it again"
        ) from error


def _pixel_element(stop: _Stop, file: BinaryIO, header: Header) -> PixelElement:
    if stop.reached is None or stop.reached[0] not in (_FLOAT_PIXELS, _DOUBLE_PIXELS, _PIXELS):
        raise header.error("source-no-pixels", "no (7FE0,0010) Pixel Data: it holds no image")
    tag, vr, length = stop.reached
    if tag != _PIXELS:
        raise header.error(
            "source-unsupported",
            f"(7FE0,{tag & 0xFFFF:04X}) Float Pixel Data, allowed are whole numbers; convert it",
        )
    if vr is not None and vr not in ("OB", "OW", "UN"):
        raise header.error(
            "source-malformed",
            f"(7FE0,0010) Pixel Data has the value representation {shown(vr)}, allowed are OB, OW",
        )
    start = file.tell() + (12 if vr in _LONG_HEADER else 8)
    return PixelElement(vr or "OW", start, None if length == UNDEFINED_LENGTH else length)
