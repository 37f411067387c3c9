"""Hostile DICOM files are refused before the work that they ask for is done."""

from __future__ import annotations

import io
import os
import resource
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from sdk import sources
from sdk.errors import SourceError
from sdk.sources.dicom import read_dicom
from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_jpegs import COLOUR, GREY, jpeg, wrapped
from tests.sdk.dicom_matrix import codecs
from tests.sdk.dicom_reading import raw_frames, refusal

MALFORMED, TOO_LARGE, TRUNCATED = "source-malformed", "source-too-large", "source-truncated"


@pytest.fixture(autouse=True)
def costs_little() -> object:
    """Each refusal takes less than the three seconds that a frame may, and 128 MB."""
    began, size = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - began < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size < 128 * 1024


def element(tag: int, vr: bytes, length: int, value: bytes = b"") -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    long = vr in (b"OB", b"OW", b"UN", b"SQ")
    return head + (struct.pack("<HI", 0, length) if long else struct.pack("<H", length)) + value


def after(dataset: Dataset, tag: int, insertion: bytes) -> bytes:
    """The file with bytes put before its first element beyond `tag`'s group."""
    data = codecs.saved(dataset)
    rows = data.index(b"\x28\x00\x02\x00US")
    return data[:rows] + insertion + data[rows:]


def test_a_jpeg_2000_of_another_size_is_refused_before_it_is_decoded() -> None:
    small = bytearray(codecs.jpeg2000(GREY, 8, False, False))
    small[8:16] = struct.pack(">II", 60_000, 60_000)
    small[24:32] = struct.pack(">II", 60_000, 60_000)
    dataset = wrapped([bytes(small)], JPEG2000Lossless, GREY)
    assert refusal(dataset, "60000 columns", "says 48") == MALFORMED


def j2k_main(tiles: tuple[int, int] = (48, 40), precincts: bytes = b"", layers: int = 1) -> bytes:
    """A JPEG 2000 main header and one empty tile-part."""
    size = struct.pack(">HIIIIIIIIH", 0, 48, 40, 0, 0, *tiles, 0, 0, 1) + b"\x07\x01\x01"
    style = bytes((1 if precincts else 0, 0)) + struct.pack(">H", layers) + b"\0"
    style += bytes((max(0, len(precincts) - 1), 4, 4, 0, 1)) + precincts
    quant = b"\x40" + b"\x40" * (3 * max(0, len(precincts) - 1) + 1)
    parts = [b"\xff\x4f"]
    for marker, body in ((0xFF51, size), (0xFF52, style), (0xFF5C, quant)):
        parts.append(struct.pack(">HH", marker, len(body) + 2) + body)
    parts.append(struct.pack(">HHHIBB", 0xFF90, 10, 0, 14, 0, 1) + b"\xff\x93\xff\xd9")
    return b"".join(parts)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (j2k_main(tiles=(1, 1)), "1920 tiles"),
        (j2k_main(tiles=(16, 16)), "9 tiles"),
        (j2k_main(precincts=b"\x11\x11"), "precincts"),
        (j2k_main(layers=65_535), "65535 layers"),
        (j2k_main(tiles=(0, 40)), "tiles"),
    ],
    ids=["tiles-1", "tiles-16", "precincts", "layers", "tile-0"],
)
def test_a_jpeg_2000_that_costs_out_of_proportion_is_refused(data: bytes, words: str) -> None:
    assert refusal(wrapped([data], JPEG2000Lossless, GREY), words) == MALFORMED


def test_a_jpeg_of_many_scans_is_refused() -> None:
    data = jpeg(GREY)
    scan = data.index(b"\xff\xda")
    many = data[:scan] + data[scan:-2] * 2000 + b"\xff\xd9"
    dataset = wrapped([many], JPEGBaseline8Bit, GREY)
    assert refusal(dataset) in (MALFORMED, TOO_LARGE)
    few = data[:scan] + data[scan:-2] * 3 + b"\xff\xd9"
    assert refusal(wrapped([few], JPEGBaseline8Bit, GREY), "scans") == MALFORMED


def test_a_jpeg_ls_of_another_size_is_refused_before_it_is_decoded() -> None:
    data = bytearray(codecs.jpeg_ls(GREY, 8, 0))
    at = data.index(b"\xff\xf7") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    assert refusal(wrapped([bytes(data)], JPEGLSLossless, GREY), "60000") == MALFORMED


