"""The 2-D tissue region of a DICOM image is chosen, with its pixel size when that is a length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from sdk import Region, sources
from sdk.errors import SourceError
from sdk.sources.dicom.region import choose_region
from sdk.sources.dicom.values import Header
from tests.sdk.dicom_files import make_dataset, region, regions, write

REAL = Path(pydicom.data.__file__).parent / "test_files"
TISSUE, FLOW, SPECTRUM, ECG = (1, 1), (1, 2), (3, 3), (4, 10)


def read(dataset: Dataset) -> Header:
    """The data set as it is after it was written and read."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    buffer.seek(0)
    return Header("a.dcm", read_dataset(buffer, is_implicit_VR=False, is_little_endian=True))


def chosen_box(*items: Dataset) -> tuple[float, ...] | None:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = regions(*items)
    chosen = choose_region(read(dataset), 100, 80)
    return None if chosen is None else chosen.region.numbers


def test_corners_are_included() -> None:
    assert chosen_box(region((10, 20, 59, 69), *TISSUE)) == (10, 20, 50, 50)


def test_traces_are_passed_over() -> None:
    tissue = region((0, 0, 49, 29), *TISSUE)
    spectrum = region((0, 30, 99, 79), *SPECTRUM)
    assert chosen_box(spectrum, tissue, region((0, 70, 99, 79), *ECG)) == (0, 0, 50, 30)
    assert chosen_box(spectrum) is None


def test_of_two_panes_the_larger_and_of_equal_ones_the_first() -> None:
    left, right = region((0, 0, 39, 79), *TISSUE), region((50, 0, 99, 79), *TISSUE)
    assert chosen_box(left, right) == (50, 0, 50, 80)
    assert chosen_box(region((0, 0, 39, 79), *TISSUE), region((60, 0, 99, 79), *TISSUE)) == (
        0, 0, 40, 80,
    )  # fmt: skip


def test_the_larger_of_two_panes_has_more_pixels_not_more_rows() -> None:
    tall, large = region((0, 0, 9, 29), *TISSUE), region((20, 0, 79, 7), *TISSUE)
    assert chosen_box(tall, large) == (20, 0, 60, 8)


@pytest.mark.parametrize("corner", ["RegionLocationMinX0", "RegionLocationMinY0"])
def test_a_region_that_begins_before_the_frame_is_refused(corner: str) -> None:
    item = region((0, 0, 49, 29), *TISSUE)
    item[corner].VR, item[corner].value = "SL", -1
    with pytest.raises(SourceError, match="names the region"):
        chosen_box(item)


@pytest.mark.parametrize(
    ("delta_cm", "known"), [(99.95, True), (100.0, False), (2e-7, True), (1e-7, False)]
)
def test_a_pixel_is_larger_than_a_nanometre_and_smaller_than_a_metre(
    delta_cm: float, known: bool
) -> None:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = regions(
        region((0, 0, 49, 29), *TISSUE, PhysicalDeltaX=delta_cm, PhysicalDeltaY=-delta_cm)
    )
    chosen = choose_region(read(dataset), 100, 80)
    assert chosen is not None
    assert (chosen.pixel_size_mm is not None) is known


def test_tissue_comes_before_a_larger_colour_flow_region() -> None:
    flow = region((0, 0, 99, 79), *FLOW)
    assert chosen_box(flow, region((5, 5, 14, 14), *TISSUE)) == (5, 5, 10, 10)
    assert chosen_box(flow) == (0, 0, 100, 80)


def refusal(*items: Dataset) -> str:
    with pytest.raises(SourceError) as caught:
        chosen_box(*items)
    return caught.value.slug


