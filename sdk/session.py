"""The student inside onnxruntime: one session, its outputs checked."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from sdk.errors import ModelError
from sdk.frame import Frame
from sdk.model_file import ModelFile
from sdk.model_file.known_answers import check_logits, check_tensor, pattern_frame
from sdk.model_file.reader import ATTENTION_NAME, INPUT_NAME, LOGITS_NAME

Tensor = npt.NDArray[np.float32]

MAX_THREADS = 256
_ATTENTION_SLACK = 1e-3


class Session:
    """Runs one student on the CPU; any number of threads may call `run` at the same time.

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

    def run(self, tensor: Tensor) -> list[Tensor]:
        """Infer one tensor.

        Args:
            tensor: float32 (1, 1, height, width).

        Returns:
            Logits (1, labels) and, when the student has one, attention (1, rows, columns).

        Raises:
            ModelError: `model-not-runnable`.
        """
        try:
            outputs: list[Any] = self._session.run(self._names, {INPUT_NAME: tensor})
        except Exception as error:
            raise _not_runnable(self._file, error) from error
        return outputs

    def check_known_answers(self) -> None:
        """Compute what the student file says it must compute, on this machine.

        Raises:
            ModelError: `known-answer-mismatch`, `model-signature-mismatch` or
                `model-output-invalid`.
        """
        metadata = self._file.metadata
        known = metadata.known_answers
        for answer in known.answers:
            pixels = pattern_frame(answer.pattern, answer.width, answer.height)
            tensor = metadata.preprocessing.tensor(Frame.from_array(pixels))
            check_tensor(answer, tensor)
            outputs = self.run(tensor)
            self._check_outputs(outputs)
            check_logits(answer, read_logits(outputs[0]), known.tolerance)

    def _check_outputs(self, outputs: list[Tensor]) -> None:
        shape = self._file.attention_shape
        expected: list[tuple[int, ...]] = [(1, len(self._file.metadata.labels))]
        if shape is not None:
            expected.append((1, *shape))
        found = [tuple(output.shape) for output in outputs]
        if found != expected:
            raise ModelError(
                "model-signature-mismatch",
                f"model file: outputs have shapes {found}, declared are {expected}",
            )
        if shape is None:
            return
        attention = read_attention(outputs[1])
        total = float(attention.sum(dtype=np.float64))
        if float(attention.min()) < 0 or not abs(total - 1.0) <= _ATTENTION_SLACK:
            raise ModelError(
                "model-output-invalid",
                f"model file: attention sums to {total:.4g}, allowed is non-negative summing to 1",
            )


def read_logits(output: Tensor) -> list[float]:
    """Return the logits of a frame.

    Raises:
        ModelError: `model-output-invalid` when one isn't finite.
    """
    logits: list[float] = output[0].tolist()
    if not isfinite(sum(logits)):
        raise _invalid_output(LOGITS_NAME)
    return logits


def read_attention(output: Tensor) -> Tensor:
    """Return the attention map of a frame, (rows, columns), made read-only.

    Raises:
        ModelError: `model-output-invalid` when a value isn't finite.
    """
    attention: Tensor = output[0]
    flat = attention.ravel()
    # one pass: the sum of squares is finite when every value is
    if not isfinite(flat.dot(flat)):
        raise _invalid_output(ATTENTION_NAME)
    attention.flags.writeable = False
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
