"""Protobuf messages as trees of fields that can be encoded wrongly on purpose.

Written from the wire format alone (https://protobuf.dev/programming-guides/encoding) and from
protobuf's own descriptors, so that it shares nothing with the walk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import onnx

MESSAGE = 11


@dataclass
class Node:
    """One field, with the ways in which its encoding is off."""

    number: int
    wire: int
    value: int = 0
    payload: bytes = b""
    children: list[Node] | None = None
    kind: object = None  # protobuf's descriptor of the message inside
    tag_extra: int = 0  # bits added above the 32 of a tag
    overlong: list[int] = field(default_factory=lambda: [0, 0])  # bytes more: of tag; of the rest
    length_error: int = 0


def varint(value: int, more: int = 0) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    for _ in range(more):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def parse(data: bytes, kind: object = onnx.ModelProto.DESCRIPTOR) -> list[Node]:
    """Read bytes that protobuf wrote."""
    nodes, at = [], 0
    known = {item.number: item for item in kind.fields}  # type: ignore[attr-defined]
    while at < len(data):
        tag, at = _read_varint(data, at)
        node = Node(tag >> 3, tag & 7)
        if node.wire == 0:
            node.value, at = _read_varint(data, at)
        elif node.wire == 2:
            length, at = _read_varint(data, at)
            node.payload = data[at : at + length]
            at += length
            descriptor = known.get(node.number)
            if descriptor is not None and descriptor.type == MESSAGE:
                node.kind = descriptor.message_type
                node.children = parse(node.payload, node.kind)
        else:
            size = 4 if node.wire == 5 else 8
            node.payload = data[at : at + size]
            at += size
        nodes.append(node)
    return nodes


def encode(nodes: list[Node]) -> bytes:
    return b"".join(map(_encode_one, nodes))


def _encode_one(node: Node) -> bytes:
    tag = varint(node.number << 3 | node.wire | node.tag_extra, node.overlong[0])
    if node.wire == 0:
        return tag + varint(node.value, node.overlong[1])
    body = node.payload if node.children is None else encode(node.children)
    if node.wire == 2:
        return tag + varint(max(0, len(body) + node.length_error), node.overlong[1]) + body
    if node.wire == 3:
        return tag + body + varint(node.number << 3 | 4)
    return tag + body


def copy_of(node: Node) -> Node:
    """Return a field that shares nothing with `node`."""
    payload = node.payload if node.children is None else encode(node.children)
    return Node(node.number, node.wire, node.value, payload)


def pick_list(nodes: list[Node], rng: Random) -> list[Node]:
    """Choose a message that has fields; a deep one as likely as a shallow one."""
    current = nodes
    while True:
        inner = [n.children for n in current if n.children]
        if not inner or rng.random() < 0.12:
            return current
        current = rng.choice(inner)