def test_rle_does_not_expand_beyond_the_frame() -> None:
    # 6 MB of runs of 128 bytes, that overlap: 15 segments of the same bytes
    runs = b"\x81\x00" * (3 << 20)
    header = struct.pack("<16I", 15, *[64] * 15)
    assert refusal(wrapped([header + runs], RLELossless, GREY), "frame 0|compressed bytes") in (
        MALFORMED,
        TOO_LARGE,
    )
    one = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * (1 << 19)
    assert refusal(wrapped([one], RLELossless, GREY), "holds more") == MALFORMED


def test_a_compressed_frame_far_longer_than_its_pixels_is_refused_unread() -> None:
    dataset = wrapped([jpeg(GREY)[:-2] + bytes(4 << 20)], JPEGBaseline8Bit, GREY)
    assert refusal(dataset, "4194\\d* compressed bytes|compressed bytes") == TOO_LARGE


@pytest.mark.parametrize("vr", [b"OB", b"UN"])
def test_a_large_private_element_is_skipped_unread(tmp_path: Path, vr: bytes) -> None:
    size = 3 << 30
    data = codecs.saved(make_dataset(GREY))
    rows = data.index(b"\x28\x00\x02\x00US")
    path = tmp_path / "a.dcm"
    with path.open("wb") as file:
        file.write(data[:rows] + element(0x00211001, vr, size))
        file.seek(size, os.SEEK_CUR)  # a hole
        file.write(data[rows:])
    (frame,) = [np.asarray(frame._data) for frame, _ in read_dicom(path.open("rb"), "a", None)]
    np.testing.assert_array_equal(frame, GREY)


def test_a_large_private_element_in_a_sequence_is_refused_unread(tmp_path: Path) -> None:
    size = 1 << 30
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + element(0x00211001, b"OB", size)
    path = tmp_path / "a.dcm"
    data = codecs.saved(make_dataset(GREY))
    rows = data.index(b"\x28\x00\x02\x00US")
    with path.open("wb") as file:
        file.write(data[:rows] + element(0x00211000, b"SQ", 0xFFFFFFFF) + item)
        file.seek(size, os.SEEK_CUR)
        file.write(data[rows:])
    with pytest.raises(SourceError, match="before its pixels") as caught:
        next(read_dicom(path.open("rb"), "a", None))
    assert caught.value.slug == TOO_LARGE


def test_an_element_longer_than_the_file_is_truncated() -> None:
    data = after(make_dataset(GREY), 0, element(0x00211001, b"OB", 0x7FFFFFF0))
    assert refusal(data, "0021,1001|reaches beyond") == TRUNCATED


@pytest.mark.parametrize("depth", [50, 400, 100_000])
@pytest.mark.parametrize("tag", [0x00211000, 0x52009229])
def test_sequences_in_sequences_are_bounded(depth: int, tag: int) -> None:
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    nested = (element(tag, b"SQ", 0xFFFFFFFF) + item) * depth
    closed = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0) * depth
    data = after(make_dataset(GREY), 0, nested + closed)
    assert refusal(data) in ("read", MALFORMED, TOO_LARGE, TRUNCATED)
    if depth > 1000:
        assert refusal(data) == MALFORMED


def test_a_million_elements_are_refused() -> None:
    private = b"".join(element(0x00210000 + k, b"LO", 0) for k in range(0x1000, 0xFFFF))
    data = after(make_dataset(GREY), 0, private)
    assert refusal(data) == "read"
    odd = range(0x0011, 0x0025, 2)
    many = b"".join(
        struct.pack("<HH", group, k) + b"LO\0\0" for group in odd for k in range(0x1000, 0xFFFF)
    )
    assert refusal(after(make_dataset(GREY), 0, many), "elements") == TOO_LARGE


@pytest.mark.parametrize("charset", [b"\\" * 500, b"ISO_IR 999", b"\xff\xfe\0\1", b"A" * 900])
def test_any_character_set_is_harmless(charset: bytes) -> None:
    data = codecs.saved(make_dataset(GREY))
    at = data.index(b"\x08\x00\x16\x00UI")
    padded = charset + b" " * (len(charset) % 2)
    odd = data[:at] + element(0x00080005, b"CS", len(padded), padded) + data[at:]
    np.testing.assert_array_equal(raw_frames(odd)[0], GREY)


def test_a_deflated_bomb_is_refused_as_soon_as_it_is_too_large() -> None:
    data = codecs.saved(make_dataset(GREY, DeflatedExplicitVRLittleEndian))
    body = data.index(b"1.2.840.10008.1.2.1.99") + 22
    squeezer = zlib.compressobj(9, wbits=-15)
    bomb = squeezer.compress(element(0x00211001, b"OB", 1 << 29))
    for _ in range(200):
        bomb += squeezer.compress(bytes(1 << 20))
    assert len(bomb) < 1 << 20
    meta_end = _meta_end(data)
    assert body <= meta_end
    assert refusal(data[:meta_end] + bomb + squeezer.flush(), "inflates") == TOO_LARGE


