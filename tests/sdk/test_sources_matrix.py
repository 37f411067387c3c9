"""Every kind of image file that is read shows what it holds, by independent readers too."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image

from tests.sdk import image_other_files as other
from tests.sdk import image_png_files as png
from tests.sdk import image_tiff_files as tiff
from tests.sdk.frames_shown import furthest, read

FAMILIES: dict[str, tuple[Callable[[], Iterable[png.Case]], int]] = {
    "PNG": (png.stills, 50),
    "APNG": (png.animations, 6),
    "GIF": (other.gifs, 12),
    "BMP": (other.bmps, 34),
    "PNM": (other.pnms, 68),
    "WebP": (other.webps, 3),
    "JPEG 2000": (other.jpeg2000s, 22),
}


def wrong(name: str, data: bytes, shown: list[np.ndarray], tolerance: float) -> str | None:
    got = read(data)
    if isinstance(got, str) or len(got) != len(shown):
        return f"{name}: {got if isinstance(got, str) else len(got)} instead of {len(shown)}"
    worst = max(furthest(one, other) for one, other in zip(got, shown, strict=True))
    return f"{name}: off by {worst}" if worst > tolerance else None


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_of_a_family_shows_what_was_written(family: str) -> None:
    make, least = FAMILIES[family]
    cases = list(make())
    assert len(cases) >= least
    assert [text for case in cases if (text := wrong(*case))] == []


def test_every_tiff_shows_what_was_written() -> None:
    cases = list(tiff.all_cases())
    assert len(cases) >= 888
    assert [t for n, d, shown, tol in cases if (t := wrong(n, d, [shown], tol))] == []


def test_tifffile_finds_the_same_samples_in_the_files_written_by_hand() -> None:
    """So that our writer and our reader can't share a mistake."""
    for name, data, shown, tolerance in [*tiff.of_any_bits(), *tiff.turned()]:
        if "fill 2" in name:
            continue  # tifffile and TIFF 6.0 differ on samples that cross a byte
        samples = tifffile.imread(io.BytesIO(data)).astype(float)
        bits = int(name.split()[0]) if name[0].isdigit() else 8
        top = (1 << bits) - 1
        if "photometric 0" in name:
            samples = top - samples
        if not name.startswith("orientation"):
            assert furthest(samples * (255 / top), shown) <= tolerance, name


def picture(seed: int = 0, height: int = 70, width: int = 90) -> np.ndarray:
    """Smooth colour, in which chroma filters of decoders agree."""
    y, x = np.mgrid[:height, :width].astype(float)
    waves = [np.sin(x / (9 + seed) + k) * np.cos(y / (7 + k)) for k in range(3)]
    return np.clip(np.stack(waves, 2) * 90 + 128, 0, 255).astype(np.uint8)


def saved(
    image: np.ndarray, kind: str = "JPEG", mode: str | None = None, **options: object
) -> bytes:
    buffer = io.BytesIO()
    picture = Image.fromarray(image)
    (picture.convert(mode) if mode else picture).save(buffer, kind, **options)
    return buffer.getvalue()


