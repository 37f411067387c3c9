"""What `open` takes: paths, file objects, folders; anything else is told, in few words."""

from __future__ import annotations

import gzip
import io
import os
import socket
import warnings
from pathlib import Path

import pytest

from sdk import FrameError, SdkError, SourceError, sources
from sdk.sources import base, intake

PGM = b"P5 4 3 255\n" + bytes(range(12))


def slug_of(source: object, **options: object) -> str:
    with pytest.raises(SdkError) as caught:
        list(sources.open(source, **options))  # type: ignore[arg-type]
    assert len(str(caught.value)) <= 1000
    assert str(caught.value).isprintable()
    return caught.value.slug


@pytest.fixture
def pgm(tmp_path: Path) -> Path:
    (tmp_path / "a.pgm").write_bytes(PGM)
    return tmp_path / "a.pgm"


def names(source: object) -> list[str]:
    return [info.path for _, info in sources.open(source)]  # type: ignore[arg-type]


def test_every_way_to_name_a_file(pgm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pgm.parent)
    with pgm.open("rb") as file:
        for source in (pgm, str(pgm), os.fsencode(pgm), "a.pgm", b"a.pgm", file):
            assert [os.path.basename(name) for name in names(source)] == ["a.pgm"]


class Pipe:
    """Readable, and nothing else."""

    def __init__(self, data: bytes, most: int = 5) -> None:
        self._data, self._most = io.BytesIO(data), most

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._most))


def test_every_kind_of_file_object(pgm: Path) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, PGM)
    os.close(write_end)
    with gzip.open(pgm.with_suffix(".gz"), "wb") as file:
        file.write(PGM)
    for source in (io.BytesIO(PGM), Pipe(PGM), os.fdopen(read_end, "rb"), pgm.open("rb", 0),
                   gzip.GzipFile(pgm.with_suffix(".gz")), io.BufferedReader(io.BytesIO(PGM))):  # type: ignore[arg-type]  # fmt: skip
        assert len(list(sources.open(source))) == 1  # type: ignore[arg-type]
        if not isinstance(source, Pipe):
            source.close()


def test_a_file_object_is_read_from_where_it_stands(pgm: Path) -> None:
    file = io.BytesIO(b"before" + PGM)
    file.seek(6)
    assert len(list(sources.open(file))) == 1


@pytest.mark.parametrize(
    ("source", "slug"),
    [(None, "source-type"), (5, "source-type"), (3.0, "source-type"), ([], "source-type"),
     (bytearray(PGM), "source-type"), (memoryview(PGM), "source-type"), (object(), "source-type"),
     (io.StringIO("P5"), "source-type"), ("bad\0name", "source-unreadable"),
     (PGM * 40_000, "source-unreadable"), ("x" * 10**7, "source-unreadable"),
     ("", "source-not-found"), ("\x1b[2J", "source-not-found"), ("/nowhere/a", "source-not-found"),
     (io.BytesIO(b""), "source-unknown-kind"), (io.BytesIO(b"text"), "source-unknown-kind"),
     ("/dev/null", "source-unreadable"), ("/dev/zero", "source-unreadable")],
    ids=lambda value: None if isinstance(value, str) and value.startswith("source-") else "x",
)  # fmt: skip
def test_what_is_no_file_is_a_typed_error_in_few_words(source: object, slug: str) -> None:
    assert slug_of(source) == slug


def test_bytes_that_are_no_path_are_told_how_data_is_given() -> None:
    with pytest.raises(SourceError, match=r"wrap image data in io\.BytesIO"):
        sources.open(PGM * 40_000)


def test_an_unwilling_path_is_a_typed_error() -> None:
    class Unwilling(os.PathLike):  # type: ignore[type-arg]
        def __fspath__(self) -> str:
            raise RuntimeError("no")

    assert slug_of(Unwilling()) == "source-type"


@pytest.mark.parametrize("what", ["name", "read"])
def test_an_object_that_fails_to_tell_of_itself_is_a_typed_error(what: str) -> None:
    class Unwilling(io.BytesIO):
        def __getattribute__(self, attribute: str) -> object:
            if attribute == what:
                raise RuntimeError("no")
            return super().__getattribute__(attribute)

    assert slug_of(Unwilling(PGM)) == "source-type"


class Failing:
    def __init__(self, what: object) -> None:
        self.what = what
        self.name = "\x1b" * 10**6

    def read(self, size: int) -> object:
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


