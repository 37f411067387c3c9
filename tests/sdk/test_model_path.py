"""Which path is read, how much of it, and how long that may take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest

from sdk import ModelError
from sdk.model_file import read_model_file
from sdk.model_file.digest import seal
from sdk.model_file.reader import MAX_FILE_BYTES
from tests.sdk.model_files import slug_of
from tests.sdk.model_fuzz.wire_tree import varint
from tests.sdk.toy_student import toy_student


class _Path(os.PathLike[str]):
    """A path that answers what it was given, or raises it."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __fspath__(self) -> str:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]


def read_slug(path: Path | str | _Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_model_file(path)
    return caught.value.slug


def test_paths_that_are_no_readable_file(tmp_path: Path) -> None:
    assert read_slug(tmp_path / "none.onnx") == "model-not-found"
    assert read_slug(tmp_path) == "model-unreadable"
    for answer in (5, b"a.onnx", ValueError("no")):
        assert read_slug(_Path(answer)) == "model-unreadable"
    assert read_slug("bad\0name") == "model-unreadable"
    assert read_slug("x" * 5000) == "model-unreadable"
    assert read_slug("\ud800.onnx") in {"model-unreadable", "model-not-found"}
    assert read_slug("") in {"model-unreadable", "model-not-found"}
    assert read_slug(tmp_path / "none" / "x.onnx") == "model-not-found"
    (tmp_path / "file").touch()
    assert read_slug(tmp_path / "file" / "x.onnx") == "model-unreadable"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert read_slug(pipe) == "model-unreadable"
    for device in ("/dev/zero", "/dev/null", "/dev/full", "/dev/urandom", "/dev/tty"):
        assert read_slug(device) == "model-unreadable"


def test_a_link_leads_to_the_file_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "real.onnx").write_bytes(toy_student())
    names = {"link": "real.onnx", "broken": "none.onnx", "loop": "loop", "device": "/dev/zero"}
    for name, target in names.items():
        (tmp_path / name).symlink_to(target)
    assert read_model_file(tmp_path / "link").metadata.student_id == "toy"
    assert read_slug(tmp_path / "broken") == "model-not-found"
    assert read_slug(tmp_path / "loop") == "model-unreadable"
    assert read_slug(tmp_path / "device") == "model-unreadable"


def test_a_socket_is_no_readable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert read_slug("socket") == "model-unreadable"


@pytest.mark.parametrize("change", [-1, 1, 5000])
def test_a_file_whose_size_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    path = tmp_path / "student.onnx"
    path.write_bytes(toy_student())
    fstat = os.fstat

    def changed_after(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        if status.st_size == len(toy_student()):
            with path.open("r+b") as file:
                file.truncate(status.st_size + change)
        return status

    monkeypatch.setattr(os, "fstat", changed_after)
    with pytest.raises(ModelError, match="changed while it was read") as caught:
        read_model_file(path)
    assert caught.value.slug == "model-unreadable"


def test_a_pipe_that_takes_the_place_of_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "student.onnx"
    path.write_bytes(toy_student())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    stat = os.stat

    def swapped(target: object, **options: object) -> os.stat_result:
        status = stat(target, **options)  # type: ignore[call-overload]
        if target == str(path):
            os.replace(pipe, path)
        return status

    monkeypatch.setattr("sdk.model_file.reader.os.stat", swapped)
    assert read_slug(path) == "model-unreadable"


def test_a_path_of_a_million_characters_gives_a_short_message() -> None:
    for path in ("x" * 10**6, b"x" * 10**6, [0] * 10**6):
        with pytest.raises(ModelError) as caught:
            read_model_file(path)  # type: ignore[arg-type]
        assert len(str(caught.value)) < 600


def test_whatever_64_mib_hold_is_judged_in_time() -> None:
    """0.3 s was measured for the slowest; CPU time, since other work is not the reader's."""
    import time
    import tracemalloc

    for number, data in enumerate(worst_files()):
        assert len(data) < MAX_FILE_BYTES
        begin = time.process_time()
        slug_of(data)
        assert time.process_time() - begin < 3
        if number == 0:
            tracemalloc.start()
            slug_of(data)
            assert tracemalloc.get_traced_memory()[1] < 64e6
            tracemalloc.stop()


def worst_files() -> Iterator[bytes]:
    def field(tag: int, body: bytes) -> bytes:
        return varint(tag) + varint(len(body)) + body

    def file(graph: bytes) -> bytes:
        model = onnx.load_from_string(toy_student())
        kept = [p for p in model.metadata_props if p.key != "sonogaze.sha256"]
        metadata = b"".join(field(0x72, p.SerializeToString()) for p in kept)
        return seal(b"\x08\x0a" + field(0x3A, graph) + b"\x42\x02\x10\x12" + metadata)

    room = MAX_FILE_BYTES - 100_000
    names = b"".join(field(0x0A, b"%06d" % i + b"x" * 250) for i in range(95_000))
    yield file(field(0x0A, names))  # the most memory: as many of the longest names as fit
    different = b"".join(field(0x0A, field(0x0A, b"%07d" % i)) for i in range(49_000))
    yield file(different)  # the most time: as many different messages as fit
    yield file(b"\x0a\x00" * (room // 2))
    yield file(field(0x2A, field(0x2A, b"\x01" * room)))
    yield file(field(0x2A, b"\x08\x01\x10\x01\x4a" + varint(room) + bytes(room)))
    yield seal(b"\x08\x0a" + b"\x72\x00" * (room // 2))


def test_a_huge_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert read_slug(path) == "model-too-large"


@pytest.mark.parametrize("path", [3, b"student.onnx", ["student.onnx"]])
def test_a_path_of_another_type_is_refused_by_name(path):
    with pytest.raises(ModelError, match=r"must be a str or a path") as caught:
        read_model_file(path)
    assert caught.value.slug == "model-unreadable"
