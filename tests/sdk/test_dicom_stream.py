"""The file as the reader of a DICOM header sees it: so many bytes and reads, and no further."""

from __future__ import annotations

import io
import zlib

import pytest

from sdk.errors import SourceError
from sdk.sources.dicom import stream
from sdk.sources.dicom.stream import BoundedFile, inflate


def opened(data: bytes = bytes(range(100))) -> BoundedFile:
    return BoundedFile(io.BytesIO(data), "a.dcm")  # type: ignore[arg-type]


def test_it_may_move_to_the_end_and_not_beyond() -> None:
    file = opened()
    assert file.seek(100) == 100
    assert (file.error, file.ended) == (None, False)
    with pytest.raises(SourceError, match="ends inside an element") as caught:
        file.seek(101)
    assert caught.value.slug == "source-truncated"
    assert file.error is caught.value
    assert file.ended
    assert file.tell() == 100


def test_a_read_beyond_the_end_is_cut_short_only_where_a_data_set_may_end() -> None:
    for at, count in ((92, 9), (99, 8), (100, 9)):
        file = opened()
        file.seek(at)
        with pytest.raises(SourceError, match="ends inside its header"):
            file.read(count)
    file = opened()
    file.seek(100)
    assert file.read(8) == b""
    assert file.ended


def test_so_many_reads_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_READS", 4)
    file = opened()
    assert [file.read(1) for _ in range(4)] == [b"\0", b"\1", b"\2", b"\3"]
    with pytest.raises(SourceError, match="bytes or 2 elements") as caught:
        file.read(1)
    assert caught.value.slug == "source-too-large"


def test_so_many_bytes_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_HEADER_BYTES", 10)
    file = opened()
    assert len(file.read(6) + file.read(4)) == 10
    assert file.read(0) == b""
    with pytest.raises(SourceError, match="more than 10 bytes"):
        file.read(1)
    with pytest.raises(SourceError, match="more than 10 bytes"):
        opened().read()  # all of it, whatever that is


def test_blanks_stand_for_the_next_value_alone() -> None:
    file = opened()
    file.blanks_next = True
    assert file.read(3) == b"   "
    assert file.read(1) == b"\3"
    file.blanks_next = True
    file.seek(7)  # past the value
    assert file.read(1) == b"\7"


def test_the_first_refusal_is_kept() -> None:
    file = opened()
    first = file.refuse("source-truncated", "one")
    file.refuse("source-malformed", "two")
    assert file.error is first
    assert str(first) == "'a.dcm': one"


def deflated(rest: bytes, cut: int = 0) -> io.BytesIO:
    squeezer = zlib.compressobj(wbits=-15)
    data = squeezer.compress(rest) + squeezer.flush()
    return io.BytesIO(b"prefix" + data[: len(data) - cut])


def test_what_is_deflated_has_its_positions_behind_the_prefix() -> None:
    rest = bytes(range(256)) * 1000
    file = inflate(deflated(rest), 6)  # type: ignore[arg-type]
    assert file.read(4) == rest[:4]
    for at in (200_000, 100, 70_000, 6 + len(rest) - 1, 0):
        file.seek(at)
        assert file.read(3) == (b"prefix" + rest)[at : at + 3]
    bounded = BoundedFile(file, "a.dcm")
    assert bounded.size is None


def test_what_is_deflated_and_cut_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = bytes(range(256)) * 1000
    file = inflate(deflated(rest, cut=50), 6)  # type: ignore[arg-type]
    with pytest.raises(EOFError, match="end early"):
        file.seek(6 + len(rest))
    whole = inflate(deflated(rest), 6)  # type: ignore[arg-type]
    with pytest.raises(EOFError, match="end early"):
        whole.seek(6 + len(rest) + 1)
    monkeypatch.setattr(stream, "MAX_HEADER_BYTES", 1000)
    bounded = BoundedFile(inflate(deflated(rest), 6), "a.dcm")  # type: ignore[arg-type]
    assert bounded.seek(1000) == 1000
    with pytest.raises(SourceError, match="inflates to more than 1000 bytes"):
        bounded.seek(1001)
