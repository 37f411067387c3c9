"""Names of pixel formats: each supported one, each other name for it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdk import _kernels
from sdk._formats import ALIASES, FACTS, NAMES, NEAREST
from sdk.errors import FrameError
from sdk.frame import Frame, PixelFormat
from sdk.preprocess import Preprocessing
from tests.reference import preprocess as reference

DOCS = (Path(__file__).parents[2] / "docs/formats.md").read_text(encoding="utf-8")


def test_the_names_are_those_of_the_table_and_of_the_reference() -> None:
    assert tuple(PixelFormat) == NAMES
    assert set(NAMES) == {*reference.FORMATS, "MJPEG"}


@pytest.mark.parametrize("name", reference.FORMATS)
@pytest.mark.parametrize(("w", "h"), [(1, 1), (6, 4), (7, 5)])
def test_planes_have_the_size_that_the_reference_gives_them(name: str, w: int, h: int) -> None:
    shapes = reference.plane_shapes(name, w, h)
    needed = sum(rows * used for rows, used in shapes)
    about = {"width": w, "height": h, "format": name}
    about |= {"color": "bt709-full"} if name in reference.YUV else {}
    about |= {"window": (0, 9)} if name == "GRAY16" else {}
    assert Frame(bytes(needed), **about).strides == tuple(used for _, used in shapes)
    with pytest.raises(FrameError, match=f"needs {needed}"):
        Frame(bytes(needed - 1), **about)
    if len(shapes) > 1:
        planes = [bytes(rows * used) for rows, used in shapes]
        Frame(tuple(planes), **about)
        for at in range(len(planes)):
            short = [p[: len(p) - (i == at)] for i, p in enumerate(planes)]
            with pytest.raises(FrameError, match=rf"data\[{at}\] holds"):
                Frame(tuple(short), **about)


@pytest.mark.parametrize("name", reference.FORMATS)
def test_bytes_per_pixel_are_those_of_all_planes(name: str) -> None:
    shapes = reference.plane_shapes(name, 8, 8)
    assert FACTS[name]["bytes_per_pixel"] == sum(rows * used for rows, used in shapes) / 64
    assert _kernels.formats()[name] == FACTS[name]


@pytest.mark.parametrize("alias", ALIASES)
def test_another_name_is_the_same_format(alias: str) -> None:
    assert alias not in NAMES
    assert PixelFormat(alias) == ALIASES[alias]
    if ALIASES[alias] == "MJPEG":
        return
    name = ALIASES[alias]
    about = {"width": 9, "height": 5}
    about |= {"color": "bt601-limited"} if name in reference.YUV else {}
    about |= {"window": (0, 65535)} if name == "GRAY16" else {}
    pixels = np.random.default_rng(0).integers(0, 256, 400, dtype=np.uint8)
    recipe = Preprocessing(4, 3)
    as_named, as_alias = (Frame(pixels, format=n, **about) for n in (name, alias))
    assert as_alias.format is PixelFormat(name)
    np.testing.assert_array_equal(recipe.tensor(as_alias), recipe.tensor(as_named))


def test_an_array_may_be_given_by_another_name() -> None:
    array = np.zeros((4, 6, 2), np.uint8)
    assert Frame.from_array(array, "YUY2", color="bt601-full").format == "YUYV"


@pytest.mark.parametrize("name", NEAREST)
def test_a_known_but_unsupported_name_is_refused_with_the_nearest(name: str) -> None:
    nearest, how = NEAREST[name]
    assert nearest in NAMES
    assert name not in (*NAMES, *ALIASES)
    with pytest.raises(FrameError) as caught:
        Frame(b"", width=1, height=1, format=name)
    assert caught.value.slug == "format-unknown"
    assert str(caught.value).endswith(f"; the nearest is {nearest}: {how}")


@pytest.mark.parametrize(
    ("given", "nearest"), [("gray8", "GRAY8"), ("Yuy2", "YUYV"), ("p010LE", "P010")]
)
def test_a_name_spelt_in_another_case_is_refused_with_the_right_one(
    given: str, nearest: str
) -> None:
    with pytest.raises(FrameError, match=f"; the nearest is {nearest}$"):
        Frame(b"", width=1, height=1, format=given)


def test_a_name_that_is_only_like_another_is_not_guessed() -> None:
    with pytest.raises(FrameError, match=r"MJPEG$"):
        Frame(b"", width=1, height=1, format="YUV2")


def test_the_documentation_has_every_name() -> None:
    missing = [name for name in (*NAMES, *ALIASES, *NEAREST) if f"`{name}`" not in DOCS]
    assert not missing
