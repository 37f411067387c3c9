"""Prototypes of a student's pooled features, and a graph that measures the distance from them.

The features are what the last fully connected layer reads, whatever the architecture before it.
Distances are squared and Mahalanobis-like: by the pooled covariance within the labels (Lee et al.,
NeurIPS 2018, arXiv:1807.03888, eq. 1), from the nearest of several means a label, divided by the
number of features so that 1 is about usual.
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

    The metric is a sphere flattened along a few directions: a file holds these and not a matrix of
    all features, which would be a third of it.

    Attributes:
        means: (prototypes, features).
        directions: (directions, features), along which labels vary within themselves, as long as
            their differences count less: d(x, m) = scale (|x - m|^2 - |directions (x - m)|^2).
        scale: above 0.
    """

    means: np.ndarray
    directions: np.ndarray
    scale: float

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Return the distance (N,) of each row of features (N, features)."""
        gaps = features.astype(np.float64)[:, None] - self.means[None]
        along = gaps @ self.directions.T
        return np.asarray(self.scale * ((gaps**2).sum(2) - (along**2).sum(2)).min(1))


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    per_label: int,
    shrinkage: float,
    directions: int = 16,
    seed: int = 0,
) -> Prototypes:
    """Return prototypes of features (N, features) by their labels (N,).

    Each label gets `per_label` means, fewer where it has fewer frames: k-means (Lloyd, 1982) with
    the start of k-means++ (Arthur and Vassilvitskii, SODA 2007), by a fixed seed. The covariance
    within labels is drawn towards a sphere by `shrinkage`, 0 to 1 (few frames leave directions in
    which nothing varies, and there any distance is large), and kept along its largest `directions`;
    the rest is their mean.

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
    values, vectors = np.linalg.eigh(within.T @ within / len(features))
    values = (1 - shrinkage) * values + shrinkage * values.mean() + 1e-12
    count = min(directions, len(values) - 1)
    rest = float(values[: len(values) - count].mean())
    kept = np.sqrt(1 - rest / values[len(values) - count :])
    flattened = kept[:, None] * vectors[:, len(values) - count :].T
    rng = np.random.default_rng(seed)
    means = [_means(features[labels == name], per_label, rng) for name in names]
    return Prototypes(np.concatenate(means), flattened, 1 / (rest * len(values)))


def _means(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    means = rows[[rng.integers(len(rows))]]
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

    With A = I - D^T D of the directions D, the least of (x - m)^T A (x - m) is
    |x|^2 - |D x|^2 - max (2 (A m).x - m^T A m): small matrices, and no operator that students
    don't have already.
    """
    source, copy = features_name(model), onnx.ModelProto()
    copy.CopyFrom(model)
    means, directions, scale = prototypes.means, prototypes.directions, prototypes.scale
    pulled = means - means @ directions.T @ directions
    constants = {
        "novelty_ones": np.full((1, means.shape[1]), scale),
        "novelty_directions": np.sqrt(scale) * directions,
        "novelty_means": 2 * scale * pulled,
        "novelty_offsets": -scale * (means * pulled).sum(1),
    }
    graph = copy.graph
    for name, values in constants.items():
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    axis = numpy_helper.from_array(np.array([1], np.int64), "novelty_axis")
    graph.initializer.append(axis)
    graph.node.extend(_nodes(source))
    graph.output.append(helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [1, 1]))
    onnx.checker.check_model(copy, full_check=True)
    return copy


def _nodes(source: str) -> list[onnx.NodeProto]:
    """Return the nodes from the features to the distance."""
    node = helper.make_node
    return [
        node("Mul", [source, source], ["novelty_squares"]),
        node("Gemm", ["novelty_squares", "novelty_ones"], ["novelty_length"], transB=1),
        node("Gemm", [source, "novelty_directions"], ["novelty_along"], transB=1),
        node("Mul", ["novelty_along", "novelty_along"], ["novelty_along_squares"]),
        node("ReduceSum", ["novelty_along_squares", "novelty_axis"], ["novelty_flattened"]),
        node("Sub", ["novelty_length", "novelty_flattened"], ["novelty_own"]),
        node("Gemm", [source, "novelty_means", "novelty_offsets"], ["novelty_scores"], transB=1),
        node("ReduceMax", ["novelty_scores", "novelty_axis"], ["novelty_nearest"]),
        node("Sub", ["novelty_own", "novelty_nearest"], [OUTPUT_NAME]),
    ]
