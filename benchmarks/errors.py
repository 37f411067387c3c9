"""Errors of the suite; they join the SDK's tree and carry a stable slug too."""

from __future__ import annotations

from sdk import SdkError

SLUGS: dict[str, str] = {
    "budget-invalid": "the budget file is no TOML, or has an unknown or impossible entry",
    "format-unknown": "no such pixel format in the preprocessing suite",
    "size-unknown": "no such frame size in the preprocessing suite",
    "frames-missing": "the folder holds no frame that can be read",
    "model-ambiguous": "two models of a run have the same name",
    "model-missing": "no subject of this run matches the name or path",
    "model-unsupported": "onnxruntime does not load the .onnx file, or runs it with no shape tried",
    "option-invalid": "an option is not written as it must be, or contradicts the record",
    "output-unwritable": "the output folder cannot be written",
    "record-unreadable": "the file is no record of this suite",
    "record-invalid": "the record breaks its schema",
    "record-unsuitable": "the record is of another command than this one takes",
    "subject-unknown": "a budget names a subject that the run doesn't have",
    "tool-failed": "an outside tool did not run",
    "record-unlike": "two records cannot be compared",
}


def why(error: OSError) -> str:
    """Return an operating system's error in plain words, without its number."""
    return (error.strerror or str(error)).lower()


class BenchError(SdkError):
    """What the user can mend; the message may be reworded, the slug never changes its meaning."""

    slugs = SLUGS
