"""What a model file is and how it is fed. Standard library alone: measuring processes import it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from benchmarks.record.json_form import ALWAYS

#: Sizes that a user gave for inputs that leave some free, by the input's name.
Shapes: TypeAlias = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class FeedInput:
    """One input: name, element type (as ``float``), shape, and whether it is a sequence of one."""

    name: str
    type: str
    shape: list[int]
    sequence: bool


@dataclass(frozen=True)
class Feed:
    """How a model is fed.

    Attributes:
        frame: whether its only input is a frame; else all inputs are made up.
        layout: ``NCHW`` or ``NHWC`` of a frame, else empty.
        inputs: all of them.
        integer: what made-up integers are: 0, an index, or 1, a size.
    """

    frame: bool
    layout: Literal["NCHW", "NHWC", ""]
    inputs: list[FeedInput]
    integer: int = 0


@dataclass(frozen=True)
class ModelFacts:
    """Size and work of a model file; what is None is explained in ``unknown``.

    Attributes:
        file_bytes: length of the file and of its external data.
        sha256: of the same bytes, hexadecimal.
        parameters: elements of the constants that are weights; see `weights.parameters`.
        macs: multiply-accumulates of one run, see `macs`.
        activations: elements that the operators with multiply-accumulates put out in one run.
        files: names of the file and of its external data.
        operators: how often each operator ran, unoptimised.
        unknown: reason by field.
    """

    file_bytes: int
    sha256: str
    parameters: int | None = field(default=None, metadata=ALWAYS)
    macs: int | None = field(default=None, metadata=ALWAYS)
    activations: int | None = field(default=None, metadata=ALWAYS)
    files: list[str] = field(default_factory=list)
    operators: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """What one run of a model told.

    ``scores`` says whether its first output is one row of numbers, as a classifier's logits.
    """

    feed: Feed
    scores: bool
    precision: str
    facts: ModelFacts