@pytest.mark.parametrize(
    ("what", "slug"),
    [(OSError("gone"), "source-unreadable"), (ValueError("closed"), "source-unreadable"),
     (None, "source-type"), ("text", "source-type"), (7, "source-type")],
)  # fmt: skip
def test_a_file_object_that_fails_is_a_typed_error(what: object, slug: str) -> None:
    assert slug_of(Failing(what)) == slug


def test_a_file_object_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_OBJECT_BYTES", 1 << 24)
    with Path("/dev/zero").open("rb") as endless:
        assert slug_of(endless) == "source-too-large"


def test_what_waits_for_somebody_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert slug_of(tmp_path / "pipe") == "source-unreadable"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert slug_of(tmp_path / "socket") == "source-unreadable"


def test_a_region_that_is_none_is_refused_at_once(pgm: Path) -> None:
    with pytest.raises(FrameError) as caught:
        sources.open(pgm, region=(0, 0, 2, 2))  # type: ignore[arg-type]
    assert caught.value.slug == "region-invalid"


def test_the_open_file_is_read_whatever_happens_to_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for deed in ("unlink", "replace", "chdir", "fifo"):
        path = Path("cine.pgm")
        path.write_bytes(PGM * 3)
        frames = sources.open(path)
        next(frames)
        if deed == "chdir":
            (tmp_path / "other").mkdir()
            monkeypatch.chdir(tmp_path / "other")
        elif deed == "replace":
            Path("new").write_bytes(b"something else")
            Path("new").replace(path)
        else:
            path.unlink()
            if deed == "fifo":
                os.mkfifo(path)
        assert len(list(frames)) == 2, deed
        monkeypatch.chdir(tmp_path)
        path.unlink(missing_ok=True)


def test_a_file_cut_while_it_is_read_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "cine.pgm"
    path.write_bytes((b"P5 400 300 255\n" + bytes(120_000)) * 3)
    frames = sources.open(path)
    next(frames)
    os.truncate(path, 130_000)
    with pytest.raises(SourceError) as caught:
        list(frames)
    assert caught.value.slug == "source-truncated"


def test_a_folder_is_its_files_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c", ".hidden"):
        (tmp_path / name).write_bytes(PGM * (2 if name == "b" else 1))
    found = [(os.path.basename(info.path), info.index) for _, info in sources.open(tmp_path)]
    assert found == [("a", 0), ("b", 0), ("b", 1), ("c", 0)]


@pytest.mark.parametrize("odd", ["bad file", "folder", "fifo"])
def test_what_a_folder_holds_is_read_or_refused_and_nothing_left_out(
    tmp_path: Path, odd: str
) -> None:
    (tmp_path / "a").write_bytes(PGM)
    if odd == "folder":
        (tmp_path / "b").mkdir()
    elif odd == "fifo":
        os.mkfifo(tmp_path / "b")
    else:
        (tmp_path / "b").write_bytes(b"text")
    frames = sources.open(tmp_path)
    next(frames)
    with pytest.raises(SourceError, match="/b'"):
        next(frames)


def test_a_folder_of_nothing_or_of_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slug_of(tmp_path) == "source-no-pixels"
    for name in "abc":
        (tmp_path / name).write_bytes(PGM)
    monkeypatch.setattr(intake, "MAX_FILES", 2)
    assert slug_of(tmp_path) == "source-too-large"


def test_a_folder_is_read_whatever_happens_to_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "ab":
        (folder / name).write_bytes(PGM)
    frames = sources.open(folder)
    next(frames)
    folder.rename(tmp_path / "moved")
    assert len(list(frames)) == 1


def test_nothing_stays_open(pgm: Path) -> None:
    list(sources.open(pgm))
    before = os.listdir("/proc/self/fd")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make in (lambda: pgm, lambda: pgm.parent, lambda: io.BytesIO(PGM)):
            list(sources.open(make()))  # type: ignore[arg-type]
            sources.open(make())  # type: ignore[arg-type]
            next(sources.open(make()))  # type: ignore[arg-type]
        slug_of(pgm.with_name("none"))
        slug_of(io.BytesIO(b"text"))
    assert len(os.listdir("/proc/self/fd")) <= len(before) + 1


def test_the_widest_frame_is_that_of_a_frame(tmp_path: Path) -> None:
    side = base.MAX_SIDE
    assert len(list(sources.open(io.BytesIO(b"P5 %d 1 255\n" % side + bytes(side))))) == 1
    assert (
        slug_of(io.BytesIO(b"P5 %d 1 255\n" % (side + 1) + bytes(side + 1))) == "source-too-large"
    )
