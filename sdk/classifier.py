"""One immutable student, shared by any number of threads."""

from __future__ import annotations

import hashlib
import os
from time import perf_counter_ns
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ._lifetime import loading
from ._placement import Placement
from ._watch import Watch
from .errors import ModelError
from .frame import Frame, Region
from .model_file import ModelMetadata, read_model_file
from .precision import check_precision, student_path
from .quality import SCREEN_WITHOUT_REGION, QualityGate
from .result import Decision, Result, Timing
from .session import Session
from .slot import Slot, read_attention, read_probabilities

if TYPE_CHECKING:
    from .audit import AuditLog
    from .stream import Stream

LOW_CONFIDENCE = "low-confidence"
_US_PER_NS = 1e-3
_Cells = tuple[int, int, int, int]


class Classifier:
    """Classifies frames with one student.

    Immutable after construction: any number of threads may call `classify` of one instance at the
    same time. Each call in progress holds one slot of arrays, and slots are reused, so memory
    grows with the largest number of simultaneous calls and with nothing else.

    It may be used in a forked child: the child makes its own session at its first call. It is
    pickled by path and digest, and copied by reference.

    Args:
        path: of a student file; None is the default student.
        precision: `auto`, `fp32` or `int8`. For the default student, `auto` chooses by a fixed
            table of CPU features (`sdk.precision`). A path names exactly that file, and any
            precision but `auto` must be the file's own.
        threads: of one inference, in [1, 256]. One is best for a student: it is that small.

    Raises:
        ModelError: when the file isn't an unchanged student, or when this machine doesn't compute
            the known answers that the file carries.
    """

    __slots__ = (
        "_all_cells",
        "_file",
        "_gate",
        "_labels",
        "_letterbox",
        "_model_id",
        "_recipe",
        "_scale",
        "_session",
        "_source",
        "_tensor_size",
        "_thresholds",
    )

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        precision: str = "auto",
        threads: int = 1,
    ) -> None:
        self._file = read_model_file(student_path(path, precision))
        metadata = self._file.metadata
        check_precision(path, precision, metadata.precision)
        self._labels = metadata.labels
        self._model_id = self._file.model_id
        self._recipe = metadata.preprocessing
        self._tensor_size = (metadata.preprocessing.width, metadata.preprocessing.height)
        self._all_cells = (0, 0, *self._tensor_size)
        self._letterbox = metadata.preprocessing.aspect == "letterbox"
        self._gate = QualityGate(metadata.quality, metadata.preprocessing)
        self._scale = 1.0 / metadata.calibration.temperature
        self._thresholds = metadata.calibration.abstain_below
        self._session = Session(self._file, threads)
        # what another process needs to open the same student, see __reduce__
        self._source = (None if path is None else os.path.abspath(path), threads)

    @property
    def metadata(self) -> ModelMetadata:
        """What the student file says of itself."""
        return self._file.metadata

    @property
    def model_id(self) -> str:
        """Student, precision and digest of the file."""
        return self._model_id

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the logits."""
        return self._labels

    @property
    def precision(self) -> str:
        """`fp32` or `int8`."""
        return self._file.metadata.precision

    @property
    def sha256(self) -> str:
        """SHA-256 of the whole file, as `sha256sum` prints it; not the digest in `model_id`."""
        return hashlib.sha256(self._file.data).hexdigest()

    @property
    def file_bytes(self) -> int:
        """Size of the file."""
        return len(self._file.data)

    def __copy__(self) -> Classifier:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Classifier:
        return self

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle by path and digest: whoever unpickles opens the same file, and it must be so.

        The default student is pickled by name, so that another installation of this package
        finds its own copy.
        """
        path, threads = self._source
        return _reopen, (path, self.precision, threads, self._file.sha256)

    def __repr__(self) -> str:
        return f"Classifier(model_id={self.model_id!r}, labels={self.labels})"

    def classify(self, frame: Frame | npt.NDArray[np.uint8]) -> Result:
        """Classify one frame; safe to call from many threads at once.

        Args:
            frame: a `Frame`, or uint8 (height, width), grey levels.

        Returns:
            A new immutable `Result`.

        Raises:
            FrameError: when the frame isn't usable.
            ModelError: `model-output-invalid` when the student gives a number that isn't finite, or
                an attention map that doesn't sum to 1.
        """
        return self._classify(frame)

    def stream(
        self,
        *,
        fps: float = 30.0,
        region: Region | Literal["auto"] | None = None,
        audit: AuditLog | None = None,
    ) -> Stream:
        """Return a new stream, one for each video; streams share this classifier's weights.

        Args:
            fps: frames a second, 0.1 to 1000: the time between frames that come without one, and
                by when an answer is due.
            region: to look at in frames that have none of their own: a `Region`, `"auto"` to find
                it and to follow changes of the screen's layout, or None for the whole frame.
            audit: where to log each answer; nowhere by default.

        Raises:
            SdkError: `stream-setting`.
        """
        from .stream import Stream

        return Stream(self, fps=fps, region=region, audit=audit)

    def _classify(self, frame: Frame | npt.NDArray[np.uint8], watch: Watch | None = None) -> Result:
        """Do as `classify`, and where there is a `watch` count in the same pass over the pixels.

        The statistics are those of this frame also where the gate rejects it, and stay as they were
        where an error is raised before the pixels are read.
        """
        start = perf_counter_ns()
        if not isinstance(frame, Frame):
            frame = Frame.from_array(frame)
        # the very list to give the slot back to: a fork or the interpreter's end may change it
        free = self._session.free
        slot = None
        # what a signal handler raises, between any two steps, loses no slot
        try:
            try:
                slot = free.pop()
            except IndexError:
                slot = self._session.slot()
            if watch is None:
                self._recipe.tensor_into(frame, slot.tensor)
            else:
                watch.statistics = self._recipe.measure_into(frame, slot.tensor, watch.statistics)
            prepared = perf_counter_ns()
            inner = self._recipe.inner(frame) if self._letterbox else None
            reasons = self._gate.reasons(slot.tensor, inner)
            checked = perf_counter_ns()
            if reasons:
                return self._rejected(frame, reasons, start, prepared, checked)
            self._session.run(slot)
            return self._decided(frame, slot, inner, start, prepared, checked)
        finally:
            if slot is not None:
                free.append(slot)

    def _decided(
        self,
        frame: Frame,
        slot: Slot,
        inner: _Cells | None,
        start: int,
        prepared: int,
        checked: int,
    ) -> Result:
        inferred = perf_counter_ns()
        probabilities = read_probabilities(slot, self._scale)
        attention = read_attention(slot)
        confidence = max(probabilities)
        label = self._labels[probabilities.index(confidence)]
        doubts = () if confidence >= self._thresholds[label] else (LOW_CONFIDENCE,)
        if frame.region is None and self._gate.shows_screen(slot.tensor, inner):
            doubts = (SCREEN_WITHOUT_REGION, *doubts)
        done = perf_counter_ns()
        timing = Timing(
            (prepared - start) * _US_PER_NS,
            (checked - prepared) * _US_PER_NS,
            (inferred - checked) * _US_PER_NS,
            (done - inferred) * _US_PER_NS,
            (done - start) * _US_PER_NS,
        )
        return Result(
            Decision.ABSTAIN if doubts else Decision.ACCEPT,
            None if doubts else label,
            confidence,
            MappingProxyType(dict(zip(self._labels, probabilities, strict=True))),
            doubts,
            attention,
            timing,
            self._model_id,
            *_region_of(frame),
            Placement((frame.width, frame.height), self._tensor_size, inner or self._all_cells),
        )

    def _rejected(
        self, frame: Frame, reasons: tuple[str, ...], start: int, prepared: int, checked: int
    ) -> Result:
        preprocess_us, quality_us = (
            (prepared - start) * _US_PER_NS,
            (checked - prepared) * _US_PER_NS,
        )
        timing = Timing(preprocess_us, quality_us, 0.0, 0.0, (checked - start) * _US_PER_NS)
        said = (Decision.REJECT, None, 0.0, None, reasons, None, timing, self._model_id)
        return Result(*said, *_region_of(frame))


