"""Numbers beyond every float, and beyond what Python writes, are refused in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sdk import Frame, FrameError, ModelError, Region, SdkError
from sdk.preprocess import Preprocessing

PIXELS = np.zeros((8, 8), np.uint8)


def _frame(**changed: Any) -> Frame:
    return Frame(PIXELS.data, **{"width": 8, "height": 8, "format": "GRAY8", **changed})


HUGE = {"10**400": 10**400, "-10**400": -(10**400), "10**5000": 10**5000}
PLACES: dict[str, Callable[[Any], object]] = {
    "sector": lambda n: Region.sector(n, 0, 0, 5, -30, 30),
    "sector angle": lambda n: Region.sector(0, 0, 0, 5, -30, n),
    "rectangle": lambda n: Region.rectangle(n, 0, 4, 4),
    "pixel size": lambda n: _frame(pixel_size_mm=n),
    "pixel sizes": lambda n: _frame(pixel_size_mm=(0.1, n)),
    "width": lambda n: _frame(width=n),
    "strides": lambda n: _frame(strides=n),
    "window": lambda n: _frame(width=4, format="GRAY16", window=(0, n)),
    "mean": lambda n: Preprocessing(8, 8, mean=n),
    "std": lambda n: Preprocessing(8, 8, std=n),
    "height": lambda n: Preprocessing(8, n),
}


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("place", PLACES)
def test_a_huge_number_is_refused(place: str, number: str) -> None:
    with pytest.raises(SdkError) as caught:
        PLACES[place](HUGE[number])
    assert isinstance(caught.value, FrameError | ModelError)
    assert len(str(caught.value)) < 400