def _meta_end(data: bytes) -> int:
    length = struct.unpack_from("<I", data, 132 + 8)[0]
    return 132 + 12 + length


def test_frames_beyond_the_file_are_not_believed() -> None:
    dataset = make_dataset(GREY, NumberOfFrames=1_000_000)
    assert refusal(dataset, "1000000 frame") == TRUNCATED
    assert refusal(make_dataset(GREY, NumberOfFrames=1_000_001), "1000001") == MALFORMED


def test_fragments_without_end_are_bounded() -> None:
    dataset = wrapped([jpeg()], JPEGBaseline8Bit)
    empty = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 450_000
    dataset.PixelData = encapsulate([b"\0\0"], has_bot=False)[:8] + empty
    assert refusal(dataset, "fragments") == TOO_LARGE


def test_a_header_that_ends_anywhere_is_a_typed_error() -> None:
    data = codecs.saved(make_dataset(COLOUR, WindowCenter=1, WindowWidth=2, FrameTime=3))
    end = len(data) - COLOUR.size
    for length in range(132, end, 3):
        assert refusal(data[:length]) in (TRUNCATED, MALFORMED, "source-no-pixels")


def test_the_file_is_read_from_where_it_is_open_and_never_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(codecs.saved(make_dataset(GREY, DeflatedExplicitVRLittleEndian)))
    file = path.open("rb")
    path.unlink()
    path.write_bytes(b"something else")
    frames = [np.asarray(frame._data) for frame, _ in read_dicom(file, str(path), None)]
    np.testing.assert_array_equal(frames[0], GREY)


class Panic(BaseException):
    """What a codec written in Rust raises."""


def where_decoding_raises(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A JPEG 2000 file whose decoder raises."""
    import openjpeg.utils

    def fail(*words: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(openjpeg.utils, "decode_pixel_data", fail)
    return wrapped([codecs.jpeg2000(GREY, 8, False, False)], JPEG2000Lossless, GREY)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("x"), OSError(5, "io")])
def test_what_a_codec_raises_is_a_source_error(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    dataset = where_decoding_raises(error, monkeypatch)
    assert refusal(dataset, "frame 0, JPEG 2000 Lossless") == MALFORMED


class Shutdown(Exception):
    """What a host's signal handler raises."""


@pytest.mark.parametrize("error", [Shutdown(), KeyboardInterrupt(), TimeoutError(), Panic()])
def test_what_others_raise_meanwhile_passes(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    dataset = where_decoding_raises(error, monkeypatch)
    with pytest.raises(type(error)):
        list(read_dicom(io.BytesIO(codecs.saved(dataset)), "a", None))


@pytest.mark.parametrize("module", ["gdcm", "jpeg_ls", "openjpeg.utils", "simplejpeg"])
def test_a_decoder_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    import sys

    monkeypatch.setitem(sys.modules, module, None)
    frames = {
        "gdcm": None,
        "jpeg_ls": wrapped([codecs.jpeg_ls(GREY, 8, 0)], JPEGLSLossless, GREY),
        "openjpeg.utils": wrapped([codecs.jpeg2000(GREY, 8, False, False)], JPEG2000Lossless, GREY),
        "simplejpeg": wrapped([jpeg()], JPEGBaseline8Bit),
    }
    dataset = frames[module]
    if dataset is None:
        dataset = make_dataset(GREY.astype(np.uint16) * 16, BitsStored=12, HighBit=11)
        monkeypatch.delitem(sys.modules, module)
        codecs.jpeg_lossless(dataset, "1.2.840.10008.1.2.4.70")
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.70"
        monkeypatch.setitem(sys.modules, module, None)
    assert refusal(dataset, "pip install 'sonogaze\\[dicom\\]'") == "dependency-missing"


def test_the_next_file_is_read_after_a_hostile_one(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.dcm", tmp_path / "good.dcm"
    bad.write_bytes(codecs.saved(wrapped([RNG_BYTES], RLELossless, GREY)))
    good.write_bytes(codecs.saved(make_dataset(GREY)))
    for _ in range(3):
        with pytest.raises(SourceError):
            list(sources.open(bad))
        assert len(list(sources.open(good))) == 1


RNG_BYTES = np.random.default_rng(5).bytes(4000)
