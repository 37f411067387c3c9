"""The decoders of compressed frames, one for each kind of data (`docs/integrating.md`, "DICOM").

libjpeg-turbo decodes strictly where simplejpeg reaches it, OpenJPEG and CharLS the rest, and GDCM
only what nothing else reads under a licence that fits. Not used: pylibjpeg-rle expands before it
checks, pylibjpeg-libjpeg is under the GPL, imagecodecs brings 80 MB of other libraries.

Each is imported when a frame needs it, for each is an optional dependency.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...codestreams import Cut, Damaged
from ..base import optional_import
from .codestream import Codestream
from .jpeg import lengthened, marked


def decode_with_turbo(data: bytes, stream: Codestream, luma: bool) -> npt.NDArray[Any]:
    """Decode JPEG of 8 bits with libjpeg-turbo.

    Args:
        data: one codestream.
        stream: its headers.
        luma: only the first component of a lossy one is wanted.

    Returns:
        Components as they are stored: (rows, columns), or (rows, columns, components).

    Raises:
        Damaged: it decodes to another size than its headers say; else as simplejpeg raises.
        SourceError: `dependency-missing` or `dependency-broken`, as all decoders here.
    """
    turbo = optional_import("simplejpeg", "simplejpeg", "dicom")
    # RGB is what isn't converted, whatever it is
    luma = luma and stream.is_lossy_jpeg
    colours = "GRAY" if luma or stream.components == 1 else "RGB"
    # strict: libjpeg would make up what is missing or damaged, and warn
    values = np.asarray(turbo.decode_jpeg(marked(data, rgb=not luma), colours, strict=True))
    if values.shape[:2] != (stream.height, stream.width):
        raise Damaged(f"it decodes to the shape {values.shape}")
    return values[..., 0] if colours == "GRAY" else values


def decode_with_gdcm(data: bytes, stream: Codestream, uid: str) -> npt.NDArray[Any]:
    """Decode JPEG of 2 to 16 bits, which simplejpeg reads at 8 bits only.

    Args:
        data: one codestream.
        stream: its headers.
        uid: of the transfer syntax.

    Returns:
        As `decode_with_turbo`.

    Raises:
        Damaged: GDCM cannot decode it. `Cut` when its scan ends early.
    """
    values = _gdcm_pixels(data, stream, uid)
    # where data is missing GDCM makes pixels up and says nothing, others of this than of that
    if not np.array_equal(values, _gdcm_pixels(lengthened(data), stream, uid)):
        raise Cut("its scan ends before its last pixel")
    return values


def _gdcm_pixels(data: bytes, stream: Codestream, uid: str) -> npt.NDArray[Any]:
    gdcm = optional_import("gdcm", "python-gdcm", "dicom")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    picture = gdcm.Image()
    picture.SetNumberOfDimensions(2)
    picture.SetDimensions((stream.width, stream.height, 1))
    picture.SetDataElement(element)
    # RGB stands for three components that aren't to be changed
    colour = "RGB" if stream.components == 3 else "MONOCHROME2"
    kinds = gdcm.PhotometricInterpretation
    picture.SetPhotometricInterpretation(kinds(kinds.GetPIType(colour)))
    picture.SetPlanarConfiguration(0)
    picture.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(uid)))
    size = 1 if stream.precision <= 8 else 2
    bits = max(8, stream.precision)  # GDCM aborts on bytes that aren't full
    picture.SetPixelFormat(gdcm.PixelFormat(stream.components, 8 * size, bits, bits - 1, 0))
    text = picture.GetBuffer()
    if text is None:
        raise Damaged("GDCM cannot decode it")
    # GDCM gives char* as text
    return _shaped(text.encode("utf-8", "surrogateescape"), stream, size)


def decode_jpeg_ls(data: bytes, stream: Codestream) -> npt.NDArray[Any]:
    """Decode JPEG-LS with CharLS; returned as by `decode_with_turbo`."""
    charls = optional_import("jpeg_ls", "pyjpegls", "dicom")
    decoded, info = charls.decode_pixel_data(data)
    by_plane = stream.components == 3 and info["interleave_mode"] == 0
    return _shaped(decoded, stream, 1 if stream.precision <= 8 else 2, by_plane)


def decode_jpeg2000(data: bytes, stream: Codestream) -> npt.NDArray[Any]:
    """Decode JPEG 2000 with OpenJPEG; returned as by `decode_with_turbo`."""
    openjpeg = optional_import("openjpeg.utils", "pylibjpeg-openjpeg", "dicom")
    decoded = openjpeg.decode_pixel_data(data, version=2)
    size = 1 if stream.precision <= 8 else 2 if stream.precision <= 16 else 4
    return _shaped(decoded, stream, size)


def _shaped(data: Any, stream: Codestream, size: int, by_plane: bool = False) -> npt.NDArray[Any]:
    """Arrange decoded bytes as (rows, columns) or (rows, columns, components)."""
    needed = stream.width * stream.height * stream.components * size
    if len(data) != needed:
        raise Damaged(f"it decodes to {len(data)} bytes instead of {needed}")
    flat = np.frombuffer(data, f"<u{size}")
    if stream.components == 1:
        return flat.reshape(stream.height, stream.width)
    if by_plane:
        planes = flat.reshape(stream.components, stream.height, stream.width)
        return planes.transpose(1, 2, 0)
    return flat.reshape(stream.height, stream.width, stream.components)
