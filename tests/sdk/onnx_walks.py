"""What the walk says of a file, for the tests of model files."""

from __future__ import annotations

import pytest

from sdk import ModelError
from sdk.model_file.onnx_walk import walk_onnx
from tests.sdk.model_fuzz.wire_tree import Node, encode, parse
from tests.sdk.toy_student import toy_model


def slug_of(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        walk_onnx(data)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()
    return caught.value.slug


def with_tensor(tensor: bytes) -> bytes:
    tree = parse(toy_model().SerializeToString())
    graph = next(node for node in tree if node.number == 7)
    fields = graph.children or []
    last = max(index for index, node in enumerate(fields) if node.number == 5)
    fields.insert(last + 1, Node(5, 2, payload=tensor))
    return encode(tree)


def verdict(data: bytes) -> str:
    try:
        walk_onnx(data)
    except ModelError as error:
        return error.slug
    return "accepted"
