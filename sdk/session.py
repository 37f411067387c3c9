"""The student inside onnxruntime: one session, its outputs checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from sdk import _kernels
from sdk.errors import ModelError
from sdk.frame import Frame
from sdk.model_file import ModelFile
from sdk.model_file.known_answers import check_logits, check_tensor, pattern_frame
from sdk.model_file.reader import ATTENTION_NAME, INPUT_NAME, LOGITS_NAME

Tensor = npt.NDArray[np.float32]

MAX_THREADS = 256
_ATTENTION_SLACK = 1e-3
_NAN = float("nan")


class Slot:
    """The arrays of one inference, bound to the runtime once; for one thread at a time.

    Attributes:
        tensor: float32 (1, 1, height, width), the input.
        logits: float32 (labels,), written by `Session.run`.
        attention: float32 (rows, columns), likewise, or None when the student has none.
        binding: of onnxruntime, to these arrays.
    """

    __slots__ = ("attention", "binding", "logits", "tensor")

    def __init__(self, session: Any, file: ModelFile) -> None:
        recipe = file.metadata.preprocessing
        self.tensor: Tensor = np.zeros((1, 1, recipe.height, recipe.width), np.float32)
        self.logits: Tensor = np.empty(len(file.metadata.labels), np.float32)
        self.attention: Tensor | None = None
        self.binding = session.io_binding()
        place = ("cpu", 0, np.float32)
        self.binding.bind_input(INPUT_NAME, *place, self.tensor.shape, self.tensor.ctypes.data)
        row = (1, self.logits.size)
        self.binding.bind_output(LOGITS_NAME, *place, row, self.logits.ctypes.data)
        if file.attention_shape is not None:
            self.attention = np.empty(file.attention_shape, np.float32)
            map_shape = (1, *file.attention_shape)
            self.binding.bind_output(ATTENTION_NAME, *place, map_shape, self.attention.ctypes.data)


class Session:
    """Runs one student on the CPU; any number of threads may `run` at once, each in its own slot.

    Args:
        file: verified.
        threads: of one inference, in [1, `MAX_THREADS`].

    Raises:
        ModelError: `model-threads`, or `model-not-runnable` when onnxruntime refuses the model.
    """

    __slots__ = ("_file", "_names", "_session")

    def __init__(self, file: ModelFile, threads: int) -> None:
        _check_threads(threads)
        self._file = file
        self._names = [LOGITS_NAME]
        if file.attention_shape is not None:
            self._names.append(ATTENTION_NAME)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # spinning threads would keep a core busy between two frames
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                file.data, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise _not_runnable(file, error) from error

    def slot(self) -> Slot:
        """Return new arrays for `run`."""
        return Slot(self._session, self._file)

    def run(self, slot: Slot) -> None:
        """Infer `slot.tensor` into `slot.logits` and `slot.attention`.

        Raises:
            ModelError: `model-not-runnable`.
        """
        # an output that the runtime fails to write must not look like the last frame's
        slot.logits.fill(_NAN)
        if slot.attention is not None:
            slot.attention.fill(_NAN)
        try:
            self._session.run_with_iobinding(slot.binding)
        except Exception as error:
            raise _not_runnable(self._file, error) from error

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
            self.run(slot)
            if not _kernels.all_finite(slot.logits):
                raise _invalid_output(LOGITS_NAME)
            check_logits(answer, slot.logits.tolist(), known.tolerance)

    def _check_outputs(self, tensor: Tensor) -> None:
        """Check the shapes that the runtime gives when nothing tells it which to give."""
        shape = self._file.attention_shape
        expected: list[tuple[int, ...]] = [(1, len(self._file.metadata.labels))]
        if shape is not None:
            expected.append((1, *shape))
        try:
            outputs: list[Any] = self._session.run(self._names, {INPUT_NAME: tensor})
        except Exception as error:
            raise _not_runnable(self._file, error) from error
        found = [tuple(output.shape) for output in outputs]
        if found != expected:
            raise ModelError(
                "model-signature-mismatch",
                f"model file: outputs have shapes {found}, declared are {expected}",
            )
        if shape is None:
            return
        total = float(outputs[1].sum(dtype=np.float64))
        if float(outputs[1].min()) < 0 or not abs(total - 1.0) <= _ATTENTION_SLACK:
            raise ModelError(
                "model-output-invalid",
                f"model file: attention sums to {total:.4g}, allowed is non-negative summing to 1",
            )


def read_probabilities(slot: Slot, scale: float) -> tuple[float, ...]:
    """Return softmax(logits * scale) of a frame, in double.

    Raises:
        ModelError: `model-output-invalid` when a logit isn't finite.
    """
    probabilities = _kernels.softmax(slot.logits, scale)
    if probabilities is None:
        raise _invalid_output(LOGITS_NAME)
    return probabilities


def read_attention(slot: Slot) -> Tensor | None:
    """Return a copy of a frame's attention map, (rows, columns), read-only; None without one.

    Raises:
        ModelError: `model-output-invalid` when a value isn't finite.
    """
    if slot.attention is None:
        return None
    if not _kernels.all_finite(slot.attention):
        raise _invalid_output(ATTENTION_NAME)
    attention = slot.attention.copy()
    attention.setflags(write=False)
    return attention


def _check_threads(threads: int) -> None:
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise ModelError(
            "model-threads", f"threads is {threads!r}, allowed is an integer in [1, {MAX_THREADS}]"
        )


def _not_runnable(file: ModelFile, error: Exception) -> ModelError:
    return ModelError(
        "model-not-runnable",
        f"model {file.model_id}: onnxruntime {onnxruntime.__version__} cannot run it: "
        f"{str(error)[:300]}",
    )


def _invalid_output(name: str) -> ModelError:
    return ModelError(
        "model-output-invalid",
        f"output {name!r} holds NaN or Infinity, allowed are finite numbers; "
        "the student or the runtime is damaged",
    )
