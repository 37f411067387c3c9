"""The arrays of one inference: bound to onnxruntime once, and read after each run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _kernels, runtime
from .errors import ModelError
from .model_file import ModelFile
from .model_file.reader import ATTENTION_NAME, INPUT_NAME, LOGITS_NAME, NOVELTY_NAME
from .novelty import UNLIKE_TRAINING
from .quality import SCREEN_WITHOUT_REGION, QualityGate
from .result import Decision, Timing

Tensor = npt.NDArray[np.float32]

LOW_CONFIDENCE = "low-confidence"
# by the bits of compiled doubt, in the order in which they are told
_DOUBTS = ((2, SCREEN_WITHOUT_REGION), (1, LOW_CONFIDENCE), (4, UNLIKE_TRAINING))
_OUTCOMES = (
    (Decision.ACCEPT, ()),
    *(
        (Decision.ABSTAIN, tuple(reason for bit, reason in _DOUBTS if doubts & bit))
        for doubts in range(1, 8)
    ),
)
_ATTENTION_SLACK = 1e-3


class Slot:
    """The arrays of one inference, bound to the runtime once; for one thread at a time.

    Attributes:
        tensor: float32 (1, 1, height, width), the input.
        logits: float32 (labels,), written by `run`.
        attention: float32 (rows, columns), likewise, or None when the student has none.
        novelty: float32 (1,), likewise.
        session: of onnxruntime, that these arrays are bound to.
        binding: of onnxruntime, to these arrays.
        run: infers `tensor`; see `Session.run`.
        request: the compiled work before and after a run, on these arrays.
    """

    __slots__ = (
        "__weakref__",  # the session counts its slots in a WeakSet
        "attention",
        "binding",
        "logits",
        "novelty",
        "request",
        "run",
        "session",
        "tensor",
    )

    def __init__(self, session: Any, file: ModelFile, gate: QualityGate) -> None:
        metadata = file.metadata
        recipe = metadata.preprocessing
        self.tensor: Tensor = np.zeros((1, 1, recipe.height, recipe.width), np.float32)
        self.logits: Tensor = np.empty(len(metadata.labels), np.float32)
        self.attention: Tensor | None = None
        self.session = session
        self.binding = session.io_binding()
        # bound by address: a run copies no array, and the compiled request reads these very ones
        place = ("cpu", 0, np.float32)
        self.binding.bind_input(INPUT_NAME, *place, self.tensor.shape, self.tensor.ctypes.data)
        row = (1, self.logits.size)
        self.binding.bind_output(LOGITS_NAME, *place, row, self.logits.ctypes.data)
        if file.attention_shape is not None:
            self.attention = np.empty(file.attention_shape, np.float32)
            map_shape = (1, *file.attention_shape)
            self.binding.bind_output(ATTENTION_NAME, *place, map_shape, self.attention.ctypes.data)
        self.novelty: Tensor | None = None
        if metadata.novelty is not None:
            self.novelty = np.empty(1, np.float32)
            self.binding.bind_output(NOVELTY_NAME, *place, (1, 1), self.novelty.ctypes.data)
        self.run: Callable[[], Any] = runtime.bound_run(session, self.binding)
        self.request = _kernels.Request(
            gate=gate.compiled,
            tensor=self.tensor,
            logits=self.logits,
            attention=self.attention,
            novelty=self.novelty,
            scale=1.0 / metadata.calibration.temperature,
            slack=_ATTENTION_SLACK,
            thresholds=[metadata.calibration.abstain_below[label] for label in metadata.labels],
            novelty_above=None if metadata.novelty is None else metadata.novelty.above,
            labels=metadata.labels,
            outcomes=_OUTCOMES,
            per_level=gate.per_level,
            timing=Timing,
        )

    def check_outputs(self) -> None:
        """Check what the runtime wrote.

        Raises:
            ModelError: `model-output-invalid` when a number isn't finite, or the attention map is
                no distribution.
        """
        if not _kernels.all_finite(self.logits):
            raise invalid_output(LOGITS_NAME)
        if self.attention is not None:
            check_attention(self.attention)
        if self.novelty is not None and not _kernels.all_finite(self.novelty):
            raise invalid_output(NOVELTY_NAME)


def check_attention(attention: Tensor) -> None:
    """Check that a map is a distribution: no negative number, a sum of 1 within 1e-3.

    Args:
        attention: float32, of any shape.

    Raises:
        ModelError: `model-output-invalid`.
    """
    if _kernels.is_distribution(attention, _ATTENTION_SLACK):
        return
    # told apart here alone, as the message differs; a valid map is checked in one pass
    if not _kernels.all_finite(attention):
        raise invalid_output(ATTENTION_NAME)
    raise ModelError(
        "model-output-invalid",
        f"output {ATTENTION_NAME!r} has a least value of {attention.min():.4g} and a sum of "
        f"{attention.sum(dtype=np.float64):.4g}, allowed are non-negative numbers summing to 1; "
        "the student or the runtime is damaged",
    )


def invalid_output(name: str) -> ModelError:
    """Build the error for an output that holds NaN or Infinity."""
    return ModelError(
        "model-output-invalid",
        f"output {name!r} holds NaN or Infinity, allowed are finite numbers; "
        "the student or the runtime is damaged",
    )
