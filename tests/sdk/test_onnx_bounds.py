"""Fields, tensors and work are bounded before anything is computed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from onnx import helper

from sdk import ModelError
from sdk.model_file import onnx_walk
from sdk.model_file.onnx_walk import MAX_FIELDS, walk_onnx
from sdk.model_file.operators import OPERATORS
from tests.sdk.model_fuzz.generate import Builder, generated
from tests.sdk.model_fuzz.heaviest import HEAVIEST, model
from tests.sdk.model_fuzz.wire_tree import Node, encode, parse, varint
from tests.sdk.onnx_walks import slug_of, verdict, with_tensor
from tests.sdk.toy_student import toy_model


def test_a_bomb_of_tiny_fields_is_refused_within_its_budget() -> None:
    bomb = toy_model().SerializeToString() + b"\x72\x00" * (MAX_FIELDS + 1)
    assert slug_of(bomb) == "model-too-complex"


def test_constants_whose_product_is_folded_at_load_count_as_work() -> None:
    nodes = [
        helper.make_node("MatMul", ["m" if i == 0 else f"m{i}", "m"], [f"m{i + 1}"])
        for i in range(40)
    ]
    weights = {"m": np.ones((600, 600), np.float32)}
    with pytest.raises(ModelError, match="multiply-adds, allowed are") as caught:
        walk_onnx(model(nodes, weights).SerializeToString())
    assert caught.value.slug == "model-too-complex"


@pytest.mark.parametrize("limit", ["MAX_ELEMENTS", "MAX_TOTAL_ELEMENTS", "MAX_MULTIPLY_ADDS"])
def test_the_heaviest_graphs_lie_just_below_the_limits(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: make().SerializeToString() for name, make in HEAVIEST.items()}
    for data in files.values():
        walk_onnx(data)
    monkeypatch.setattr(onnx_walk, limit, getattr(onnx_walk, limit) * 7 // 8)
    assert "model-too-complex" in {verdict(data) for data in files.values()}


def test_parts_are_counted() -> None:
    def chain(nodes: int) -> bytes:
        names = ["frame", *(f"r{i}" for i in range(nodes - 1)), "logits"]
        relus = [helper.make_node("Relu", [a], [b]) for a, b in pairwise(names)]
        return model(relus, {}, (1, 1)).SerializeToString()

    walk_onnx(chain(2048))
    assert slug_of(chain(2049)) == "model-too-complex"
    joined = [helper.make_node("Concat", ["frame"] * 65, ["c"], axis=0)]
    assert slug_of(model(joined, {}).SerializeToString()) == "model-graph-invalid"


def test_tensors_have_at_most_six_axes() -> None:
    from random import Random

    b = Builder(Random(0))
    for _ in range(3):
        b.add("Unsqueeze", b.shape, b.constant(np.array([0], np.int64)))
    nodes = model(b.nodes, {}, (1, 1, 16, 16))
    nodes.graph.initializer.extend(b.initializers)
    assert slug_of(nodes.SerializeToString()) == "model-graph-invalid"


def test_many_small_graphs_are_accepted() -> None:
    from random import Random

    seen: set[str] = set()
    for seed in range(400):
        _, graph, _ = walk_onnx(generated(Random(seed)).SerializeToString())
        seen |= graph.operators
    assert seen == set(OPERATORS)


def test_fields_anywhere_share_one_budget() -> None:
    node = b"\x0a\x05frame" * (MAX_FIELDS + 1)
    tree = parse(toy_model().SerializeToString())
    graph = next(item for item in tree if item.number == 7)
    (graph.children or []).insert(0, Node(1, 2, payload=node))
    with pytest.raises(ModelError, match="too many fields"):
        walk_onnx(encode(tree))
    with pytest.raises(ModelError, match="too many fields"):
        walk_onnx(with_tensor(b"\x2a" + varint(MAX_FIELDS + 1) + b"\x01" * (MAX_FIELDS + 1)))
