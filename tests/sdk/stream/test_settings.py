"""The student file's optional section on streams."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import sdk
from sdk import ModelError
from sdk.model_file import ModelMetadata
from sdk.model_file.stream_settings import StreamSettings

KEY = "sonogaze.stream"


@pytest.fixture(scope="module")
def metadata(toy_path: Path) -> ModelMetadata:
    return sdk.Classifier(toy_path).metadata


def test_a_file_without_the_section_is_as_before_and_has_the_defaults(
    metadata: ModelMetadata, toy_path: Path
) -> None:
    assert metadata.stream is None
    assert KEY not in metadata.to_properties()
    assert sdk.Classifier(toy_path).stream().settings == StreamSettings()


def test_the_section_is_written_and_read_back(metadata: ModelMetadata) -> None:
    settings = StreamSettings(smoothing_s=0.5, leave_below=0.7)
    properties = replace(metadata, stream=settings).to_properties()
    assert json.loads(properties[KEY])["smoothing_s"] == 0.5
    assert ModelMetadata.from_properties(properties).stream == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smoothing_s", 0), ("smoothing_s", 1e9), ("evidence_floor", 0), ("evidence_floor", 0.5),
        ("leave_below", 0.4), ("cut_ratio", 0.5), ("black_share", 1.1), ("gap_s", "1"),
        ("freeze_level", None), ("surplus", 1),
    ],
)  # fmt: skip
def test_a_number_out_of_range_or_place_is_named(
    metadata: ModelMetadata, name: str, value: object
) -> None:
    section = StreamSettings().to_dict() | {name: value}
    properties = metadata.to_properties() | {KEY: json.dumps(section)}
    with pytest.raises(ModelError, match=name) as caught:
        ModelMetadata.from_properties(properties)
    assert caught.value.slug == "model-metadata-invalid"