@pytest.mark.parametrize(
    "box",
    [
        (50, 40, 300, 400), (0, 0, 101, 79), (0, 0, 99, 81),  # beyond the frame, by a pixel as well
        (100, 0, 120, 20), (20, 0, 10, 20), (0, 30, 20, 10),  # outside, turned round
    ],
    ids=str,
)  # fmt: skip
def test_a_region_that_the_frame_contradicts_is_refused(box: tuple[int, int, int, int]) -> None:
    assert refusal(region(box, *TISSUE)) == "region-outside"
    assert refusal(region(box, *FLOW)) == "region-outside"
    assert refusal(region((0, 0, 50, 50), *TISSUE), region(box, *TISSUE)) == "region-outside"
    assert chosen_box(region(box, *ECG)) is None


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (5, 5, 5, 50), (5, 5, 50, 5), (100, 0, 100, 9)])
def test_a_region_without_area_counts_only_where_it_is_the_best(
    box: tuple[int, int, int, int],
) -> None:
    assert refusal(region(box, *TISSUE)) == "region-outside"
    assert refusal(region(box, *FLOW)) == "region-outside"
    assert refusal(region((0, 0, 50, 50), *FLOW), region(box, *TISSUE)) == "region-outside"
    for kind in (TISSUE, FLOW):
        assert chosen_box(region(box, *kind), region((1, 2, 50, 60), *kind)) == (1, 2, 50, 59)
    assert chosen_box(region((1, 2, 50, 60), *TISSUE), region(box, *FLOW)) == (1, 2, 50, 59)


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ((12, 0, 100, 79), (12, 0, 88, 80)),
        ((0, 6, 99, 80), (0, 6, 100, 74)),
        ((0, 0, 100, 80), (0, 0, 100, 80)),
    ],
)
def test_a_region_may_end_at_columns_and_rows(
    corners: tuple[int, int, int, int], box: tuple[int, int, int, int]
) -> None:
    assert chosen_box(region(corners, *TISSUE)) == box


def test_an_incomplete_region_is_refused() -> None:
    item = region((0, 0, 9, 9), *TISSUE)
    del item.RegionLocationMaxX1
    assert refusal(item) == "source-malformed"


@pytest.mark.parametrize(
    ("name", "frame", "corners"),
    [
        ("examples_ybr_color", "320 x 240", "84,31 to 595,414"),
        ("examples_palette", "800 x 350", "120,60 to 800,518"),
    ],
)
def test_real_files_whose_region_is_larger_than_the_frame_say_so(
    name: str, frame: str, corners: str
) -> None:
    path = REAL / f"{name}.dcm"
    with pytest.raises(SourceError, match=f"{corners}.*{frame}.*region=") as caught:
        next(sources.open(path))
    assert caught.value.slug == "region-outside"
    width, height = map(int, frame.split(" x "))
    found, info = next(sources.open(path, region=Region.rectangle(0, 0, width, height)))
    assert (found.region_box, info.region_origin) == ((0, 0, width, height), "given")


@pytest.mark.parametrize(
    ("tags", "size"),
    [
        ({}, (0.2, 0.3)),
        ({"PhysicalDeltaY": -0.03}, (0.2, 0.3)),
        ({"PhysicalUnitsYDirection": 4}, None),
        ({"PhysicalDeltaX": 0.0}, None),
    ],
    ids=["cm", "negative", "seconds", "zero"],
)
def test_pixel_size_is_known_only_for_lengths(
    tags: dict[str, object], size: tuple[float, float] | None
) -> None:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = regions(region((0, 0, 9, 9), *TISSUE, **tags))
    chosen = choose_region(read(dataset), 100, 80)
    assert chosen is not None
    assert chosen.pixel_size_mm == (None if size is None else pytest.approx(size))


def test_a_given_region_comes_before_the_one_in_the_file(tmp_path: Path) -> None:
    pixels = np.zeros((80, 100), np.uint8)
    dataset = make_dataset(pixels, SequenceOfUltrasoundRegions=regions(region((0, 0, 49, 49))))
    path = write(dataset, tmp_path / "a.dcm")
    frame, info = next(sources.open(path))
    assert (frame.region_box, info.region_origin) == ((0, 0, 50, 50), "file")
    frame, info = next(sources.open(path, region=Region.rectangle(1, 2, 3, 4)))
    assert (frame.region_box, info.region_origin) == ((1, 2, 3, 4), "given")
