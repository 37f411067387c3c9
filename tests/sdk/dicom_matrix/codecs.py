"""Encoders of the matrix: from cells to the bytes of one frame."""

from __future__ import annotations

import struct
import tempfile
import zlib
from copy import deepcopy
from pathlib import Path

import gdcm
import jpeg_ls as charls
import numpy as np
import pydicom
from openjpeg.utils import encode_array
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.uid import UID, ExplicitVRLittleEndian


def rle(cells: np.ndarray, depth: int) -> bytes:
    """PS3.5 annex G, literal and replicate runs; cells are (rows, columns[, samples])."""
    planes = []
    samples = [cells] if cells.ndim == 2 else [cells[..., k] for k in range(cells.shape[2])]
    for sample in samples:
        whole = sample.astype(f">u{depth}").tobytes()
        planes += [_pack(whole[byte::depth]) for byte in range(depth)]
    offsets, position = [], 64
    for plane in planes:
        offsets.append(position)
        position += len(plane)
    header = struct.pack("<16I", len(planes), *offsets, *[0] * (15 - len(planes)))
    return header + b"".join(planes)


def _pack(data: bytes) -> bytes:
    packed, at = bytearray(), 0
    while at < len(data):
        run = 1
        while run < 128 and data[at : at + 1] * (run + 1) == data[at : at + run + 1]:
            run += 1
        if run > 1:
            packed += bytes((257 - run, data[at]))
            at += run
        else:
            literal = data[at : at + 5]
            packed += bytes((len(literal) - 1,)) + literal
            at += len(literal)
    return bytes(packed) + b"\0" * (len(packed) % 2)


def deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    squeezed = squeezer.compress(data) + squeezer.flush()
    return squeezed + b"\0" * (len(squeezed) % 2)


def jpeg_ls(cells: np.ndarray, bits: int, interleave: int) -> bytes:
    samples = 1 if cells.ndim == 2 else 3
    # the encoder takes pixels for interleaving by line as well
    data = cells.transpose(2, 0, 1) if samples == 3 and interleave == 0 else cells
    size = 1 if bits <= 8 else 2
    packed = np.ascontiguousarray(data).astype(f"<u{size}").tobytes()
    rows, columns = cells.shape[:2]
    return bytes(
        charls.encode_buffer(packed, rows, columns, samples, bits, interleave_mode=interleave)
    )


def jpeg2000(cells: np.ndarray, bits: int, signed: bool, transform: bool) -> bytes:
    """Cells, or sample values when `signed`."""
    size = 1 if bits <= 8 else 2 if bits <= 16 else 4
    array = np.ascontiguousarray(cells).astype(f"<{'i' if signed else 'u'}{size}")
    return bytes(
        encode_array(
            array,
            bits_stored=bits,
            photometric_interpretation=1 if cells.ndim == 3 else 2,
            use_mct=transform,
        )
    )


def jpeg_lossless(dataset: Dataset, uid: str) -> None:
    """Compress the native pixels of a data set by GDCM, which sees what it needs and no more."""
    bare = Dataset()
    for tag in dataset:
        if tag.tag.group in (0x0008, 0x7FE0) or 0x00280002 <= tag.tag <= 0x00280103:
            bare.add(deepcopy(tag))
    bare.PhotometricInterpretation = "MONOCHROME2" if dataset.SamplesPerPixel == 1 else "RGB"
    bare.file_meta = deepcopy(dataset.file_meta)
    bare.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with tempfile.TemporaryDirectory() as folder:
        plain, squeezed = Path(folder) / "a.dcm", Path(folder) / "b.dcm"
        bare.save_as(plain, enforce_file_format=True)
        reader, writer = gdcm.ImageReader(), gdcm.ImageWriter()
        reader.SetFileName(str(plain))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(uid)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(squeezed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        made = pydicom.dcmread(squeezed)
    dataset["PixelData"] = made["PixelData"]
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = made.PlanarConfiguration


def saved(dataset: Dataset) -> bytes:
    """The file's bytes; pydicom doesn't know Deflated Image Frame, which has a UID as long."""
    buffer = DicomBytesIO()
    deflated, jpeg = "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.4.50"
    if dataset.file_meta.TransferSyntaxUID != deflated:
        dataset.save_as(buffer, enforce_file_format=True)
        return bytes(buffer.getvalue())
    dataset.file_meta.TransferSyntaxUID = UID(jpeg)
    dataset.save_as(buffer, enforce_file_format=True)
    return bytes(buffer.getvalue()).replace(jpeg.encode(), deflated.encode() + b"\0", 1)
