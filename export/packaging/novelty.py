"""Prototypes of a student's pooled features, and a graph that measures the distance from them.

The features are what the last fully connected layer reads, whatever the architecture before it.
Distances are squared and Mahalanobis-like: whitened by the pooled covariance within the labels
(Lee et al., NeurIPS 2018, arXiv:1807.03888, eq. 1), from the nearest of several means a label,
divided by the number of features so that 1 is about usual.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.errors import ExportError
from export.packaging.sessions import open_session
from sdk.novelty import OUTPUT_NAME

LOGITS, FRAME = "logits", "frame"
_STEPS = 30


@dataclass(frozen=True, eq=False)
class Prototypes:
    """What the distance is measured from.

    Attributes:
        whitening: (features, features), from features to the space of the distance.
        means: (prototypes, features), in that space.
    """

    whitening: np.ndarray
    means: np.ndarray

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Return the distance (N,) of each row of features (N, features)."""
        placed = features.astype(np.float64) @ self.whitening.T
        squares = ((placed[:, None] - self.means[None]) ** 2).sum(2)
        return np.asarray(squares.min(1))


def fit(
    features: np.ndarray, labels: np.ndarray, per_label: int, shrinkage: float, seed: int = 0
) -> Prototypes:
    """Return prototypes of features (N, features) by their labels (N,).

    Each label gets `per_label` means, fewer where it has fewer frames: k-means (Lloyd, 1982) with
    the start of k-means++ (Arthur and Vassilvitskii, SODA 2007), by a fixed seed. `shrinkage`, 0
    to 1, draws the covariance towards a sphere: few frames leave directions in which nothing
    varies, and there any distance is large.

    Raises:
        ExportError: `novelty-few` with fewer than two frames of any label.
    """
    names, counts = np.unique(labels, return_counts=True)
    if not len(names) or counts.min() < 2:
        raise ExportError(
            "novelty-few",
            f"labels have {counts.tolist()} frames; prototypes need at least two of each",
        )
    features = features.astype(np.float64)
    own = np.stack([features[labels == name].mean(0) for name in names])
    within = features - own[np.searchsorted(names, labels)]
    covariance = within.T @ within / len(features)
    size = len(covariance)
    level = np.trace(covariance) / size
    covariance = (1 - shrinkage) * covariance + shrinkage * (level + 1e-12) * np.eye(size)
    values, vectors = np.linalg.eigh(covariance)
    whitening = (vectors / np.sqrt(values * size)) @ vectors.T
    rng = np.random.default_rng(seed)
    placed = features @ whitening.T
    means = [_means(placed[labels == name], per_label, rng) for name in names]
    return Prototypes(whitening, np.concatenate(means))


def _means(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    means = rows[rng.integers(len(rows))][None]
    while len(means) < min(count, len(rows)):
        gaps = ((rows[:, None] - means[None]) ** 2).sum(2).min(1)
        if gaps.sum() == 0:
            break
        means = np.vstack([means, rows[rng.choice(len(rows), p=gaps / gaps.sum())]])
    for _ in range(_STEPS):
        owner = ((rows[:, None] - means[None]) ** 2).sum(2).argmin(1)
        for i in np.unique(owner):
            means[i] = rows[owner == i].mean(0)
    return np.asarray(means)


def features_name(model: onnx.ModelProto) -> str:
    """Return the tensor that the last fully connected layer reads, as float.

    Raises:
        ExportError: `novelty-graph` when the logits don't come from such a layer.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    node = makers.get(LOGITS)
    # int8 rounds the logits themselves, and the bias may be a node of its own
    while node is not None and node.op_type in ("DequantizeLinear", "QuantizeLinear", "Add"):
        node = makers.get(node.input[0])
    if node is None or node.op_type not in ("Gemm", "MatMul"):
        found = None if node is None else node.op_type
        raise ExportError(
            "novelty-graph", f"logits come from {found!r}; allowed: Gemm or MatMul, for a novelty"
        )
    name = str(node.input[0])
    before = makers.get(name)
    if before is not None and before.op_type == "DequantizeLinear":
        rounded = makers.get(before.input[0])
        if rounded is not None and rounded.op_type == "QuantizeLinear":
            return str(rounded.input[0])
    return name


def pooled_features(model: onnx.ModelProto, frames: np.ndarray) -> np.ndarray:
    """Return what a student's last layer reads, (N, features), of inputs (N, 1, h, w)."""
    name, copy = features_name(model), onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = open_session(copy.SerializeToString())
    rows = [session.run([name], {FRAME: frame[None]})[0] for frame in frames]
    return np.concatenate([np.asarray(row).reshape(1, -1) for row in rows])


def with_novelty(model: onnx.ModelProto, prototypes: Prototypes) -> onnx.ModelProto:
    """Return the model with a further output: the distance from the nearest prototype, (1, 1).

    min |y - m|^2 = |y|^2 - max (2 m.y - |m|^2), with y = W x: two fully connected layers, no
    operator that students don't have already.
    """
    source, copy = features_name(model), onnx.ModelProto()
    copy.CopyFrom(model)
    whitening, means = prototypes.whitening, prototypes.means
    constants = {
        "novelty_whitening": whitening.astype(np.float32),
        "novelty_means": (2 * means).astype(np.float32),
        "novelty_offsets": -(means**2).sum(1).astype(np.float32),
        "novelty_axis": np.array([1], np.int64),
    }
    graph = copy.graph
    graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in constants.items())
    placed, axis = "novelty_placed", "novelty_axis"
    graph.node.extend(
        [
            helper.make_node("Gemm", [source, "novelty_whitening"], [placed], transB=1),
            helper.make_node("Mul", [placed, placed], ["novelty_squares"]),
            helper.make_node("ReduceSum", ["novelty_squares", axis], ["novelty_length"]),
            helper.make_node(
                "Gemm", [placed, "novelty_means", "novelty_offsets"], ["novelty_scores"], transB=1
            ),
            helper.make_node("ReduceMax", ["novelty_scores", axis], ["novelty_nearest"]),
            helper.make_node("Sub", ["novelty_length", "novelty_nearest"], [OUTPUT_NAME]),
        ]
    )
    graph.output.append(helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [1, 1]))
    onnx.checker.check_model(copy, full_check=True)
    return copy
