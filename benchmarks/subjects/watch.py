"""Whether the files of the models stay as they were when the run began."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.onnx_facts.files import digest
from benchmarks.onnx_facts.types import ModelFacts

Stamp = tuple[int, int, int]


class Watch:
    """Compares files by size, time and place, and by their bytes only where those differ."""

    def __init__(self, facts: Mapping[str, ModelFacts]) -> None:
        """Take the facts of each .onnx file by its path.

        Raises:
            OSError: a file is gone already.
        """
        self._files = {
            path: [Path(path).parent / name for name in one.files] for path, one in facts.items()
        }
        self._digests = {path: one.sha256 for path, one in facts.items()}
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
    stats = [file.stat() for file in files]
    return [(stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in stats]
