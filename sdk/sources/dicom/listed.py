"""The elements that are read of a DICOM header; all others are skipped unread."""

from __future__ import annotations

_IMAGE_PIXEL: tuple[int, ...] = (
    0x00280002,
    0x00280004,
    0x00280006,
    0x00280008,
    0x00280010,
    0x00280011,
)
_IMAGE_PIXEL += (0x00280100, 0x00280101, 0x00280102, 0x00280103)
_PALETTE: tuple[int, ...] = (0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203)
_PALETTE += (0x00281221, 0x00281222, 0x00281223, 0x00089205)
_GREY: tuple[int, ...] = (
    0x00281050,
    0x00281051,
    0x00281052,
    0x00281053,
    0x00281056,
    0x00283000,
    0x00283010,
)
_GREY += (0x20500010, 0x20500020)
_TIMES: tuple[int, ...] = (0x00280009, 0x00181063, 0x00181065, 0x00180040)
_GROUPS: tuple[int, ...] = (0x52009229, 0x52009230)
_REGIONS: tuple[int, ...] = (0x00186011,)
_OFFSETS: tuple[int, ...] = (0x7FE00001, 0x7FE00002)
_META: tuple[int, ...] = (0x00020010,)

LISTED = frozenset(_META + _IMAGE_PIXEL + _PALETTE + _GREY + _TIMES + _GROUPS + _REGIONS + _OFFSETS)
