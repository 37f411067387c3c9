"""The output `novelty` of a student's graph: how unlike a frame is to what the student learned.

It has one measure or two, each a share of its own limit; the larger one counts, and above 1 a
label is withheld:

- the distance from the nearest prototype (`export.packaging.prototypes`), which knows what is
  unlike every training frame, whatever it is;
- what an open-set head denies of the answer (`export.models.open_set`), which knows what looks
  like a training frame but lacks what makes it one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.models.open_set import OpenSetHead
from export.packaging.graph_places import LOGITS, features_name, trunk_name, values_at
from export.packaging.prototypes import Prototypes
from sdk.novelty import OUTPUT_NAME, Novelty

_DISTANCE, _DENIED = "novelty_distance", "novelty_denied"
_node = helper.make_node


@dataclass(frozen=True, eq=False)
class Measures:
    """By what a student's novelty is measured."""

    prototypes: Prototypes
    open_set: OpenSetHead | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What a report calls the measures."""
        return ("distance",) if self.open_set is None else ("distance", "denied")

    def of(self, model: onnx.ModelProto, frames: np.ndarray) -> np.ndarray:
        """Return every measure (N, measures) of inputs (N, 1, h, w), as the graph computes it."""
        graph = with_novelty(model, self)
        tensors = [OUTPUT_NAME] if self.open_set is None else [_DISTANCE, _DENIED]
        return np.concatenate(values_at(graph, tensors, frames), axis=1).astype(np.float64)

    def section(self) -> Novelty:
        """Return what a file says of the output; its limits are in the graph."""
        return Novelty(1.0, len(self.prototypes.means))


def with_novelty(
    model: onnx.ModelProto, measures: Measures, limits: Sequence[float] | None = None
) -> onnx.ModelProto:
    """Return the model with a further output, `novelty` (1, 1).

    Args:
        model: a student's.
        measures: of the novelty.
        limits: of each measure, above 0; None: measures as they are.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    limits = [1.0] * len(measures.names) if limits is None else limits
    if measures.open_set is None:
        _add_distance(copy, measures.prototypes, limits[0], OUTPUT_NAME)
    else:
        _add_distance(copy, measures.prototypes, limits[0], _DISTANCE)
        _add_denied(copy, measures.open_set, limits[1])
        copy.graph.node.extend(
            [
                _node("Concat", [_DISTANCE, _DENIED], ["novelty_measures"], axis=1),
                _node("ReduceMax", ["novelty_measures", "novelty_axis"], [OUTPUT_NAME]),
            ]
        )
    copy.graph.output.append(helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [1, 1]))
    onnx.checker.check_model(copy, full_check=True)
    return copy


def _add_distance(
    model: onnx.ModelProto, prototypes: Prototypes, limit: float, output: str
) -> None:
    """Add the distance from the nearest prototype, as a share of its limit.

    With A = I - D^T D of the directions D, the least of (x - m)^T A (x - m) is
    |x|^2 - |D x|^2 - max (2 (A m).x - m^T A m): small matrices, and no operator that students
    don't have already.
    """
    source = features_name(model)
    means, directions = prototypes.means, prototypes.directions
    scale = prototypes.scale / limit
    pulled = means - means @ directions.T @ directions
    _add_constants(
        model,
        novelty_ones=np.full((1, means.shape[1]), scale),
        novelty_directions=np.sqrt(scale) * directions,
        novelty_means=2 * scale * pulled,
        novelty_offsets=-scale * (means * pulled).sum(1),
        novelty_axis=np.array([1], np.int64),
    )
    model.graph.node.extend(
        [
            _node("Mul", [source, source], ["novelty_squares"]),
            _node("Gemm", ["novelty_squares", "novelty_ones"], ["novelty_length"], transB=1),
            _node("Gemm", [source, "novelty_directions"], ["novelty_along"], transB=1),
            _node("Mul", ["novelty_along", "novelty_along"], ["novelty_along_squares"]),
            _node("ReduceSum", ["novelty_along_squares", "novelty_axis"], ["novelty_flattened"]),
            _node("Sub", ["novelty_length", "novelty_flattened"], ["novelty_own"]),
            _node("Gemm", [source, "novelty_means", "novelty_offsets"], ["novelty_scores"],
                  transB=1),
            _node("ReduceMax", ["novelty_scores", "novelty_axis"], ["novelty_nearest"]),
            _node("Sub", ["novelty_own", "novelty_nearest"], [output]),
        ]
    )  # fmt: skip


def _add_denied(model: onnx.ModelProto, head: OpenSetHead, limit: float) -> None:
    """Add 1 - sum of p(label) q(label), as a share of its limit.

    p is the softmax of the student's logits and q what the open-set head gives the label alone: for
    an answer that is sure, the share that the head denies of it.
    """
    source, scale = trunk_name(model), float(head.scale)
    weights = {name: value.numpy().astype(np.float64) for name, value in head.state_dict().items()}
    maps, channels = weights["attention.weight"].shape[:2]
    labels = len(weights["decide.bias"])
    _add_constants(
        model,
        novelty_look=weights["attention.weight"] * scale,
        novelty_look_bias=weights["attention.bias"],
        novelty_mix=weights["mix.weight"] * scale,
        novelty_mix_bias=weights["mix.bias"],
        novelty_decide=weights["decide.weight"],
        novelty_decide_bias=weights["decide.bias"],
        novelty_shares_shape=np.array([1, maps, -1], np.int64),
        novelty_places_shape=np.array([1, channels, -1], np.int64),
        novelty_row_shape=np.array([1, -1], np.int64),
        novelty_share=np.full((labels, 1), 1 / limit),
        novelty_all=np.full((1, 1), 1 / limit),
    )
    mixed, decided = ["novelty_mix", "novelty_mix_bias"], ["novelty_decide", "novelty_decide_bias"]
    model.graph.node.extend(
        [
            _node("Conv", [source, "novelty_look", "novelty_look_bias"], ["novelty_looks"]),
            _node("Reshape", ["novelty_looks", "novelty_shares_shape"], ["novelty_rows"]),
            _node("Softmax", ["novelty_rows"], ["novelty_shares"], axis=2),
            _node("Reshape", [source, "novelty_places_shape"], ["novelty_channels"]),
            _node("Transpose", ["novelty_channels"], ["novelty_places"], perm=[0, 2, 1]),
            _node("MatMul", ["novelty_shares", "novelty_places"], ["novelty_looked_at"]),
            _node("Reshape", ["novelty_looked_at", "novelty_row_shape"], ["novelty_row"]),
            _node("Gemm", ["novelty_row", *mixed], ["novelty_mixed"], transB=1),
            _node("Relu", ["novelty_mixed"], ["novelty_hidden"]),
            _node("Gemm", ["novelty_hidden", *decided], ["novelty_logits"], transB=1),
            _node("Sigmoid", ["novelty_logits"], ["novelty_claims"]),
            _node("Softmax", [LOGITS], ["novelty_answer"], axis=1),
            _node("Mul", ["novelty_answer", "novelty_claims"], ["novelty_claimed"]),
            _node("MatMul", ["novelty_claimed", "novelty_share"], ["novelty_given"]),
            _node("Sub", ["novelty_all", "novelty_given"], [_DENIED]),
        ]
    )


def _add_constants(model: onnx.ModelProto, **constants: np.ndarray) -> None:
    for name, values in constants.items():
        kept = values if values.dtype == np.int64 else values.astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(kept, name))
