"""A student file is opened only when it is whole, unchanged and what it says it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from export.packaging.packaging import package
from sdk import ModelError
from sdk.model_file import parse_model_file
from sdk.model_file.digest import seal
from sdk.model_file.reader import MAX_FILE_BYTES
from tests.sdk.model_files import slug_of
from tests.sdk.toy_student import CARD, LABELS, toy_model, toy_student


def resealed(model: onnx.ModelProto) -> bytes:
    """Seal a model anew, as its maker could."""
    kept = [item for item in model.metadata_props if item.key != "sonogaze.sha256"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    return seal(model.SerializeToString())


def with_property(key: str, value: str | None) -> bytes:
    """A sealed toy with one metadata entry changed, added or (None) removed."""
    model = onnx.load_from_string(toy_student())
    kept = [item for item in model.metadata_props if item.key != f"sonogaze.{key}"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    if value is not None:
        model.metadata_props.add(key=f"sonogaze.{key}", value=value)
    return resealed(model)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_packaged_student_reads_back_as_its_card(precision: str) -> None:
    file = parse_model_file(toy_student(precision))
    metadata = file.metadata
    assert (metadata.student_id, metadata.precision) == (CARD.student_id, precision)
    assert metadata.labels == LABELS
    assert metadata.preprocessing == CARD.preprocessing
    assert metadata.calibration.temperature == CARD.temperature
    assert dict(metadata.calibration.abstain_below) == CARD.abstain_below
    assert metadata.quality == CARD.quality
    assert dict(metadata.provenance) == CARD.provenance
    assert metadata.attribution == CARD.attribution
    assert len(metadata.known_answers.answers) == 3
    assert file.attention_shape == (9, 12)


def test_model_id_names_student_precision_and_these_very_bytes() -> None:
    import hashlib

    data = toy_student()
    digest = hashlib.sha256(data[:-64]).hexdigest()
    file = parse_model_file(data)
    assert file.sha256 == digest == data[-64:].decode()
    assert file.model_id == f"toy/fp32@{digest[:12]}"


def test_equal_arguments_package_to_equal_bytes() -> None:
    assert package(toy_model(), CARD) == package(toy_model(), CARD)


def test_a_student_file_is_a_plain_onnx_file() -> None:
    model = onnx.load_from_string(toy_student())
    onnx.checker.check_model(model, full_check=True)
    assert {item.key for item in model.metadata_props} >= {"sonogaze.labels", "sonogaze.sha256"}


def test_packaging_drops_what_tells_of_the_makers_machine() -> None:
    model = toy_model()
    secret = "/home/maker/secret.py"
    model.doc_string = model.graph.doc_string = secret
    model.metadata_props.add(key="source", value=secret)
    model.graph.node[0].doc_string = secret
    model.graph.node[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value=secret)
    model.graph.initializer[0].doc_string = secret
    assert secret.encode() not in package(model, CARD)
    assert model.doc_string == secret, "the caller's model is not changed"


@settings(max_examples=300, deadline=None)
@given(position=st.integers(min_value=0), flip=st.integers(1, 255))
def test_any_changed_byte_is_a_digest_mismatch(position: int, flip: int) -> None:
    data = bytearray(toy_student())
    data[position % len(data)] ^= flip
    assert slug_of(bytes(data)) == "model-digest-mismatch"


@pytest.mark.parametrize("back", range(1, 64 + 22))
def test_any_changed_byte_of_the_seal_itself_is_a_digest_mismatch(back: int) -> None:
    data = bytearray(toy_student())
    data[-back] ^= 0x41
    assert slug_of(bytes(data)) == "model-digest-mismatch"


@settings(max_examples=200, deadline=None)
@given(length=st.integers(min_value=0))
def test_any_truncation_is_a_model_error(length: int) -> None:
    data = toy_student()
    assert slug_of(data[: length % len(data)]) in {
        "model-truncated",
        "model-not-onnx",
        "model-not-a-student",
        "model-unknown-version",
        "model-metadata-invalid",
        "model-digest-mismatch",
    }


def test_a_file_cut_in_half_is_called_truncated() -> None:
    data = toy_student()
    assert slug_of(data[: len(data) // 2]) == "model-truncated"


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_sealed_forgery_is_a_model_error_or_a_student(data: st.DataObject) -> None:
    body = bytearray(toy_student()[: -64 - 21])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.sampled_from(["set", "insert", "cut"]))
        if kind == "set":
            body[at] = data.draw(st.integers(0, 255))
        elif kind == "insert":
            body[at:at] = data.draw(st.binary(min_size=1, max_size=12))
        else:
            del body[at : at + data.draw(st.integers(1, 40))]
    try:
        file = parse_model_file(seal(bytes(body)))
    except ModelError:
        return
    assert file.metadata.labels


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_a_model_error(data: bytes) -> None:
    slug_of(data)
    slug_of(seal(data))


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "model-not-onnx"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "model-not-onnx"),
        (b"label,confidence\nhead,0.9\n", "model-not-onnx"),
        (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "model-not-onnx"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "model-not-onnx"),
        (b"\x80\x04\x95\x1f\x00\x00\x00", "model-not-onnx"),
        (bytes(128) + b"DICM", "model-not-onnx"),
        (toy_model().SerializeToString(), "model-not-a-student"),
    ],
    ids=["empty", "png", "text", "zip", "gzip", "pickle", "dicom", "bare-onnx"],
)
def test_other_kinds_of_file_are_told_apart(data: bytes, slug: str) -> None:
    assert slug_of(data) == slug


def test_a_future_format_version_is_refused_before_its_metadata_is_read() -> None:
    assert slug_of(with_property("format_version", "2")) == "model-unknown-version"
    assert slug_of(with_property("format_version", None)) == "model-unknown-version"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("labels", '["head","head","femur","background"]'),
        ("labels", '["head"]'),
        ("labels", '["head","","femur","background"]'),
        ("labels", '["head","a\\u0000b","femur","background"]'),
        ("labels", "head"),
        ("labels", None),
        ("calibration", '{"temperature":0,"abstain_below":{}}'),
        ("calibration", '{"temperature":NaN,"abstain_below":{}}'),
        ("calibration", '{"temperature":1.0,"abstain_below":{"head":0.5}}'),
        ("calibration", '{"temperature":1.0,"temperature":2.0,"abstain_below":{}}'),
        ("calibration", "[" * 100_000),
        ("quality", "{}"),
        ("known_answers", '{"tolerance":0.1,"answers":[]}'),
        ("provenance", "{}"),
        ("provenance", '{"training_data":[{"name":"x"}]}'),
        ("provenance", '{"training_data":[{"name":"x","licence":"y"}],"z":"\\ud800"}'),
        ("attribution", ""),
        ("student_id", " "),
        ("precision", "fp64"),
        ("temprature", "1"),
    ],
)
def test_each_metadata_rule_is_enforced(key: str, value: str | None) -> None:
    assert slug_of(with_property(key, value)) == "model-metadata-invalid"


def test_a_bad_preprocessing_recipe_is_refused() -> None:
    assert slug_of(with_property("preprocessing", "{}")) == "preprocessing-invalid"


def test_the_error_names_field_value_and_rule() -> None:
    with pytest.raises(
        ModelError, match=r"sonogaze\.calibration\.temperature is 0.*\[0\.001, 1000"
    ):
        parse_model_file(
            with_property(
                "calibration",
                '{"temperature":0,"abstain_below":{"head":0,"abdomen":0,"femur":0,"background":0}}',
            )
        )


@pytest.mark.parametrize("operator", ["NonMaxSuppression", "Pad", "Loop", "Resize"])
def test_an_operator_outside_the_list_is_named_when_it_is_packaged(operator: str) -> None:
    model = toy_model()
    model.graph.node[1].op_type = operator
    with pytest.raises(ModelError, match=f"operator '{operator}'; allowed are Add, ") as caught:
        package(model, CARD)
    assert caught.value.slug == "model-operator-refused"


def test_precision_and_operators_must_agree() -> None:
    with pytest.raises(ModelError, match="has no DequantizeLinear") as caught:
        package(toy_model(), replace(CARD, precision="int8"))
    assert caught.value.slug == "model-signature-mismatch"


def reshaped(*shape: int) -> bytes:
    """A sealed toy whose attention map truly has this shape."""
    model = onnx.load_from_string(toy_student())
    sizes = {item.name: item for item in model.graph.initializer}
    sizes["map"].CopyFrom(numpy_helper.from_array(np.array(shape, np.int64), "map"))
    value = helper.make_tensor_value_info("attention", onnx.TensorProto.FLOAT, shape)
    model.graph.output[1].CopyFrom(value)
    return resealed(model)


@pytest.mark.parametrize("shape", [(9, 12), (108, 1), (1, 108), (12, 9)])
def test_a_map_of_any_rows_and_columns_is_read(shape: tuple[int, int]) -> None:
    assert parse_model_file(reshaped(1, *shape)).attention_shape == shape


@pytest.mark.parametrize("shape", [(1, 108), (1, 9, 12, 1), (1, 9 * 12, 1, 1), (2, 9, 6)])
def test_a_map_of_another_rank_or_batch_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="attention") as caught:
        parse_model_file(reshaped(*shape))
    assert caught.value.slug == "model-signature-mismatch"


def test_a_student_with_fewer_logits_than_labels_is_refused() -> None:
    model = onnx.load_from_string(toy_student())
    weights = {item.name: item for item in model.graph.initializer}
    for name in ("head.weight", "head.bias"):
        fewer = numpy_helper.to_array(weights[name])[..., :3]
        weights[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(fewer), name))
    value = helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, (1, 3))
    model.graph.output[0].CopyFrom(value)
    with pytest.raises(
        ModelError, match=r"shape \(1, 3\).*, allowed is .*shape \(1, 4\)"
    ) as caught:
        parse_model_file(resealed(model))
    assert caught.value.slug == "model-signature-mismatch"


def test_a_student_without_a_map_has_logits_alone() -> None:
    model = onnx.load_from_string(toy_student())
    del model.graph.output[1]
    assert parse_model_file(resealed(model)).attention_shape is None
    model.graph.output.append(model.graph.output[0])
    model.graph.output.append(model.graph.output[0])
    assert slug_of(resealed(model)) == "model-signature-mismatch"


def test_a_whole_student_without_its_seal_is_no_unchanged_file() -> None:
    model = onnx.load_from_string(toy_student())
    kept = [item for item in model.metadata_props if item.key != "sonogaze.sha256"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    assert slug_of(model.SerializeToString()) == "model-digest-mismatch"


def test_bytes_beyond_64_mib_are_refused_for_their_size() -> None:
    assert MAX_FILE_BYTES == 64 << 20
    with pytest.raises(ModelError, match=f"has {MAX_FILE_BYTES + 1} bytes") as caught:
        parse_model_file(bytes(MAX_FILE_BYTES + 1))
    assert caught.value.slug == "model-too-large"
    assert slug_of(bytes(MAX_FILE_BYTES)) != "model-too-large"
