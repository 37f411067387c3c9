"""Errors of the suite, each with a stable slug that a script can switch on."""

from __future__ import annotations

SLUGS: dict[str, str] = {
    "budget-invalid": "the budget file is no TOML, or has an unknown or impossible entry",
    "format-unknown": "no such pixel format in the preprocessing suite",
    "frames-missing": "the folder holds no frame that can be read",
    "model-missing": "no subject of this run matches the name or path",
    "model-unsupported": "the .onnx file's input is not one grey or RGB frame of a fixed size",
    "output-unwritable": "the output folder cannot be written",
    "record-unreadable": "the file is no record of this suite",
    "record-invalid": "the record breaks its schema",
    "record-unlike": "two records cannot be compared",
}


class BenchError(Exception):
    """What the user can mend: ``slug`` is stable, the message may be reworded."""

    def __init__(self, slug: str, message: str) -> None:
        assert slug in SLUGS, f"unknown slug {slug!r}"
        super().__init__(message)
        self.slug = slug
