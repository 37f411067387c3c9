"""Hold the walk against `onnx`: whatever protobuf and the checker see, the walk saw.

    python -m tests.sdk.model_fuzz.differential --files 1000000 --processes 2 --out FILE.json

Each file is generated, mutated and walked. One that the walk accepts must parse in protobuf, hold
no unknown field, serialise to the same bytes, tell the same story, pass `onnx.checker`, and have
the shapes that `onnx.shape_inference` finds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from google.protobuf.unknown_fields import UnknownFieldSet
from onnx import numpy_helper

from sdk.errors import ModelError
from sdk.model_file.onnx_walk import Graph, Header, walk_onnx
from sdk.model_file.values import Value
from tests.sdk.model_fuzz.generate import generated
from tests.sdk.model_fuzz.mutate import mutated


class Disagreement(AssertionError):
    """The walk accepted a file of which `onnx` sees something else."""


def judge(data: bytes) -> str:
    """Return "accepted", or the slug of the walk's refusal.

    Raises:
        Disagreement: when the walk accepted what `onnx` sees otherwise.
    """
    try:
        header, graph, values = walk_onnx(data)
    except ModelError as error:
        return error.slug
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:
        raise Disagreement(f"protobuf doesn't parse it: {error}") from error
    if model.SerializeToString(deterministic=True) != data:
        raise Disagreement("protobuf serialises it to other bytes")
    if unknown_fields(model):
        raise Disagreement("unknown fields")
    for name, ours, theirs in compared(header, graph, values, model):
        if ours != theirs:
            raise Disagreement(f"{name}: the walk saw {ours!r}, onnx sees {theirs!r}")
    return "accepted"


def unknown_fields(message: Any) -> int:
    """Count the unknown fields of a message and of all within."""
    count = len(UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.message_type is not None:
            items = value if field.is_repeated else [value]
            count += sum(unknown_fields(item) for item in items)
    return count


def compared(
    header: Header, graph: Graph, values: dict[str, Value], model: onnx.ModelProto
) -> list[tuple[str, Any, Any]]:
    """Return what the walk saw beside what `onnx` sees."""
    return [
        ("metadata", dict(header.metadata), {p.key: p.value for p in model.metadata_props}),
        ("opset", [graph.opset], [item.version for item in model.opset_import]),
        ("inputs", [tuple(i) for i in graph.inputs], [_info(i) for i in model.graph.input]),
        ("outputs", [tuple(i) for i in graph.outputs], [_info(i) for i in model.graph.output]),
        ("nodes", _our_nodes(graph), [_node(node) for node in model.graph.node]),
        ("initializers", _our_tensors(graph), _tensors(model)),
        ("shapes", {name: (v.dtype, v.shape) for name, v in values.items()}, _shapes(model)),
    ]


def _info(item: onnx.ValueInfoProto) -> tuple[str, int, tuple[int, ...]]:
    tensor = item.type.tensor_type
    return item.name, tensor.elem_type, tuple(d.dim_value for d in tensor.shape.dim)


def _our_nodes(graph: Graph) -> list[Any]:
    found = []
    for node in graph.nodes:
        attributes = {}
        for item in node.attributes:
            (value,) = (item[key] for key in item if key not in ("name", "type"))
            attributes[item["name"]] = (item["type"], value)
        found.append((node.op_type, list(node.inputs), [node.output], attributes))
    return found


def _node(node: onnx.NodeProto) -> Any:
    attributes = {}
    for item in node.attribute:
        value = onnx.helper.get_attribute_value(item)
        value = value.decode() if isinstance(value, bytes) else value
        attributes[item.name] = (item.type, list(value) if item.type == 7 else value)
    return node.op_type, list(node.input), list(node.output), attributes


def _our_tensors(graph: Graph) -> dict[str, Any]:
    return {n: (v.dtype, v.shape, v.integers) for n, v in graph.initializers.items()}


def _tensors(model: onnx.ModelProto) -> dict[str, Any]:
    found = {}
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        integers = tuple(array.tolist()) if array.dtype == np.int64 else None
        found[tensor.name] = (tensor.data_type, array.shape, integers)
    return found


def _shapes(model: onnx.ModelProto) -> dict[str, Any]:
    """Return every tensor's type and shape as onnx infers them, after its full check."""
    try:
        onnx.checker.check_model(model)
        inferred = onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        ).graph
    except Exception as error:
        raise Disagreement(f"onnx refuses it: {error}") from error
    found = {name: (dtype, shape) for name, (dtype, shape, _) in _tensors(model).items()}
    for item in (*inferred.input, *inferred.value_info, *inferred.output):
        name, dtype, shape = _info(item)
        found[name] = (dtype, shape)
    return found


def case(seed: int) -> tuple[bytes, str]:
    """Return the file of one seed, and how it came about."""
    rng = Random(seed)
    data = generated(rng).SerializeToString(deterministic=True)
    if rng.random() < 0.1:
        return data, "generated"
    return mutated(data, rng)


def run(first: int, count: int) -> dict[str, Any]:
    """Judge the files of `count` seeds from `first` on."""
    verdicts: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    disagreements = []
    for seed in range(first, first + count):
        data, how = case(seed)
        try:
            verdict = judge(data)
        except Disagreement as error:
            verdict = "disagreement"
            disagreements.append(f"seed {seed} ({how}): {error}"[:400])
        verdicts[verdict] += 1
        if verdict == "accepted":
            accepted[how.split("+")[0]] += 1
        if how == "generated" and verdict != "accepted":
            disagreements.append(f"seed {seed}: generated, but {verdict}")
    return {"verdicts": verdicts, "accepted": accepted, "disagreements": disagreements}


def main() -> None:
    """Judge many files and write the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    begin = time.perf_counter()
    size = 5_000
    chunks = [
        (first, min(size, given.first + given.files - first))
        for first in range(given.first, given.first + given.files, size)
    ]
    with multiprocessing.Pool(given.processes) as workers:
        results = workers.starmap(run, chunks)
    verdicts = sum((r["verdicts"] for r in results), Counter())
    report = {
        "command": f"python -m tests.sdk.model_fuzz.differential --files {given.files} "
        f"--processes {given.processes}",
        "onnx": onnx.__version__,
        "files": sum(verdicts.values()),
        "accepted_share": round(verdicts["accepted"] / sum(verdicts.values()), 4),
        "verdicts": dict(verdicts.most_common()),
        "accepted_after": dict(sum((r["accepted"] for r in results), Counter()).most_common()),
        "disagreements": [line for r in results for line in r["disagreements"]],
        "seconds": round(time.perf_counter() - begin),
    }
    text = json.dumps(report, indent=2) + "\n"
    print(text[:6000])
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
