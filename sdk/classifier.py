"""One immutable student, shared by any number of threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _kernels
from ._lifetime import loading
from ._placement import Placement
from ._sha256 import sha256_hex
from ._watch import Watch
from .errors import ModelError
from .frame import Frame
from .model_file import ModelMetadata, read_model_file
from .precision import check_precision, student_path
from .preprocess import measured
from .quality import REASONS
from .result import Decision, Result
from .session import Session

if TYPE_CHECKING:
    from .audit import AuditLog
    from .frame import Region
    from .stream import Stream


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
        "_file",
        "_labels",
        "_model_id",
        "_recipe",
        "_session",
        "_source",
        "_tensor_size",
    )

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        precision: str = "auto",
        threads: int = 1,
    ) -> None:
        # kept with its bytes: a forked child makes its own session of them
        self._file = read_model_file(student_path(path, precision))
        metadata = self._file.metadata
        check_precision(path, precision, metadata.precision)
        self._labels = metadata.labels
        self._model_id = self._file.model_id
        self._recipe = metadata.preprocessing
        self._tensor_size = (metadata.preprocessing.width, metadata.preprocessing.height)
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
        return sha256_hex(self._file.data)

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
        # of the clock that the compiled request reads, so that the stages add up to the total
        start = _kernels.now_ns()
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
            plan, data = self._recipe._prepare(frame)
            if watch is None:
                fault = slot.request.prepare(plan, data)
            else:
                watch.statistics = measured(plan, data, slot.tensor, watch.statistics)
                # the gate judges the tensor that counting has just made
                fault = slot.request.check(plan)
            if fault:
                timing = slot.request.spent(start)
                rejected = (Decision.REJECT, None, 0.0, None, REASONS[fault], None, timing)
                return self._result(frame, plan, *rejected)
            self._session.run(slot)
            answer = slot.request.answer(start, frame.region is None)
            if answer is None:
                # an output is invalid: this raises what is wrong with it
                slot.check_outputs()
            return self._result(frame, plan, *answer)
        finally:
            if slot is not None:
                free.append(slot)

    def _result(self, frame: Frame, plan: _kernels.Plan, *answer: Any) -> Result:
        """Return a result of all but its last values: the one place that knows their order."""
        region = frame.region
        origin = "whole" if region is None else region.origin
        place = Placement((frame.width, frame.height), self._tensor_size, plan.inner)
        values = (*answer, self._model_id, region, origin, place)
        # its own __init__ costs a third of a call where the caches are cold
        return _kernels.filled(Result, Result.__slots__, values)


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