def jpegs() -> Iterable[tuple[str, bytes]]:
    image = picture()
    for subsampling in ("444", "422", "420", "440", "411"):
        yield subsampling, simplejpeg.encode_jpeg(image, 95, "RGB", subsampling)
    for name, options in {
        "progressive": {"progressive": True}, "optimised": {"optimize": True},
        "restarts": {"restart_marker_blocks": 2}, "Adobe RGB": {"keep_rgb": True},
        "progressive 444": {"progressive": True, "subsampling": 0},
    }.items():  # fmt: skip
        yield name, saved(image, **options)
    yield "grey", saved(image[..., 0])
    yield "grey progressive", saved(image[..., 0], progressive=True)
    yield "without JFIF", saved(image).replace(b"JFIF\0", b"XFIF\0")
    yield "CMYK", saved(image, mode="CMYK", quality=95)
    ink = np.dstack([255 - image, image[..., 0] // 4])
    yield "YCCK", imagecodecs.jpeg8_encode(ink, level=95, colorspace="CMYK", outcolorspace="YCCK")
    yield "with a maker's notes behind", saved(image) + b"notes of a maker" * 9
    yield "with padding behind", saved(image) + bytes(1000)


def test_every_jpeg_shows_what_opencv_and_pillow_see() -> None:
    names = []
    for name, data in jpegs():
        names.append(name)
        got = read(data)
        assert isinstance(got, list), (name, got)
        seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert furthest(got[0], seen.astype(float)) <= 1, name
        seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert furthest(got[0], seen.astype(float)) <= 1, name
    assert len(names) == 17


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied_in_every_format(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture()
    data = saved(stored, kind, exif=exif, lossless=True, quality=95)
    turned = read(data)
    assert isinstance(turned, list)
    plain = read(saved(stored, kind, lossless=True, quality=95))
    expected = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: np.rot90,
    }[orientation](plain[0])  # fmt: skip
    np.testing.assert_array_equal(turned[0], expected)


def test_several_jpegs_in_a_row_are_as_many_frames() -> None:
    images = [picture(seed) for seed in range(5)]
    data = b"\0\xff".join(saved(image, quality=100, subsampling=0) for image in images)
    got = read(data)
    assert isinstance(got, list)
    assert len(got) == 5
    for frame, image in zip(got, images, strict=True):
        assert furthest(frame, image.astype(float)) <= 4


def require(tool: str) -> None:
    """Skip without a tool of the second tier, or fail where the second tier must run."""
    if shutil.which(tool) is None:
        package = {"convert": "imagemagick", "vips": "libvips-tools"}[tool]
        if os.environ.get("SONOGAZE_SECOND_TIER") == "1":
            pytest.fail(f"second tier: apt-get install {package}")
        pytest.skip(f"second tier: apt-get install {package}")


def by_imagemagick(path: Path) -> list[np.ndarray]:
    command = ["convert", str(path), "-coalesce", "-auto-orient", "-background", "black",
               "-alpha", "remove", "-depth", "16", "ppm:-"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True)
    found = read(done.stdout)
    assert isinstance(found, list)
    return found


def by_vips(path: Path) -> list[np.ndarray]:
    out = path.with_suffix(".vips.png")
    subprocess.run(["vips", "colourspace", path, out, "srgb"], capture_output=True, check=True)
    image = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    image = image[..., ::-1] if image.ndim == 3 else image
    return [image * (255 / 65535 if image.dtype == np.uint16 else 1.0)]


# What these readers are known to see in another way than the format's own text says.
OTHERWISE = {
    "convert": ("unspecified", "unassalpha 1", "assocalpha 1", "photometric 0",
                "bmp 32 fields 0x3ff", "bmp 32 fields 0xff 40", "bmp 16 fields 0xf00",
                "apng", "png 0 16 0 True", "png 0 16 1 True"),
    "vips": ("unspecified", "orientation", "alpha", "separated", "planar", "j2k", "jp2"),
}  # fmt: skip
VIPS_BITS = ("1 bits", "2 bits", "4 bits", "8 bits", "16 bits")


@pytest.mark.parametrize(("tool", "reader"), [("convert", by_imagemagick), ("vips", by_vips)])
def test_independent_readers_see_the_same(
    tool: str, reader: Callable[[Path], list[np.ndarray]], tmp_path: Path
) -> None:
    require(tool)
    cases = [(n, d, [s], t) for n, d, s, t in tiff.all_cases()]
    if tool == "convert":
        for make, _ in FAMILIES.values():
            cases += list(make())
    chosen = [case for at, case in enumerate(cases) if at % 13 == 0 or (at > 888 and at % 3 == 0)]
    compared = 0
    for name, data, _, tolerance in chosen:
        if any(word in name for word in OTHERWISE[tool]):
            continue
        if tool == "vips" and name[0].isdigit() and not name.startswith(VIPS_BITS):
            continue
        path = tmp_path / "file"
        path.write_bytes(data)
        try:
            seen = reader(path)
        except subprocess.CalledProcessError as error:
            pytest.fail(f"{tool} cannot read {name}: {error.stderr[:200]!r}")
        ours = read(data)
        assert isinstance(ours, list)
        assert len(ours) == len(seen), name
        for one, other_one in zip(ours, seen, strict=True):
            assert furthest(one, other_one) <= tolerance + 1.5, name
        compared += 1
    assert compared > 25