def _region_of(frame: Frame) -> tuple[Region | None, str]:
    region = frame.region
    return region, "whole" if region is None else region.origin


_default: Classifier | None = None


def classify(frame: Frame | npt.NDArray[np.uint8]) -> Result:
    """Classify one frame with the default student; safe to call from many threads at once.

    The student is loaded once, by the first call.

    Args:
        frame: a `Frame`, or uint8 (height, width), grey levels.

    Returns:
        A new immutable `Result`.

    Raises:
        FrameError: when the frame isn't usable.
        ModelError: when the default student cannot be loaded on this machine.
    """
    global _default
    if _default is None:
        with loading():
            if _default is None:
                _default = Classifier()
    return _default.classify(frame)


def _reopen(path: str | None, precision: str, threads: int, sha256: str) -> Classifier:
    """Open a pickled classifier's student again.

    Raises:
        ModelError: `model-changed` when the file is another one by now, or any that a `Classifier`
            raises, such as `model-not-found`.
    """
    classifier = Classifier(path, precision, threads)
    actual = classifier._file.sha256
    if actual != sha256:
        where = "the default student" if path is None else repr(path)
        raise ModelError(
            "model-changed",
            f"{where} has the digest {actual[:12]}, the pickled classifier was made of "
            f"{sha256[:12]}; pickle it anew, or put the same file there",
        )
    return classifier
