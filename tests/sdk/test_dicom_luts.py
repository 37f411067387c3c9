"""Lookup tables of grey values: the sign of their first value, and entries of too few bits."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_jpegs import GREY, MALFORMED
from tests.sdk.dicom_reading import pixels, refusal


def table(first: int, entries: list[int], bits: int, signed: bool = False) -> Sequence:
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [len(entries), first, bits])
    item.add_new(0x00283006, "OW", np.array(entries, "<u2").tobytes())
    return Sequence([item])


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_table_of_signed_values_begins_below_zero(syntax: str) -> None:
    entries = [4095 - 10 * at for at in range(256)]
    dataset = make_dataset(GREY, syntax, PixelRepresentation=1)
    dataset.VOILUTSequence = table(-128, entries, 12, signed=True)
    expected = np.array(entries)[GREY.view(np.int8).astype(int) + 128] * (255 / 4095)
    np.testing.assert_allclose(pixels(dataset), expected, atol=0.501)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_table_behind_a_modality_table_begins_at_what_that_gives(syntax: str) -> None:
    # 40000 is no negative number: what a modality table gives never is
    dataset = make_dataset(GREY, syntax, PixelRepresentation=1)
    dataset.ModalityLUTSequence = table(-128, list(range(39_990, 40_246)), 16, signed=True)
    dataset.VOILUTSequence = table(40_000, [10 * at for at in range(200)], 12)
    given = GREY.view(np.int8).astype(int) + 128 + 39_990
    expected = 10 * (given - 40_000).clip(0, 199) * (255 / 4095)
    np.testing.assert_allclose(pixels(dataset), expected, atol=0.501)


def test_a_table_of_16_bits_whose_entries_have_8_is_refused() -> None:
    dataset = make_dataset(GREY, VOILUTSequence=table(0, list(range(256)), 16))
    assert refusal(dataset, "LUTDescriptor", "says 16 bits") == MALFORMED
    dataset.VOILUTSequence = table(0, [*range(255), 256], 16)
    assert pixels(dataset).max() == 1  # 256 of 65535
    dataset.VOILUTSequence = table(0, [0] * 256, 16)  # all black needs no bit
    assert pixels(dataset).max() == 0


def test_an_empty_character_set_is_no_text() -> None:
    dataset = make_dataset(GREY, SpecificCharacterSet="")
    np.testing.assert_array_equal(pixels(dataset), GREY)
