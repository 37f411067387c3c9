"""What a folder holds, in order and in bounds; what can't be listed says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdk.errors import SourceError
from sdk.sources import intake


def test_a_file_stands_for_itself_and_a_folder_for_what_is_in_it(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    assert intake.expand(tmp_path / "b.png") == [str(tmp_path / "b.png")]
    assert intake.expand(tmp_path) == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert intake.expand(tmp_path / "none") == [str(tmp_path / "none")]


def test_so_many_entries_are_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(intake, "MAX_FILES", 3)
    assert len(intake.expand(tmp_path)) == 3
    monkeypatch.setattr(intake, "MAX_FILES", 2)
    with pytest.raises(SourceError, match="3 files, allowed are 2") as caught:
        intake.expand(tmp_path)
    assert caught.value.slug == "source-too-large"


def test_a_folder_that_cannot_be_listed_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SourceError, match="Not a directory") as caught:
        intake.entries(intake.open_path(str(tmp_path / "file")), "file")
    assert caught.value.slug == "source-unreadable"
