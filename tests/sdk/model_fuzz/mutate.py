"""Mutations of one model file: of its encoding, of its fields, and of its values."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import onnx
from onnx import helper

from tests.sdk.model_fuzz.wire_tree import Node, copy_of, encode, parse, pick_list

Mutation = Callable[[list[Node], Random], None]

NUMBERS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 20, 21, 22, 25, 26, 50, 2**29 - 1)
INTEGERS = (0, 1, 2, 3, 5, 7, 16, 18, 127, 128, 255, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63)
NEGATIVE = tuple(2**64 - n for n in (1, 2, 3, 128, 129, 2**31, 2**31 + 1, 2**63))
TEXTS = (
    b"",
    b"x",
    b"frame",
    b"logits",
    b"If",
    b"Relu",
    b"\xff",
    b"\xed\xa0\x80",
    b"a\x00b",
    b"\x1b",
)
_BODY = helper.make_graph([], "body", [], [])
FORBIDDEN = [
    Node(5, 2, payload=helper.make_attribute("then_branch", _BODY).SerializeToString()),
    Node(13, 2, payload=onnx.StringStringEntryProto(key="location", value="w").SerializeToString()),
    Node(14, 0, value=1),
    Node(1, 2, payload=helper.make_node("If", ["x"], ["y"], then_branch=_BODY).SerializeToString()),
    Node(25, 2, payload=onnx.FunctionProto(name="f", domain="d").SerializeToString()),
    Node(8, 2, payload=helper.make_opsetid("com.example", 1).SerializeToString()),
    Node(7, 2, payload=b"com.example"),
    Node(7, 2, payload=_BODY.SerializeToString()),
]


def _choose(nodes: list[Node], rng: Random) -> Node:
    return rng.choice(pick_list(nodes, rng))


def high_tag(nodes: list[Node], rng: Random) -> None:
    _choose(nodes, rng).tag_extra = rng.choice([1, 3, 5]) << rng.randrange(32, 63)


def hidden_field(nodes: list[Node], rng: Random) -> None:
    """Put what is forbidden behind a tag with bits above the 32nd."""
    item = rng.choice(FORBIDDEN)
    extra = 1 << rng.randrange(32, 60)
    hidden = Node(item.number, item.wire, item.value, item.payload, tag_extra=extra)
    place = pick_list(nodes, rng)
    place.insert(rng.randrange(len(place) + 1), hidden)


def forbidden_field(nodes: list[Node], rng: Random) -> None:
    place = pick_list(nodes, rng)
    place.insert(rng.randrange(len(place) + 1), copy_of(rng.choice(FORBIDDEN)))


def overlong(nodes: list[Node], rng: Random) -> None:
    _choose(nodes, rng).overlong[rng.randrange(2)] = rng.choice([1, 1, 2, 4, 9])


def duplicate(nodes: list[Node], rng: Random) -> None:
    place = pick_list(nodes, rng)
    index = rng.randrange(len(place))
    place.insert(rng.choice([index, rng.randrange(len(place) + 1)]), copy_of(place[index]))


def swap(nodes: list[Node], rng: Random) -> None:
    place = pick_list(nodes, rng)
    a, b = rng.randrange(len(place)), rng.randrange(len(place))
    place[a], place[b] = place[b], place[a]


def delete(nodes: list[Node], rng: Random) -> None:
    place = pick_list(nodes, rng)
    del place[rng.randrange(len(place))]


def split(nodes: list[Node], rng: Random) -> None:
    """Write one message as two, which protobuf merges."""
    place = pick_list(nodes, rng)
    index = rng.randrange(len(place))
    node = place[index]
    if node.children:
        cut = rng.randrange(len(node.children) + 1)
        parts = node.children[:cut], node.children[cut:]
        place[index : index + 1] = [
            Node(node.number, 2, children=list(part), kind=node.kind) for part in parts
        ]


def move_in(nodes: list[Node], rng: Random) -> None:
    """Copy a field of one message into another."""
    pick_list(nodes, rng).append(copy_of(_choose(nodes, rng)))


def renumber(nodes: list[Node], rng: Random) -> None:
    _choose(nodes, rng).number = rng.choice(NUMBERS)


def unknown(nodes: list[Node], rng: Random) -> None:
    place = pick_list(nodes, rng)
    wire = rng.choice([0, 1, 2, 3, 5])
    payload = rng.randbytes({1: 8, 5: 4}.get(wire, rng.randrange(4))) if wire != 3 else b""
    item = Node(rng.choice(NUMBERS), wire, rng.choice(INTEGERS), payload)
    place.insert(rng.randrange(len(place) + 1), item)


def rewire(nodes: list[Node], rng: Random) -> None:
    node = _choose(nodes, rng)
    node.wire = rng.choice([0, 1, 2, 3, 4, 5, 6, 7])
    if node.wire in (1, 5):
        node.children, node.payload = None, rng.randbytes(8 if node.wire == 1 else 4)


def length(nodes: list[Node], rng: Random) -> None:
    _choose(nodes, rng).length_error = rng.choice([-2, -1, 1, 2, 100, 2**31, 2**63])


def pack(nodes: list[Node], rng: Random) -> None:
    """Write integers that stand alone as packed ones, or the reverse."""
    place = pick_list(nodes, rng)
    index = rng.randrange(len(place))
    node = place[index]
    if node.wire == 0:
        same = [n for n in place if n.number == node.number and n.wire == 0]
        packed = b"".join(encode([Node(0, 0, n.value)])[1:] for n in same)
        place[index] = Node(node.number, 2, payload=packed)
        place[:] = [n for n in place if not any(n is other for other in same)]
    elif node.children is None and node.wire == 2:
        place[index : index + 1] = [Node(node.number, 0, value) for value in node.payload[:8]]


def integer(nodes: list[Node], rng: Random) -> None:
    found = [n for n in pick_list(nodes, rng) if n.wire == 0]
    if found:
        node = rng.choice(found)
        near = [max(0, node.value + step) for step in (-1, 1, 2)]
        node.value = rng.choice([*near, *near, *INTEGERS, *NEGATIVE])


def text(nodes: list[Node], rng: Random) -> None:
    found = [n for n in pick_list(nodes, rng) if n.wire == 2 and n.children is None]
    if found:
        node = rng.choice(found)
        one = bytes([rng.choice(b"abcdexyz019")])
        at = rng.randrange(len(node.payload) + 1)
        edited = node.payload[:at] + one + node.payload[at + rng.randrange(2) :]
        node.payload = rng.choice([edited, edited, edited, rng.choice(TEXTS)])


def rename(nodes: list[Node], rng: Random) -> None:
    """Give one field the text of another, such as the name of another tensor."""
    texts = [n for n in pick_list(nodes, rng) if n.wire == 2 and n.children is None]
    others = [n for n in pick_list(nodes, rng) if n.wire == 2 and n.children is None]
    if texts and others:
        rng.choice(texts).payload = rng.choice(others).payload


def floats(nodes: list[Node], rng: Random) -> None:
    found = [n for n in pick_list(nodes, rng) if n.wire == 5]
    if found:
        rng.choice(found).payload = rng.choice(
            [rng.randbytes(4), b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\0\0"]
        )


ENCODINGS: tuple[Mutation, ...] = (
    high_tag, hidden_field, forbidden_field, overlong, duplicate, swap, delete, split, move_in,
    renumber, unknown, rewire, length, pack,
)  # fmt: skip
VALUES: tuple[Mutation, ...] = (integer, text, rename, floats, swap, duplicate, delete)


def mutated(data: bytes, rng: Random) -> tuple[bytes, str]:
    """Return a mutated file and the names of what was done to it."""
    kind = rng.random()
    if kind < 0.1:
        return _bytes_mutated(data, rng), "bytes"
    nodes = parse(data)
    pool = VALUES if kind < 0.6 else ENCODINGS
    done = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        mutation = rng.choice(pool)
        mutation(nodes, rng)
        done.append(mutation.__name__)
    return encode(nodes), "+".join(done)


def _bytes_mutated(data: bytes, rng: Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(out))
        action = rng.randrange(4)
        if action == 0:
            out[at] = rng.randrange(256)
        elif action == 1:
            out[at:at] = rng.randbytes(rng.randint(1, 4))
        elif action == 2:
            del out[at : at + rng.randint(1, 8)]
        else:
            out[at] ^= 1 << rng.randrange(8)
        if not out:
            return b"\x08"
    return bytes(out)
