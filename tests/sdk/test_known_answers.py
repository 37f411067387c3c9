"""A machine that computes something else than the student's maker is found at load."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
import pytest

import sdk
from sdk import ModelError
from sdk.model_file.digest import seal
from sdk.model_file.known_answers import PATTERNS, pattern_frame, tensor_sha256
from tests.sdk.toy_student import CARD, toy_student

PINNED = "3df8fbd839d24bb5937085b35927897a3fdce7287b90ade5f434303ea8ec4fdb"


def with_known_answers(change, path: Path) -> Path:  # type: ignore[no-untyped-def]
    model = onnx.load_from_string(toy_student())
    del model.metadata_props[-1]
    entry = next(p for p in model.metadata_props if p.key == "sonogaze.known_answers")
    known = json.loads(entry.value)
    change(known)
    entry.value = json.dumps(known)
    path.write_bytes(seal(model.SerializeToString()))
    return path


def bands_by_hand(width: int, height: int) -> list[list[int]]:
    return [[(x * 5 + y * 3 + (x * y >> 5)) % 256 for x in range(width)] for y in range(height)]


def ring_by_hand(width: int, height: int) -> list[list[int]]:
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            u, v = (2 * x - width) * 1000 // width, (2 * y - height) * 1300 // height
            radius = u * u + v * v
            level = 24 + (x * 7 + y * 13 + x * y) % 41
            if radius < 490_000 and abs(v) < 40:
                level = 150
            if 490_000 < radius < 640_000:
                level = 230
            row.append(level)
        rows.append(row)
    return rows


def speckle_by_hand(width: int, height: int) -> list[list[int]]:
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            noise = (x * 73_856_093) ^ (y * 19_349_663)
            noise = ((noise ^ (noise >> 13)) * 1_274_126_177) & 0xFFFF
            fan = abs(2 * x - width) * height < width * (height // 3 + y) and y > height // 16
            row.append((noise >> 8) * (3 * height - 2 * y) // (3 * height) if fan else 0)
        rows.append(row)
    return rows


@pytest.mark.parametrize(
    ("pattern", "by_hand"),
    [("bands", bands_by_hand), ("ring", ring_by_hand), ("speckle", speckle_by_hand)],
)
def test_patterns_are_their_integer_formulas(pattern, by_hand) -> None:  # type: ignore[no-untyped-def]
    frame = pattern_frame(pattern, 61, 43)
    assert frame.dtype == np.uint8
    assert frame.tolist() == by_hand(61, 43)


def test_patterns_never_change() -> None:
    joined = b"".join(pattern_frame(name, 131, 97).tobytes() for name in sorted(PATTERNS))
    assert hashlib.sha256(joined).hexdigest() == PINNED


def test_the_tensor_hash_is_of_little_endian_floats() -> None:
    tensor = np.array([[1.5, -2.0]], np.float32)
    assert tensor_sha256(tensor) == hashlib.sha256(struct.pack("<2f", 1.5, -2.0)).hexdigest()


def test_a_kernel_that_differs_by_one_bit_is_found(tmp_path: Path) -> None:
    def change(known: dict) -> None:  # type: ignore[type-arg]
        name = known["answers"][0]["pattern"]
        width, height = known["answers"][0]["width"], known["answers"][0]["height"]
        tensor = CARD.preprocessing.tensor(pattern_frame(name, width, height))
        tensor.view(np.uint32)[0, 0, 70, 90] ^= 1
        known["answers"][0]["tensor_sha256"] = tensor_sha256(tensor)

    with pytest.raises(ModelError, match="reinstall the package") as caught:
        sdk.Classifier(with_known_answers(change, tmp_path / "a.onnx"))
    assert caught.value.slug == "known-answer-mismatch"


@pytest.mark.parametrize(("share", "accepted"), [(0.5, True), (1.5, False)])
def test_logits_may_differ_by_the_tolerance_of_the_file(
    tmp_path: Path, share: float, accepted: bool
) -> None:
    def change(known: dict) -> None:  # type: ignore[type-arg]
        known["answers"][2]["logits"][3] += share * known["tolerance"]

    path = with_known_answers(change, tmp_path / "a.onnx")
    if accepted:
        assert sdk.Classifier(path).labels == CARD.labels
        return
    with pytest.raises(ModelError, match="logits differ by") as caught:
        sdk.Classifier(path)
    assert caught.value.slug == "known-answer-mismatch"


def test_weights_changed_by_a_forger_are_found_all_the_same(tmp_path: Path) -> None:
    model = onnx.load_from_string(toy_student())
    del model.metadata_props[-1]
    weights = bytearray(model.graph.initializer[0].raw_data)
    weights[3] ^= 0x40
    model.graph.initializer[0].raw_data = bytes(weights)
    path = tmp_path / "forged.onnx"
    path.write_bytes(seal(model.SerializeToString()))
    with pytest.raises(ModelError) as caught:
        sdk.Classifier(path)
    assert caught.value.slug in {"known-answer-mismatch", "model-output-invalid"}
