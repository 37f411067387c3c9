"""A file is there whole or not at all, whoever writes it."""

import pytest

from export.files import atomic_write


def test_in_its_own_folder_it_makes_the_folder_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_write(path) as unfinished:
        unfinished.write_text("one")
        assert unfinished.suffix == ".txt"
        assert not path.exists()
    assert path.read_text() == "one"
    with pytest.raises(UnicodeEncodeError), atomic_write(path) as unfinished:
        unfinished.write_text("half \ud800", encoding="utf-8")
    assert path.read_text() == "one"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.txt"]


def test_in_somebody_elses_folder_it_makes_none(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with pytest.raises(FileNotFoundError), atomic_write(path, own_folder=False) as unfinished:
        unfinished.write_text("one")
    assert list(tmp_path.iterdir()) == []


def test_two_processes_never_meet_in_somebody_elses_folder(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    with atomic_write(path, own_folder=False) as first:
        first.write_text("first")
        monkeypatch.setattr("os.getpid", lambda: 1)
        with atomic_write(path, own_folder=False) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
