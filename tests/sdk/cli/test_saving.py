"""A table of results that isn't to be kept."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path

from sdk.cli.saving import Table


def test_a_table_that_is_dropped_is_closed_and_gone(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:  # a file left open warns where it ends
        warnings.simplefilter("always")
        Table(tmp_path / "a.csv", ("head",)).drop()
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_a_full_disk_cannot_close_is_gone_as_well(tmp_path: Path) -> None:
    (tmp_path / ".a.csv.part").symlink_to("/dev/full")
    table = Table(tmp_path / "a.csv", ("head",))
    with suppress(OSError):
        table.drop()
    assert list(tmp_path.iterdir()) == []
