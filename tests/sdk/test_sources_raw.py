"""Raw frames: what a description says is what comes out, or an error says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk import Region, SdkError, sources
from sdk.sources.raw import KIND

PIXELS = np.random.default_rng(8).integers(0, 256, 3 * 12 * 16).astype(np.uint8).tobytes()
FIELDS: dict[str, Any] = {
    "kind": KIND, "data": "a.raw", "width": 16, "height": 12, "format": "GRAY8",
}  # fmt: skip


def described(folder: Path, pixels: bytes = PIXELS, **fields: Any) -> Path:
    (folder / "a.raw").write_bytes(pixels)
    (folder / "a.json").write_text(json.dumps(FIELDS | fields))
    return folder / "a.json"


def test_frames_are_the_bytes_of_the_file(tmp_path: Path) -> None:
    path = described(tmp_path, fps=50, region={"rectangle": [1, 2, 8, 6]})
    found = list(sources.open(path))
    assert b"".join(bytes(frame._data) for frame, _ in found) == PIXELS
    assert [info.timestamp_us for _, info in found] == [0, 20_000, 40_000]
    assert {(i.kind, i.frame_count, i.region_origin) for _, i in found} == {("raw", 3, "file")}
    assert found[0][0].region == Region.rectangle(1, 2, 8, 6)


def test_padding_offset_colour_and_window_are_told(tmp_path: Path) -> None:
    (frame, _), *rest = sources.open(described(tmp_path, bytes(20 * 12 + 7), strides=20,
                                               offset_bytes=7))  # fmt: skip
    assert (frame.strides, rest) == ((20,), [])
    yuv = described(tmp_path, bytes(16 * 12 * 3 // 2), format="NV12", color="bt709-full")
    assert next(sources.open(yuv))[1].color == "bt709-full"
    assert next(sources.open(yuv, color="bt601-limited"))[1].color_origin == "given"
    wide = described(tmp_path, bytes(16 * 12 * 2), format="GRAY16", window=[0, 1023])
    assert next(sources.open(wide))[0]._key.window == (0, 1023)


def test_a_folder_takes_the_description_for_its_data(tmp_path: Path) -> None:
    described(tmp_path)
    assert [info.path for _, info in sources.open(tmp_path)] == [str(tmp_path / "a.json")] * 3


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"data": "../a.raw"}, "source-malformed"), ({"data": "none"}, "source-not-found"),
        ({"more": 1}, "source-malformed"), ({"kind": "x"}, "source-unknown-kind"),
        ({"format": "GRAY9"}, "format-unknown"), ({"format": "NV12"}, "color-missing"),
        ({"width": 0}, "source-malformed"), ({"width": "16"}, "source-malformed"),
        ({"width": 20_000}, "source-too-large"), ({"strides": 8}, "strides-overlap"),
        ({"strides": [16, 16]}, "source-malformed"), ({"fps": 0}, "source-option"),
        ({"fps": True}, "source-option"), ({"offset_bytes": -1}, "source-malformed"),
        ({"region": [1, 2, 3, 4]}, "source-malformed"), ({"width": 15}, "source-truncated"),
        ({"region": {"rectangle": [0, 0, 17, 1]}}, "region-outside"),
        ({"offset_bytes": 576}, "source-no-pixels"), ({"window": [0, 1]}, "window-unexpected"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(tmp_path: Path, fields: dict[str, Any], slug: str) -> None:
    with pytest.raises(SdkError) as caught:
        list(sources.open(described(tmp_path, **fields)))
    assert caught.value.slug == slug


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*FIELDS, "strides", "region", "fps", "window", "color", "pixel_size_mm"]), JSON
)
def test_any_value_is_frames_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: Any
) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        frames = list(sources.open(described(folder, **{field: value})))
    except SdkError:
        return
    assert all(frame.width > 0 for frame, _ in frames)


def test_a_description_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("{" * 70_000, "[" * 500, '{"kind"', "{}"):
        path.write_text(text)
        with pytest.raises(SdkError) as caught:
            list(sources.open(path))
        assert caught.value.slug == "source-unknown-kind"
