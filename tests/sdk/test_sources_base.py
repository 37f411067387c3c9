"""What all readers of files share: sizes, optional libraries, and what a file begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdk import SourceError
from sdk.sources import base
from sdk.sources.base import check_pixels, optional_import
from sdk.sources.formats import kind_of, prepare, unknown

SIDE, PIXELS = 16_384, 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (SIDE, 1), (1, SIDE), (8192, 8192), (SIDE, 4096)]
)
def test_an_image_up_to_the_limits_is_announced_with_its_pixels(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(base, "on_declared_pixels", told.append)
    check_pixels("x", width, height)
    assert told == [width * height]


@pytest.mark.parametrize(
    ("width", "height", "slug"),
    [
        (SIDE + 1, 1, "source-too-large"),
        (1, SIDE + 1, "source-too-large"),
        (8192, 8193, "source-too-large"),
        (0, 5, "source-malformed"),
        (5, 0, "source-malformed"),
        (-5, 5, "source-malformed"),
    ],
)
def test_an_image_beyond_a_limit_is_refused_before_it_is_announced(
    width: int, height: int, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(base, "on_declared_pixels", told.append)
    with pytest.raises(SourceError, match=f"{width} x {height} pixels") as caught:
        check_pixels("x", width, height)
    assert caught.value.slug == slug
    assert told == []


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        ("import {own}.missing_part", "dependency-broken"),
        ("import a_module_that_nobody_has", "dependency-broken"),
        ("raise RuntimeError('a broken build')", "dependency-broken"),
        ("raise ModuleNotFoundError('no name is told')", "dependency-broken"),
    ],
)
def test_a_library_whose_import_fails_is_broken_and_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, slug: str
) -> None:
    name = f"broken_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source.format(own="xml"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceError, match=r"pip install --force-reinstall Library$") as caught:
        optional_import(name, "Library", "images")
    assert caught.value.slug == slug


def test_a_library_that_is_not_there_is_missing_and_its_extra_named() -> None:
    with pytest.raises(SourceError, match=r"pip install 'sonogaze\[images\]'") as caught:
        optional_import("a_library_that_nobody_has.part", "Library", "images")
    assert caught.value.slug == "dependency-missing"
    assert optional_import("json.decoder", "JSON", "images").JSONDecoder


def test_a_file_of_no_known_kind_is_told_by_its_beginning() -> None:
    assert kind_of(b"0123456789abcdef") is None
    for header, word in ((b"0123456789", "begins with b'01234567'"), (b"", "has 0 bytes")):
        error = unknown("x", header)
        assert error.slug == "source-unknown-kind"
        assert word in str(error)
        assert "b'012345678'" not in str(error)


@pytest.mark.parametrize(
    ("kind", "library"), [("png", "PIL.Image"), ("png", "simplejpeg"), ("DICOM", "pydicom")]
)
def test_the_libraries_of_a_kind_are_imported_before_its_file_is_read(
    kind: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sdk.sources.formats

    asked: list[str] = []
    monkeypatch.setattr(
        sdk.sources.formats.importlib, "import_module", lambda name, *_: asked.append(name)
    )
    prepare(kind)
    assert any(name.startswith(library) for name in asked)
