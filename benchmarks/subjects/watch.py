"""Whether the files of the models stay as they were when the run began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.onnx_facts.files import digest

Stamp = tuple[int, int, int]


class Watch:
    """Compares files by size, time and place, and by their bytes only where those differ."""

    def __init__(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Take entries with ``path`` (of the .onnx file), ``files`` (names beside it), ``sha256``.

        Raises:
            OSError: a file is gone already.
        """
        self._files = {e["path"]: [Path(e["path"]).parent / n for n in e["files"]] for e in entries}
        self._digests = {entry["path"]: entry["sha256"] for entry in entries}
        self._stamps = {path: _stamps(files) for path, files in self._files.items()}

    def changed(self, path: str) -> bool:
        """Return whether the bytes of a model are no longer those of the run's beginning."""
        files = self._files.get(path)
        if files is None:
            return False
        try:
            stamps = _stamps(files)
            if stamps != self._stamps[path] and digest(files) == self._digests[path]:
                self._stamps[path] = stamps
            return stamps != self._stamps[path]
        except OSError:
            return True


def _stamps(files: list[Path]) -> list[Stamp]:
    found = [file.stat() for file in files]
    return [(stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in found]
