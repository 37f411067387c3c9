"""What of a student's graph is its trunk, its pooled features, its novelty; and what lies there."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from export.errors import ExportError
from export.packaging.sessions import open_session
from sdk.novelty import OUTPUT_NAME

LOGITS, FRAME = "logits", "frame"


def features_name(model: onnx.ModelProto) -> str:
    """Return the tensor that the last fully connected layer reads, as float.

    Raises:
        ExportError: `novelty-graph` when the logits don't come from such a layer.
    """
    makers = _makers(model)
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


def trunk_name(model: onnx.ModelProto) -> str:
    """Return the map that the last convolution before the pooled features reads, as float.

    In int8 it is the rounded map: the one that the head reads too.

    Raises:
        ExportError: `novelty-graph` when there is no convolution before them.
    """
    makers = _makers(model)
    node = makers.get(features_name(model))
    while node is not None and node.op_type != "Conv":
        node = makers.get(node.input[0])
    if node is None:
        raise ExportError(
            "novelty-graph", "no convolution makes the pooled features; an open-set head needs one"
        )
    return str(node.input[0])


def values_at(model: onnx.ModelProto, names: list[str], frames: np.ndarray) -> list[np.ndarray]:
    """Return the float tensors `names`, each (N, ...), for inputs (N, 1, h, w), one by one."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {output.name for output in copy.graph.output}
    for name in names:
        if name not in known:
            copy.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = open_session(copy.SerializeToString())
    rows = [session.run(names, {FRAME: frame[None]}) for frame in frames]
    return [np.stack([np.asarray(row[i])[0] for row in rows]) for i in range(len(names))]


def without_novelty(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without the output `novelty` and what computes it."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    for entries, names in (
        (graph.output, [value.name for value in graph.output]),
        (graph.initializer, [value.name for value in graph.initializer]),
        (graph.node, [node.output[0] for node in graph.node]),
    ):
        kept = [e for e, name in zip(entries, names, strict=True) if not _is_novelty(name)]
        del entries[:]
        entries.extend(kept)
    return copy


def _is_novelty(name: str) -> bool:
    return name == OUTPUT_NAME or name.startswith(f"{OUTPUT_NAME}_")


def _makers(model: onnx.ModelProto) -> dict[str, onnx.NodeProto]:
    return {output: node for node in model.graph.node for output in node.output}
