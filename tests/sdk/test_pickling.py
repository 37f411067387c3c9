"""What crosses a process boundary: frames by value, classifiers by path and digest."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk import Classifier, Frame, FrameError, ModelError, Region
from sdk.model_file.known_answers import pattern_frame
from sdk.preprocess import Preprocessing
from tests.sdk.processes import ran
from tests.sdk.toy_student import toy_student

RANDOM = np.random.default_rng(4)
RECIPES = [Preprocessing(24, 18), Preprocessing(24, 18, aspect="stretch")]
CLIPPED = Region.sector(20, -3, 5, 40, -60, 55, clip=(4, 6, 30, 20))
SECTOR = Region.sector(20, -3, 5, 30, -40, 35)


def pixels(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, np.uint8)


def frames() -> dict[str, Frame]:
    screen, yuv = pixels(60, 90, 4), pixels(30, 40)
    planes = (yuv, pixels(15, 40))
    three = (pixels(31, 41), pixels(16, 21), pixels(16, 21))
    said = {"width": 40, "height": 30}
    wide = RANDOM.integers(0, 65536, (30, 40), np.uint16)
    return {
        "packed": Frame(yuv.tobytes(), **said, format="GRAY8"),
        "array": Frame.from_array(yuv),
        "inside a screen": Frame.from_array(screen[5:40, 10:60], "BGRA32"),
        "bottom-up": Frame.from_array(yuv[::-1], strides=-40),
        "padded": Frame(pixels(30 * 52), **said, format="GRAY8", strides=52),
        "bottom-up, padded": Frame(pixels(30 * 52), **said, format="GRAY8", strides=-52),
        "rectangle": Frame.from_array(yuv, region=Region.rectangle(3, 4, 20, 21)),
        "sector": Frame.from_array(yuv, region=SECTOR, pixel_size_mm=(0.2, 0.3)),
        "clipped": Frame.from_array(yuv, region=CLIPPED),
        "16 bits": Frame.from_array(wide, "GRAY16", window=(100, 50_000)),
        "NV12": Frame(planes, **said, format="NV12", color="bt601-limited"),
        "NV12 in one": Frame(pixels(1800), **said, format="NV12", color="bt709-full"),
        "I420, odd": Frame(three, width=41, height=31, format="I420", color="bt601-full"),
        "I420, bottom-up": Frame(
            three, width=41, height=31, format="I420", color="bt601-full", strides=(-41, 21, -21)
        ),
        "YUYV": Frame(pixels(30, 80), **said, format="YUYV", color="bt2020-limited"),
        "one row": Frame.from_array(yuv[:1]),
        "memoryview": Frame(memoryview(bytearray(1200)), **said, format="GRAY8"),
    }


def jpeg() -> Frame:
    simplejpeg = pytest.importorskip("simplejpeg")
    data = simplejpeg.encode_jpeg(pattern_frame("ring", 320, 240)[..., None], colorspace="GRAY")
    return Frame(data, format="MJPEG", region=Region.rectangle(20, 30, 200, 100))


@pytest.mark.parametrize("name", [*frames(), "MJPEG"])
@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_a_frame_is_copied_with_its_pixels(name: str, way: str) -> None:
    frame = jpeg() if name == "MJPEG" else frames()[name]
    through = copy.deepcopy if way == "deepcopy" else lambda x: pickle.loads(pickle.dumps(x))
    found = through(frame)
    assert repr(found) == repr(frame)
    assert (found.region, found.format) == (frame.region, frame.format)
    for recipe in RECIPES:
        np.testing.assert_array_equal(recipe.tensor(found), recipe.tensor(frame))


def test_a_pickled_frame_holds_its_own_pixels_and_not_what_lies_around_them() -> None:
    screen = np.full((1000, 1000), 7, np.uint8)
    screen[400:420, 500:530] = 99
    data = pickle.dumps(Frame.from_array(screen[400:420, 500:530]))
    assert len(data) < 600 + 500
    assert data.count(b"\x07" * 8) == 0
    screen[:] = 0
    assert RECIPES[1].tensor(pickle.loads(data)).min() == np.float32(99 / 255)


def test_a_frame_whose_buffer_has_shrunk_is_not_pickled() -> None:
    buffer = bytearray(1200)
    frame = Frame(buffer, width=40, height=30, format="GRAY8")
    del buffer[600:]
    with pytest.raises(FrameError) as caught:
        pickle.dumps(frame)
    assert caught.value.slug == "buffer-truncated"


def test_a_shallow_copy_of_a_frame_shares_its_pixels() -> None:
    frame = frames()["array"]
    assert copy.copy(frame)._data is frame._data


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_classifier_is_opened_again_by_path_and_digest(
    toy_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(toy_path.parent)
    classifier = Classifier(toy_path.name, threads=2)
    data = pickle.dumps(classifier, protocol)
    monkeypatch.chdir("/")  # the path was relative
    found = pickle.loads(data)
    assert (found.model_id, found.sha256) == (classifier.model_id, classifier.sha256)
    assert found._session._threads == 2
    frame = pattern_frame("ring", 200, 150)
    assert found.classify(frame).probabilities == classifier.classify(frame).probabilities


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_default_student_is_pickled_by_name(precision: str) -> None:
    classifier = Classifier(precision=precision)
    data = pickle.dumps(classifier)
    assert os.path.dirname(sdk.__file__).encode() not in data
    assert pickle.loads(data).model_id == classifier.model_id


def test_another_file_at_the_path_is_refused(toy_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "student.onnx"
    shutil.copy(toy_path, path)
    data = pickle.dumps(Classifier(path))
    path.write_bytes(toy_student("fp32", seed=1))
    with pytest.raises(ModelError, match="pickle it anew") as caught:
        pickle.loads(data)
    assert caught.value.slug == "model-changed"
    path.unlink()
    with pytest.raises(ModelError) as caught:
        pickle.loads(data)
    assert caught.value.slug == "model-not-found"


def test_a_copy_of_a_classifier_is_the_classifier(toy_path: Path) -> None:
    classifier = Classifier(toy_path)
    assert copy.copy(classifier) is classifier
    assert copy.deepcopy([classifier])[0] is classifier


def test_results_regions_and_errors_cross_a_boundary(toy_path: Path) -> None:
    result = Classifier(toy_path).classify(pattern_frame("ring", 200, 150))
    for made in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert made.to_dict() == result.to_dict()
    for region in (SECTOR, Region.rectangle(1, 2, 3, 4)):
        assert pickle.loads(pickle.dumps(region)) == region == copy.deepcopy(region)
    error = copy.deepcopy(ModelError("model-changed", "it has"))
    assert (error.slug, str(error)) == ("model-changed", "it has")


def test_an_error_of_the_kernels_is_like_any_other() -> None:
    with pytest.raises(FrameError) as caught:
        Frame(b"", width=10, height=10, format="GRAY8")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.slug, str(again)) == (
        FrameError,
        "buffer-truncated",
        str(caught.value),
    )
    assert caught.value.args == (str(caught.value),)


def test_both_versions_come_from_one_place() -> None:
    from importlib.metadata import version

    command = [sys.executable, "-m", "sdk.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"sonogaze {sdk.__version__}\n"
    assert version("sonogaze") == sdk.__version__


def test_caches_are_safe_under_threads() -> None:
    code = """
    sys.setswitchinterval(1e-6)
    from sdk.preprocess import Preprocessing
    recipe, errors = Preprocessing(8, 8), []
    data = bytes(4000)
    def work(start):
        try:
            for width in range(start, start + 400):
                frame = sdk.Frame(data, width=width, height=2, format="GRAY8")
                recipe.tensor(frame), recipe.inner(frame)
        except Exception as error: errors.append(repr(error))
    threads = [threading.Thread(target=work, args=(1 + 37 * i,)) for i in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(errors)
    """
    assert ran(code) == "[]\n"


def test_what_changed_is_named_the_default_student_or_its_path(
    toy_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk.precision, "_MODELS", tmp_path)
    path = tmp_path / "default-fp32.onnx"
    shutil.copy(toy_path, path)
    pickled = {
        "the default student": pickle.dumps(Classifier(precision="fp32")),
        repr(str(path)): pickle.dumps(Classifier(path)),
    }
    path.write_bytes(toy_student("fp32", seed=1))
    for name, data in pickled.items():
        with pytest.raises(ModelError) as caught:
            pickle.loads(data)
        assert str(caught.value).startswith(f"{name} has the digest ")
