"""Turn an ONNX model into a student file: its story, its known answers and its seal.

The format is described in docs/model-file.md. Equal arguments give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from export.packaging.sessions import ERRORS, open_session
from sdk import runtime
from sdk.errors import ModelError
from sdk.frame import Frame
from sdk.model_file import Calibration, ModelMetadata, parse_model_file
from sdk.model_file.digest import seal
from sdk.model_file.known_answers import (
    KnownAnswer,
    KnownAnswers,
    pattern_frame,
    tensor_sha256,
)
from sdk.model_file.onnx_walk import walk_onnx
from sdk.model_file.reader import INPUT_NAME, LOGITS_NAME
from sdk.novelty import Novelty
from sdk.preprocess import Preprocessing
from sdk.quality import QualityThresholds

# larger than the student's input, smaller than it, and of odd size
KNOWN_FRAMES = (("speckle", 224, 168), ("ring", 131, 97), ("bands", 97, 131))
# Share of the largest logit of the known answers. fp32: other orders of summation. int8: values
# that fall on the other side of a rounding step; the saturation of U8S8 kernels is larger.
_TOLERANCE_SHARE = {"fp32": 1e-4, "int8": 2e-2}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a student file shall say of itself.

    Attributes:
        student_id: names the student; the same for its fp32 and its int8 file.
        precision: `fp32` or `int8`.
        labels: one a logit, in order.
        preprocessing: the recipe the student was trained with.
        temperature: of the calibrated softmax, > 0.
        abstain_below: for each label, the probability below which it is withheld.
        provenance: JSON-ready; `training_data` lists objects with `name` and `licence`. Recipe,
            seeds, hash of the teacher, commit and number of parameters belong here too.
        attribution: the credit that the licences of the training data require.
        quality: thresholds of the gate.
        tolerance_share: largest difference of a logit of the known answers on another machine, as
            a share of the largest logit; None chooses by precision.
        novelty: of a model whose last output is `novelty` (`export.packaging.novelty`).
    """

    student_id: str
    precision: str
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    temperature: float
    abstain_below: Mapping[str, float]
    provenance: Mapping[str, Any]
    attribution: str
    quality: QualityThresholds = field(default_factory=QualityThresholds)
    tolerance_share: float | None = None
    novelty: Novelty | None = None


def package(model: onnx.ModelProto, card: ModelCard) -> bytes:
    """Make the bytes of a student file.

    Names, doc strings and source paths that exporters leave in nodes are dropped; graph, weights
    and tensor names stay. The known answers come from onnxruntime with every graph optimisation
    off, so for int8 they are those of the model as written, without any fused integer kernel.

    Args:
        model: static input `frame` float32 (1, 1, height, width); outputs `logits` float32
            (1, labels) and, if there is one, `attention` float32 (1, rows, columns). Unchanged.
        card: what the file shall say.

    Returns:
        The complete file.

    Raises:
        ModelError: when the SDK would refuse the file; the slug says why.
    """
    stripped = strip(model)
    # before anything runs it: an operator that no student may use is named here
    walk_onnx(stripped.SerializeToString(deterministic=True))
    metadata = ModelMetadata(
        student_id=card.student_id,
        precision=card.precision,
        labels=tuple(card.labels),
        preprocessing=card.preprocessing,
        calibration=Calibration(card.temperature, dict(card.abstain_below)),
        quality=card.quality,
        known_answers=_answer(stripped, card),
        provenance=card.provenance,
        attribution=card.attribution,
        novelty=card.novelty,
    )
    return sealed(stripped, metadata)


def sealed(model: onnx.ModelProto, metadata: ModelMetadata) -> bytes:
    """Return the complete file of a stripped model, which the SDK takes.

    Raises:
        ModelError: when the SDK would refuse the file; the slug says why.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for key, value in metadata.to_properties().items():
        copy.metadata_props.add(key=key, value=value)
    data = seal(copy.SerializeToString(deterministic=True))
    parse_model_file(data)
    return data


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy a model without metadata, doc strings, source paths and unused operator domains."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.metadata_props[:]
    copy.ClearField("doc_string")
    graph = copy.graph
    for name in ("doc_string", "metadata_props", "value_info", "quantization_annotation"):
        graph.ClearField(name)
    for node in graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
    for item in (*graph.initializer, *graph.input, *graph.output):
        item.ClearField("doc_string")
        item.ClearField("metadata_props")
    used = {node.domain for node in graph.node} | {"", "ai.onnx"}
    kept = [item for item in copy.opset_import if item.domain in used]
    del copy.opset_import[:]
    copy.opset_import.extend(kept)
    return copy


def _answer(model: onnx.ModelProto, card: ModelCard) -> KnownAnswers:
    run = _reference_runner(model)
    answers, peak = [], 0.0
    for pattern, width, height in KNOWN_FRAMES:
        tensor = card.preprocessing.tensor(Frame.from_array(pattern_frame(pattern, width, height)))
        logits = tuple(run(tensor).ravel().tolist())
        peak = max(peak, *(abs(logit) for logit in logits))
        answers.append(KnownAnswer(pattern, width, height, tensor_sha256(tensor), logits))
    share = card.tolerance_share
    if share is None:
        share = _TOLERANCE_SHARE.get(card.precision, 0.0)
    return KnownAnswers(share * max(1.0, peak), tuple(answers))


def _reference_runner(model: onnx.ModelProto) -> Any:
    data = model.SerializeToString()
    try:
        session = open_session(data, optimised=False, log_severity=ERRORS)
    except Exception as error:
        raise _not_runnable(error) from error

    def run(tensor: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        try:
            logits: npt.NDArray[np.float32] = session.run([LOGITS_NAME], {INPUT_NAME: tensor})[0]
        except Exception as error:
            raise _not_runnable(error) from error
        return logits

    return run


def _not_runnable(error: Exception) -> ModelError:
    return ModelError(
        "model-not-runnable", f"onnxruntime {runtime.version()} cannot run it: {error}"
    )
