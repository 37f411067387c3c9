"""The reference's plain cases as the SDK's own objects."""

from __future__ import annotations

from sdk.frame import Frame, Region
from sdk.preprocess import Preprocessing
from tests.reference.preprocess import YUV, Case, Recipe


def frame_of(case: Case) -> Frame:
    region = None
    if case.rectangle is not None:
        region = Region.rectangle(*case.rectangle)
    if case.sector is not None:
        region = Region.sector(*case.sector, clip=case.clip)
    color = f"{case.matrix}-{'limited' if case.limited else 'full'}"
    return Frame(
        case.buffer,
        width=case.w,
        height=case.h,
        format=case.name,
        strides=case.strides,
        color=color if case.name in YUV else None,
        region=region,
        pixel_size_mm=case.pixel_size,
        window=case.window if case.name == "GRAY16" else None,
    )


def preprocessing_of(recipe: Recipe) -> Preprocessing:
    return Preprocessing(
        recipe.width,
        recipe.height,
        aspect="letterbox" if recipe.letterbox else "stretch",
        mean=recipe.mean,
        std=recipe.std,
        pad_level=recipe.pad_level,
    )
