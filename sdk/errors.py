"""Errors of the SDK, each with a stable ``slug`` that a caller can switch on.

::

    Exception
    └── SdkError          anything this package raises on purpose
        ├── FrameError    the frame, its layout or its region is not usable
        ├── ModelError    the model file is not usable
        └── SourceError   a file or stream of frames is not usable

The message names the field, the value received, what is allowed and how to mend it; it may be
reworded at any time. It has at most ``MAX_MESSAGE`` characters, all of them printable on one line,
whatever a file or a path holds. The slug never changes its meaning: ``SLUGS`` lists them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ._shown import MAX_MESSAGE, printable

__all__ = [
    "MAX_MESSAGE",
    "SLUGS",
    "FrameError",
    "ModelError",
    "SdkError",
    "SourceError",
]


SLUGS: dict[str, str] = {
    # Frames: what the pixels are.
    "frame-type": "the frame is neither a Frame nor a two-dimensional uint8 array",
    "frame-rank": "the array has the wrong number of dimensions for its format",
    "frame-dtype": "the array's element type does not fit its format",
    "frame-size": "width or height is not a whole number within the limits",
    "frame-channels": "the array's channel count does not fit its format",
    "format-missing": "the array is ambiguous without a pixel format",
    "format-unknown": "no such pixel format",
    "color-missing": "a YUV format was given without colour matrix and range",
    "color-unknown": "no such colour matrix and range",
    "color-unexpected": "colour matrix and range were given for a format that has none",
    "window-missing": "GRAY16 was given without the window of values to show",
    "window-invalid": "the GRAY16 window is not a pair low < high within 0..65535",
    "window-unexpected": "a window was given for a format other than GRAY16",
    "data-type": "the data does not expose its bytes",
    "data-planes": "the number of buffers is not the number of planes",
    "buffer-truncated": "the buffer holds fewer bytes than the layout needs",
    "strides-invalid": "strides are not one whole number of bytes for each plane",
    "strides-overlap": "a stride is shorter than its row, so rows would overlap",
    "strides-negative": "rows run upwards in memory, and that was not declared",
    "strides-gapped": "the pixels of one row do not lie side by side",
    "region-invalid": "the region's own numbers make no sense",
    "region-outside": "the region does not lie inside the frame",
    "region-not-found": "no image was found on the screen",
    "region-frames": "a region is not found in no frames, too many, or frames of several sizes",
    "pixel-size-invalid": "the pixel size is not one or two positive finite numbers",
    "jpeg-invalid": "the JPEG data cannot be decoded",
    "jpeg-unsupported": "a valid JPEG image of a kind that is not read as a frame",
    "jpeg-unavailable": "the optional JPEG decoder is not installed",
    "drawing-unavailable": "the optional library that draws results is not installed",
    "timestamp-invalid": "a frame's time is not a whole number of microseconds",
    "timestamp-not-rising": "a frame's time is not above that of the frame before",
    "output-invalid": "the output array has the wrong shape, type or layout",
    "statistics-type": "what is compared with is not the statistics of an earlier frame",
    # Preprocessing recipes and the machine.
    "preprocessing-invalid": "a preprocessing recipe has a missing, unknown or impossible entry",
    "isa-unavailable": "the instruction set asked for is unknown or not on this machine",
    # Streams and audit logs.
    "stream-setting": "an argument of a stream is not what is allowed",
    "stream-busy": "two calls push into one stream at once",
    "stream-closed": "the background stream was closed",
    "stream-forked": "a background stream belongs to the process that made it",
    "audit-setting": "an argument of an audit log is not what is allowed",
    "audit-in-use": "another process or log writes this audit log",
    "audit-unwritable": "the audit log can't be opened for writing",
    "audit-unreadable": "the audit log can't be read, or holds no record",
    # Model files.
    "model-not-found": "there is no such model file",
    "model-unreadable": "the model path is no regular file, or may not be read",
    "model-too-large": "the model file is larger than any student",
    "model-not-onnx": "the file is not an ONNX model",
    "model-truncated": "the model file ends in the middle",
    "model-malformed": "the model file breaks its own format",
    "model-too-complex": "the model file has more parts than any student",
    "model-external-data": "the model keeps weights in another file",
    "model-custom-operator": "the model uses operators outside the ONNX standard",
    "model-forbidden-content": "the model holds control flow, functions or sparse weights",
    "model-operator-refused": "an operator, or an attribute of one, that no student may use",
    "model-graph-invalid": "names, shapes or element types of the model contradict each other",
    "model-digest-mismatch": "the model file was changed after it was packaged",
    "model-changed": "the file is not the one that a pickled classifier was made of",
    "model-not-a-student": "an ONNX model, but without this package's metadata",
    "model-unknown-version": "the metadata has a format version this package does not read",
    "model-metadata-invalid": "a metadata entry is missing, unknown or out of range",
    "model-signature-mismatch": "inputs or outputs are not those of a student",
    "model-precision": "no such precision, or not the one of this file",
    "model-threads": "the number of threads is not a whole number within the limits",
    "model-not-runnable": "the runtime refused the model",
    "model-output-invalid": "the model gave a value that is not finite, or no attention map",
    "known-answer-mismatch": "this machine computes something else than the student's maker",
    # Sources of frames.
    "source-not-found": "there is no such file",
    "source-unreadable": "the path is no regular file, or may not be read",
    "source-too-large": "the file, or an image in it, is larger than the limit",
    "source-unknown-kind": "the file is of no kind that is read here",
    "source-truncated": "the file ends in the middle",
    "source-malformed": "the file breaks its own format",
    "source-unsupported": "a valid file of a kind that is not read here",
    "source-no-pixels": "the file holds no image",
    "source-option": "an option of a source has a value that makes no sense",
    "source-type": "what was given is neither a path nor a binary file object",
    "source-too-costly": "decoding the file takes more time or memory than is allowed",
    "source-decoder-crashed": "a decoder crashed on the file",
    "source-decoder-unavailable": "the process that decodes files cannot be started",
    "source-timeout": "no frame came from a live source in time",
    "source-disconnected": "a live source went away and could not be reached again",
    "source-remote": "a live source is on another machine, and that was not allowed",
    "dependency-missing": "an optional dependency is not installed",
    "dependency-broken": "an optional dependency is installed but cannot be imported",
}


class SdkError(Exception):
    """Base of every error that this package raises on purpose.

    Attributes:
        slug: stable machine-readable name, a key of ``slugs``.
        slugs: every slug of this kind of error with its meaning; a package that brings its own
            errors brings its own table.
    """

    slugs: ClassVar[Mapping[str, str]] = SLUGS

    def __init__(self, slug: str, message: str) -> None:
        if slug not in self.slugs:  # a mistake in this package, which tests/test_slugs.py finds
            raise AssertionError(f"unknown slug {slug!r}: add it to SLUGS")
        super().__init__(printable(message))
        self.slug = slug

    def __reduce__(self) -> tuple[type[SdkError], tuple[Any, ...]]:
        """Keep the slug when an error crosses a process boundary."""
        return type(self), (self.slug, str(self))


class FrameError(SdkError):
    """The frame, its layout or its region is not usable."""


class ModelError(SdkError):
    """The model file is not usable."""


class SourceError(SdkError):
    """A file or stream of frames is not usable."""
