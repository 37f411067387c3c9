"""DICOM files of every outer form are known by their bytes; what isn't read is named."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openjpeg.utils import encode_array
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from sdk import sources
from sdk.sources.dicom import is_dicom
from sdk.sources.images import image_kind
from tests.sdk.dicom_files import make_dataset, write
from tests.sdk.dicom_jpegs import COLOUR, GREY, wrapped
from tests.sdk.dicom_matrix import codecs
from tests.sdk.dicom_reading import pixels, raw_frames, refusal

REAL = Path(pydicom.data.__file__).parent / "test_files"
ROOT = "1.2.840.10008.1.2"


def bare(syntax: UID) -> bytes:
    """The data set alone: no preamble, no file meta information."""
    data = codecs.saved(make_dataset(GREY, syntax, SpecificCharacterSet="ISO_IR 100"))
    return data[132 + 12 + struct.unpack_from("<I", data, 140)[0] :]


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_a_bare_data_set_is_read(tmp_path: Path, syntax: UID) -> None:
    data = bare(syntax)
    assert is_dicom(data[:132])
    np.testing.assert_array_equal(raw_frames(data)[0], GREY)
    path = tmp_path / "a"
    path.write_bytes(data)
    assert next(sources.open(path))[0].width == 48


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, f"{ROOT}.1.99"])
def test_a_file_without_its_preamble_is_read(syntax: str) -> None:
    data = codecs.saved(make_dataset(GREY, syntax))[132:]
    assert is_dicom(data[:132])
    np.testing.assert_array_equal(raw_frames(data)[0], GREY)


@pytest.mark.parametrize(
    "preamble", [b"\xff" * 128, b"II*\0" + bytes(124), b"\xff\xd8\xff".ljust(128)]
)
def test_any_preamble_will_do(tmp_path: Path, preamble: bytes) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(preamble + codecs.saved(make_dataset(GREY))[128:])
    assert next(sources.open(path))[1].kind == "dicom"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("ExplVR_BigEndNoMeta", "source-no-pixels"),
        ("ExplVR_LitEndNoMeta", "source-no-pixels"),
        ("rtstruct", "source-no-pixels"),
        ("meta_missing_tsyntax", "source-unsupported"),
        ("MR_truncated", "source-truncated"),
        ("rtplan_truncated", "source-truncated"),
        ("MR_small_padded", "source-malformed"),
        ("badVR", "source-malformed"),
        ("GDCMJ2K_TextGBR", "source-unsupported"),
        ("liver_1frame", "source-malformed"),
    ],
)
def test_real_files_that_are_refused_say_why(name: str, slug: str) -> None:
    assert refusal((REAL / f"{name}.dcm").read_bytes()) == slug


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_other_bytes_are_not_taken_for_dicom(data: bytes) -> None:
    # a data set begins with group 0002 or 0008 and a known value representation
    if is_dicom(data):
        assert data[:2] in (b"\x02\0", b"\x08\0", b"\0\x02", b"\0\x08") or data[128:132] == b"DICM"


@pytest.mark.parametrize(
    "header",
    [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM\x08\0\0\0", b"II*\0\x08\0\0\0",
     b"MM\0*\0\0\0\x08", b"RIFF\x08\0\0\0WEBP", b"P5 8 8 255\n", b"\0\0\0\x0cjP  \r\n\x87\n",
     b"\x08\0", b"\x08\0\x05\0", b"\x08\0\0\0\x08\0\0\0", b""],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("fill", [0, 8, 255])
def test_images_and_scraps_are_not_taken_for_dicom(header: bytes, fill: int) -> None:
    assert not is_dicom(header)
    assert not is_dicom(header.ljust(132, bytes((fill,)))) or image_kind(header) is None


def first(tag: int, vr: bytes, length: int) -> bytes:
    """The first 132 bytes of a bare data set, explicit little-endian, that begins so."""
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    long = vr in (b"UN", b"UT", b"OB")
    return (head + struct.pack("<HI" if long else "<H", *((0,) if long else ()), length)).ljust(
        132, b"x"
    )


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (first(0x00080005, b"CS", 200), True),  # one explicit element is beyond doubt
        (first(0x00080005, b"CS", 4096), True),
        (first(0x00080005, b"CS", 4098), False),
        (first(0x00080005, b"CS", 201), False),  # lengths are even
        (first(0x00080005, b"UT", 0xFFFFFFFF), True),
        (first(0x00080005, b"UT", 0xFFFFFFFE), False),
        (first(0x00080005, b"XX", 200), False),
        (first(0x00100010, b"PN", 200), False),  # identification comes first
        (b"\0" * 128 + b"DICM", True),
        (b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\4\0", True),
        (b"\0" * 127 + b"DICMx", False),
    ],
)
def test_the_first_bytes_tell_dicom(header: bytes, known: bool) -> None:
    assert is_dicom(header) is known


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        (f"{ROOT}.4.100", "MPEG-2 video"),
        (f"{ROOT}.4.100.1", "MPEG-2 video"),
        (f"{ROOT}.4.101", "MPEG-2 video"),
        (f"{ROOT}.4.102", "MPEG-4"),
        (f"{ROOT}.4.103.1", "MPEG-4"),
        (f"{ROOT}.4.105", "MPEG-4"),
        (f"{ROOT}.4.106", "MPEG-4"),
        (f"{ROOT}.4.107", "HEVC"),
        (f"{ROOT}.4.108", "HEVC"),
        (f"{ROOT}.7.1", "SMPTE"),
        (f"{ROOT}.4.92", "multi-component"),
        (f"{ROOT}.4.94", "JPIP"),
        (f"{ROOT}.4.110", "JPEG XL"),
        (f"{ROOT}.4.52", "retired"),
        (f"{ROOT}.4.55", "retired"),
        (f"{ROOT}.6.1", "unknown"),
        ("1.2.840.113619.5.2", "GE"),
        ("1.2.3", "unknown"),
    ],
)
def test_transfer_syntaxes_that_are_not_read_are_named(syntax: str, name: str) -> None:
    data = codecs.saved(wrapped([b"\xff\xd8\xff\xd9"], f"{ROOT}.4.50"))
    meta = data[132 + 12 : 132 + 12 + struct.unpack_from("<I", data, 140)[0]]
    padded = syntax.encode() + b"\0" * (len(syntax) % 2)
    old = b"\x02\0\x10\0UI\x16\0" + f"{ROOT}.4.50".encode()
    new = b"\x02\0\x10\0UI" + struct.pack("<H", len(padded)) + padded
    changed = meta.replace(old, new)
    assert changed != meta
    head = data[:140] + struct.pack("<I", len(changed))
    assert refusal(head + changed + data[144 + len(meta) :], name) == "source-unsupported"


@pytest.mark.parametrize("syntax", ["201", "202", "203"])
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_high_throughput_jpeg_2000_is_exact(syntax: str, image: np.ndarray) -> None:
    data = imagecodecs.htj2k_encode(image, reversible=True)
    tags = {"PhotometricInterpretation": "YBR_RCT"} if image.ndim == 3 else {}
    dataset = wrapped([bytes(data)], f"{ROOT}.4.{syntax}", image, **tags)
    np.testing.assert_array_equal(pixels(dataset), image)


def test_twelve_bits_of_jpeg_equal_another_decoder() -> None:
    ramp = (np.add.outer(np.arange(70), np.arange(90)) * 25).clip(0, 4095).astype(np.uint16)
    data = imagecodecs.jpeg8_encode(ramp, level=95, bitspersample=12)
    held = imagecodecs.jpeg8_decode(data)
    dataset = wrapped([bytes(data)], f"{ROOT}.4.51", ramp, BitsStored=12, HighBit=11)
    np.testing.assert_allclose(pixels(dataset), held * (255 / 4095), atol=0.501)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("syntax", ["57", "70"])
def test_jpeg_lossless_of_any_precision_is_exact(bits: int, syntax: str) -> None:
    image = np.random.default_rng(bits).integers(0, 2**bits, (33, 41))
    image = image.astype(np.uint8 if bits == 8 else np.uint16)
    data = imagecodecs.jpeg8_encode(image, lossless=True, predictor=1, bitspersample=bits)
    dataset = wrapped([bytes(data)], f"{ROOT}.4.{syntax}", image, BitsStored=bits, HighBit=bits - 1)
    np.testing.assert_allclose(pixels(dataset), image * (255 / (2**bits - 1)), atol=0.501)


def test_file_objects_are_read(tmp_path: Path) -> None:
    data = write(make_dataset(GREY), tmp_path / "a.dcm").read_bytes()
    assert next(sources.open(io.BytesIO(data)))[1].kind == "dicom"


def test_the_lossy_transform_of_jpeg_2000_equals_another_decoder() -> None:
    smooth = np.stack([np.add.outer(np.arange(80), np.arange(96)) * k // 3 for k in (1, 2, 3)], -1)
    image = smooth.clip(0, 255).astype(np.uint8)
    data = bytes(encode_array(image, photometric_interpretation=1, compression_ratios=[8]))
    held = imagecodecs.jpeg2k_decode(data)
    dataset = wrapped([data], f"{ROOT}.4.91", image, PhotometricInterpretation="YBR_ICT")
    np.testing.assert_allclose(pixels(dataset).astype(int), held, atol=1)
    assert np.abs(held.astype(int) - image).max() < 40
