"""`region="auto"`: found where nobody names one, and told so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image

import sdk
from sdk import FrameError, sources
from tests.sdk.dicom_files import make_dataset, region, regions, write
from tests.sdk.video_files import written

BOX = (200, 80, 300, 320)


def screen(seed: int = 0) -> Any:
    """A dark interface with one bright, speckled image at BOX."""
    random = np.random.default_rng(seed)
    picture = np.full((480, 640), 24, np.uint8)
    x, y, width, height = BOX
    speckle = cv2.GaussianBlur(random.normal(0, 60, (height, width)), (5, 5), 0)
    picture[y : y + height, x : x + width] = np.clip(120 + speckle, 40, 255).astype(np.uint8)
    return picture


def png(picture: Any) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, "PNG")
    return memory.getvalue()


def test_a_region_is_found_and_told_to_be() -> None:
    ((frame, info),) = sources.open(io.BytesIO(png(screen())), region="auto")
    assert info.region_origin == "found"
    assert frame.region == sdk.find_region(screen())
    assert sdk.classify(frame).region_origin == "found"
    assert np.abs(np.array(frame.region_box) - BOX).max() <= 12


def test_a_videos_region_is_held(tmp_path: Path) -> None:
    written(tmp_path / "a.mp4", "mp4v", [cv2.merge([screen(i)] * 3) for i in range(5)])
    regions = {frame.region for frame, _ in sources.open(tmp_path / "a.mp4", region="auto")}
    assert len(regions) == 1
    assert None not in regions


def test_a_region_that_the_file_names_comes_first(tmp_path: Path) -> None:
    dataset = make_dataset(screen(), SequenceOfUltrasoundRegions=regions(region((9, 8, 49, 39))))
    ((frame, info),) = sources.open(write(dataset, tmp_path / "a.dcm"), region="auto")
    assert (info.region_origin, frame.region_box) == ("file", (9, 8, 41, 32))


def test_a_screen_without_an_image_stays_whole() -> None:
    ((frame, info),) = sources.open(io.BytesIO(png(np.zeros((480, 640), np.uint8))), region="auto")
    assert (frame.region, info.region_origin) == (None, "whole")


def test_a_live_sources_region_is_found() -> None:
    images = [simplejpeg.encode_jpeg(screen(i)[..., None], 95, "GRAY", "") for i in range(2)]
    with sources.mjpeg(io.BytesIO(b"".join(images)), queue=2, region="auto") as live:
        assert [info.region_origin for _, info in live] == ["found", "found"]


@pytest.mark.parametrize("region", ["Auto", "", 1, (0, 0, 1, 1)])
def test_what_is_no_region_is_refused(region: Any) -> None:
    with pytest.raises(FrameError, match="'auto'") as caught:
        sources.open(io.BytesIO(b"P5 1 1 255\n0"), region=region)
    assert caught.value.slug == "region-invalid"
