"""Each message has one encoding, the one that protobuf writes."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import pytest
from onnx import helper

from sdk.model_file.onnx_walk import walk_onnx
from tests.sdk.model_fuzz.wire_tree import Node, encode, parse, varint
from tests.sdk.onnx_walks import slug_of, with_tensor
from tests.sdk.toy_student import toy_model

HIDDEN = {
    "control flow": (5, helper.make_attribute("then_branch", helper.make_graph([], "b", [], []))),
    "external data": (13, onnx.StringStringEntryProto(key="location", value="weights.bin")),
    "custom operator": (1, helper.make_node("Evil", ["frame"], ["y"], domain="com.example")),
    "loop": (1, helper.make_node("Loop", ["trips"], ["y"])),
}


@pytest.mark.parametrize("bit", [32, 33, 40, 62])
@pytest.mark.parametrize("what", HIDDEN)
@pytest.mark.parametrize("where", ["model", "graph", "node", "tensor"])
def test_what_hides_behind_a_tag_above_32_bits_is_refused(where: str, what: str, bit: int) -> None:
    tree = parse(toy_model().SerializeToString())
    graph = next(node for node in tree if node.number == 7).children or []
    inside = {
        "model": tree,
        "graph": graph,
        "node": next(node for node in graph if node.number == 1).children or [],
        "tensor": next(node for node in graph if node.number == 5).children or [],
    }
    number, message = HIDDEN[what]
    hidden = Node(number, 2, payload=message.SerializeToString(), tag_extra=1 << bit)
    inside[where].append(hidden)
    assert slug_of(encode(tree)) == "model-malformed"


def overlong_tag(node: Node) -> None:
    node.overlong[0] = 1


def overlong_value(node: Node) -> None:
    node.overlong[1] = 1


def ten_bytes(node: Node) -> None:
    node.overlong[1] = 8


@pytest.mark.parametrize("change", [overlong_tag, overlong_value, ten_bytes])
def test_every_field_has_one_encoding(change: Callable[[Node], None]) -> None:
    count = len(_all_fields(parse(toy_model().SerializeToString())))
    assert count > 150
    for index in range(1, count):
        tree = parse(toy_model().SerializeToString())
        node = _all_fields(tree)[index]
        if node.wire in (0, 2) or change is overlong_tag:
            change(node)
            assert slug_of(encode(tree)) in {"model-malformed", "model-truncated"}


def _all_fields(nodes: list[Node]) -> list[Node]:
    return [node for item in nodes for node in (item, *_all_fields(item.children or []))]


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"\x08" + b"\xff" * 10 + b"\x01", "model-malformed"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "model-malformed"),
        (b"\x08\x0a\x0b", "model-malformed"),
        (b"\x08\x0a\x00\x01", "model-malformed"),
        (b"\x08\x0a\x3a\xff\xff\xff\xff\x0f", "model-truncated"),
        (b"\x08\x0a\x72\x03\x0a\x7f\x00\x72\x00", "model-malformed"),
        (b"\x08\x0a\x0d\x00\x00\x00\x00", "model-malformed"),
        (b"\x08", "model-truncated"),
        (b"\x08\x80", "model-truncated"),
        (b"\x08\x0a\x42\x02\x0a\x00", "model-not-onnx"),
        (b"\x08\x0a\x08\x0a", "model-malformed"),
        (b"\x08\x0a\x1a\x00\x12\x00", "model-malformed"),
        (b"\x08\x0a\x12\x01\xff", "model-malformed"),
        (b"\x08\x0a\x12\x03\xed\xa0\x80", "model-malformed"),
    ],
    ids=[
        "varint", "65-bits", "group", "field-0", "overlong", "nested", "fixed32", "cut",
        "cut-number", "no-graph", "twice", "order", "utf-8", "surrogate",
    ],
)  # fmt: skip
def test_the_wire_format_is_checked(data: bytes, slug: str) -> None:
    assert slug_of(data) == slug


def test_packed_and_unpacked_fields_are_as_protobuf_writes_them() -> None:
    tensor = b"\x08\x01\x10\x01\x42\x01b"
    for body in (b"\x22\x00", b"\x22\x03abc", b"\x25" + bytes(4), b"\x2a\x00", b"\x2a\x02\x80\x00"):
        data = with_tensor(tensor[:4] + body + tensor[4:])
        assert slug_of(data) == "model-malformed"
    assert slug_of(with_tensor(b"\x0a\x01\x01" + tensor[2:])) == "model-malformed"
    walk_onnx(with_tensor(tensor + b"\x4a\x04" + bytes(4)))


def test_the_varint_of_the_tests_is_protobufs() -> None:
    for value in (0, 1, 127, 128, 300, 2**32, 2**64 - 1):
        message = onnx.OperatorSetIdProto(version=value - 2**64 if value >= 2**63 else value)
        assert message.SerializeToString() == b"\x10" + varint(value)


@pytest.mark.parametrize("value", [2**31, 2**32 + 1, 2**63 + 1, 2**64 - 2**31 - 1])
def test_an_int32_that_protobuf_would_cut_to_32_bits_is_refused(value: int) -> None:
    tree = parse(toy_model().SerializeToString())
    graph = next(node for node in tree if node.number == 7).children or []
    tensor = next(node for node in graph if node.number == 5).children or []
    next(node for node in tensor if node.number == 2).value = value
    assert slug_of(encode(tree)) == "model-malformed"
    packed = b"\x08\x01\x10\x06\x2a" + varint(len(varint(value))) + varint(value) + b"\x42\x01b"
    assert slug_of(with_tensor(packed)) == "model-malformed"
