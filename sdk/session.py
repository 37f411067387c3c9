"""The student inside onnxruntime: one session, its outputs checked."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakSet

from . import _kernels, _lifetime, runtime
from ._shown import shown
from .errors import ModelError
from .frame import Frame
from .model_file import ModelFile
from .model_file.known_answers import check_logits, check_tensor, pattern_frame
from .model_file.reader import ATTENTION_NAME, INPUT_NAME, LOGITS_NAME, NOVELTY_NAME
from .quality import QualityGate
from .slot import Slot, Tensor, check_attention

MAX_THREADS = 256
_POLL_S = 0.001


class _NoSlots(list[Slot]):
    """The free slots of a session while the interpreter ends: none, whatever is given back."""

    def append(self, _: Slot) -> None:
        pass


class Session:
    """Runs one student on the CPU; any number of threads may `run` at once, each in its own slot.

    Args:
        file: verified.
        threads: of one inference, in [1, `MAX_THREADS`].

    Attributes:
        free: slots that no call uses. Take one by `free.pop()`, where that raises IndexError by
            `slot()`, and give it back by `append` to the very list that `free` was before: both
            are atomic, a pool without a lock, and a fork or the interpreter's end puts another
            list in its place.

    Raises:
        ModelError: `model-threads`, or `model-not-runnable` when onnxruntime refuses the model;
            `known-answer-mismatch`, `model-signature-mismatch` or `model-output-invalid` when it
            doesn't compute on this machine what the file says.
    """

    __slots__ = (
        "__weakref__",
        "_file",
        "_gate",
        "_names",
        "_session",
        "_slots",
        "_threads",
        "free",
    )

    def __init__(self, file: ModelFile, threads: int) -> None:
        _check_threads(threads)
        self._file = file
        self._gate = QualityGate(file.metadata.quality, file.metadata.preprocessing)
        self._threads = threads
        self._names = [LOGITS_NAME]
        if file.attention_shape is not None:
            self._names.append(ATTENTION_NAME)
        if file.metadata.novelty is not None:
            self._names.append(NOVELTY_NAME)
        self._session: Any = None
        self._slots: WeakSet[Slot] = WeakSet()
        self.free: list[Slot] = []
        with _lifetime.loading():
            slot = self.slot()
            self.check_known_answers(slot)
            self.free.append(slot)
            _lifetime.watch(self)

    def slot(self) -> Slot:
        """Return new arrays for `run`."""
        if self._session is None:
            with _lifetime.loading():
                if self._session is None:
                    self._session = self._start()
        slot = Slot(self._session, self._file, self._gate)
        self._slots.add(slot)  # from here on the interpreter's end waits for it
        if _lifetime.end_begun_elsewhere():
            self._slots.discard(slot)
            _lifetime.stop_here_at_the_end()
        return slot

    def run(self, slot: Slot) -> None:
        """Infer `slot.tensor` into the outputs of the slot, which `slot.request` blanks before.

        Raises:
            ModelError: `model-not-runnable`.
        """
        try:
            slot.run()
        except runtime.failures() as error:
            if not runtime.failed_inside(error):
                raise  # a signal handler's
            raise self._not_runnable(error) from error

    def forget(self) -> None:
        """In a forked child: leave what the parent made alone, for good; make it anew on demand."""
        # destroying a session joins its threads, and they are not in this process
        _kernels.keep_forever((self._session, self.free, tuple(self._slots)))
        self._session = None
        self._slots = WeakSet()
        self.free = []

    def stop(self, deadline: float) -> None:
        """At the interpreter's end: take every slot out of use.

        Args:
            deadline: of `time.monotonic`; what is still in use by then is left so.
        """
        free, self.free = self.free, _NoSlots()
        retired: list[Slot] = []
        # a slot that no thread uses any more may lie in a traceback that somebody keeps
        while len(retired) < len(self._slots) and _lifetime.others_run():
            if time.monotonic() > deadline:
                return
            try:
                retired.append(free.pop())
            except IndexError:
                time.sleep(_POLL_S)

    def _start(self) -> Any:
        options = runtime.session_options(self._threads)
        try:
            return runtime.new_session(self._file.data, options)
        except runtime.failures() as error:
            if not runtime.failed_inside(error):
                raise  # a signal handler's
            raise self._not_runnable(error) from error

    def check_known_answers(self, slot: Slot) -> None:
        """Compute what the student file says it must compute, on this machine.

        Raises:
            ModelError: `known-answer-mismatch`, `model-signature-mismatch` or
                `model-output-invalid`.
        """
        metadata = self._file.metadata
        known = metadata.known_answers
        for index, answer in enumerate(known.answers):
            pixels = pattern_frame(answer.pattern, answer.width, answer.height)
            metadata.preprocessing.tensor_into(Frame.from_array(pixels), slot.tensor)
            check_tensor(answer, slot.tensor)
            if index == 0:
                self._check_outputs(slot.tensor)
            # an output that the runtime fails to write must not pass for the answer before
            slot.request.blank()
            self.run(slot)
            slot.check_outputs()
            check_logits(answer, slot.logits.tolist(), known.tolerance)

    def _check_outputs(self, tensor: Tensor) -> None:
        """Check the shapes that the runtime gives when nothing tells it which to give."""
        shape = self._file.attention_shape
        expected: list[tuple[int, ...]] = [(1, len(self._file.metadata.labels))]
        if shape is not None:
            expected.append((1, *shape))
        if self._file.metadata.novelty is not None:
            expected.append((1, 1))
        try:
            outputs: list[Any] = self._session.run(self._names, {INPUT_NAME: tensor})
        except runtime.failures() as error:
            if not runtime.failed_inside(error):
                raise  # a signal handler's
            raise self._not_runnable(error) from error
        shapes = [tuple(output.shape) for output in outputs]
        if shapes != expected:
            raise ModelError(
                "model-signature-mismatch",
                f"model file: outputs have shapes {shapes}, declared are {expected}",
            )
        if shape is None:
            return
        check_attention(outputs[1])

    def _not_runnable(self, error: Exception) -> ModelError:
        return ModelError(
            "model-not-runnable",
            f"model {self._file.model_id}: onnxruntime {runtime.version()} cannot run it: "
            f"{str(error)[:300]}",
        )


def _check_threads(threads: int) -> None:
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise ModelError(
            "model-threads",
            f"threads is {shown(threads)}, allowed is an integer in [1, {MAX_THREADS}]",
        )
