"""Whatever is given to a public constructor: an SdkError, or something that works. Nothing else."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sdk
from sdk import Classifier, Frame, FrameError, ModelError, Region
from sdk._frame_checks import whole
from sdk.errors import SdkError
from sdk.preprocess import Preprocessing
from sdk.quality import QualityGate, QualityThresholds

LONGEST_MESSAGE = 1000
MODEL = Path(sdk.__file__).parent / "models" / "default-fp32.onnx"


class Foreign:
    """An object of somebody else's, which must not be asked what it looks like."""

    def __repr__(self) -> str:
        raise AssertionError("a message ran foreign code")


nested: list[Any] = []
nested.append(nested)
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7, 2**31, 2**62, 2**63, 2**64, 10**400, -(10**400), 10**5000,
    0.0, -0.0, 0.5, 1e308, 5e-324, float("nan"), float("inf"), -float("inf"), 1j,
    "", "GRAY8", "NV12", "GRAY\x1b[31m8", "x" * 100_000, b"", b"GRAY8", b"\0" * 100_000,
    np.bool_(True), np.int8(3), np.uint64(2**64 - 1), np.float16("nan"), np.float32(4),
    np.float64("inf"), np.longdouble("1e4000"), np.array(3), np.array([1, 2]), np.array([]),
    np.array(["a"]), np.datetime64("2020-01-01"), np.zeros((3, 3), np.uint8),
    Fraction(1, 3), Decimal("NaN"), Decimal("1e999999"), Foreign(), object(), int, nested,
    (), (1,), (1, 2), (1, 2, 3, 4), [10**400, 1], [1.5, 2.5], ("a", None), {}, {"x": 1}, set(),
    range(3), lambda: None, memoryview(b"ab"),
)  # fmt: skip
ANY = st.one_of(
    st.sampled_from(ODD), st.integers(), st.integers(1, 20), st.floats(), st.text(max_size=5)
)


def typed(make: Any, *arguments: Any, **named: Any) -> Any:
    """Call; return None for an SdkError whose message is short and printable."""
    try:
        return make(*arguments, **named)
    except SdkError as error:
        message = str(error)
    assert len(message) <= LONGEST_MESSAGE
    assert message.isprintable(), repr(message)
    return None


@pytest.mark.parametrize("field", ["x", "y", "width", "height"])
@pytest.mark.parametrize("value", ODD, ids=lambda v: type(v).__name__)
def test_a_rectangle_takes_whole_numbers_alone(field: str, value: Any) -> None:
    numbers = {"x": 1, "y": 1, "width": 2, "height": 2} | {field: value}
    region = typed(Region.rectangle, **numbers)
    if region is not None:
        assert all(type(number) is int for number in region.numbers)
        typed(Frame, bytes(100), width=10, height=10, format="GRAY8", region=region)


SECTOR = {"cx": 5.0, "cy": 0.0, "r_min": 1.0, "r_max": 8.0}
SECTOR |= {"angle_min_deg": -30.0, "angle_max_deg": 30.0}


@pytest.mark.parametrize("field", SECTOR)
@pytest.mark.parametrize("value", ODD, ids=lambda v: type(v).__name__)
def test_a_sector_takes_finite_numbers_alone(field: str, value: Any) -> None:
    region = typed(Region.sector, **(SECTOR | {field: value}))
    if region is not None:
        assert all(type(number) is float for number in region.numbers)
        typed(Frame, bytes(100), width=10, height=10, format="GRAY8", region=region)


@given(clip=ANY)
def test_a_clip_takes_whole_numbers_alone(clip: Any) -> None:
    region = typed(Region.sector, **SECTOR, clip=clip)
    if region is not None:
        typed(Frame, bytes(100), width=10, height=10, format="GRAY8", region=region)


@given(kind=ANY, numbers=ANY)
def test_a_region_by_hand_is_checked_too(kind: Any, numbers: Any) -> None:
    typed(Region, kind, numbers)


FRAME = {"width": 10, "height": 10, "format": "GRAY8", "strides": None, "color": None}
FRAME |= {"region": None, "pixel_size_mm": None, "window": None}


@pytest.mark.parametrize("field", ["data", *FRAME])
@pytest.mark.parametrize("format", ["GRAY8", "GRAY16", "NV12", "MJPEG"])
def test_every_argument_of_a_frame_may_be_anything(field: str, format: str) -> None:
    for value in ODD:
        named = FRAME | {"format": format}
        named |= {"color": "bt601-full"} if format == "NV12" else {}
        named |= {"window": (0, 255)} if format == "GRAY16" else {}
        if field == "data":
            typed(Frame, value, **named)
        else:
            typed(Frame, bytes(400), **(named | {field: value}))


@settings(max_examples=300, deadline=None)
@given(
    data=st.one_of(ANY, st.binary(max_size=400)),
    named=st.fixed_dictionaries(dict.fromkeys(FRAME, ANY)),
)
def test_a_frame_of_wild_arguments_is_refused_or_can_be_read(data: Any, named: Any) -> None:
    frame = typed(Frame, data, **named)
    if frame is not None:
        assert np.isfinite(Preprocessing(8, 8).tensor(frame)).all()


@settings(max_examples=200, deadline=None)
@given(array=ANY, format=ANY, strides=ANY, region=ANY, size=ANY)
def test_an_array_of_wild_arguments_is_refused_or_can_be_read(
    array: Any, format: Any, strides: Any, region: Any, size: Any
) -> None:
    named = {"strides": strides, "region": region, "pixel_size_mm": size}
    frame = typed(Frame.from_array, array, format, **named)
    if frame is not None:
        assert np.isfinite(Preprocessing(8, 8).tensor(frame)).all()


@pytest.mark.parametrize("value", [10**400, -(10**400), 10**5000], ids=["e400", "-e400", "e5000"])
def test_a_number_beyond_every_type_is_a_frame_error(value: int) -> None:
    made = [
        lambda: Region.sector(value, 0, 1, 8, -30, 30),
        lambda: Region.sector(5, 0, 1, 8, -30, value),
        lambda: Region.rectangle(0, 0, value, 1),
        lambda: Frame(bytes(100), width=value, height=10, format="GRAY8"),
        lambda: Frame(bytes(100), width=10, height=10, format="GRAY8", strides=value),
        lambda: Frame(bytes(100), width=10, height=10, format="GRAY8", pixel_size_mm=value),
        lambda: Frame(bytes(100), width=10, height=10, format="GRAY8", pixel_size_mm=(1, value)),
        lambda: Frame(bytes(200), width=10, height=10, format="GRAY16", window=(0, value)),
    ]
    for make in made:
        with pytest.raises(FrameError, match=r"a whole number of \d+ bits"):
            make()


@pytest.mark.parametrize("field", ["precision", "threads"])
def test_a_classifier_of_wild_arguments_is_a_model_error(field: str) -> None:
    for value in (v for v in ODD if not (field == "threads" and type(v) is int and 0 < v < 8)):
        with pytest.raises(ModelError) as caught:
            Classifier(MODEL, **{field: value})
        assert len(str(caught.value)) <= LONGEST_MESSAGE
        assert str(caught.value).isprintable()


def test_what_the_default_student_cannot_classify_is_a_frame_error() -> None:
    classifier = Classifier(MODEL)
    for value in ODD:
        if isinstance(value, np.ndarray) and value.ndim == 2:
            continue
        with pytest.raises(FrameError):
            classifier.classify(value)
        with pytest.raises(FrameError):
            sdk.classify(value)


@given(values=st.lists(ANY, min_size=6, max_size=6))
def test_a_recipe_of_wild_numbers_is_a_model_error(values: list[Any]) -> None:
    with suppress(ModelError):
        Preprocessing(*values)


@given(values=st.lists(st.floats(), min_size=8, max_size=8))
def test_a_gate_of_wild_thresholds_is_refused_or_judges(values: list[float]) -> None:
    gate = typed(QualityGate, QualityThresholds(*values), Preprocessing(32, 32))
    if gate is not None:
        assert isinstance(gate.reasons(np.zeros((1, 1, 32, 32), np.float32)), tuple)


def test_a_message_runs_no_code_of_the_caller() -> None:
    with pytest.raises(FrameError, match="a Foreign"):
        Region.rectangle(Foreign(), 0, 1, 1)  # type: ignore[arg-type]


def test_a_subinterpreter_refuses_to_import_the_sdk() -> None:
    code = """
import _xxsubinterpreters as interpreters
import sdk
one = interpreters.create()
try:
    interpreters.run_string(one, "import sdk")
except interpreters.RunFailedError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "sdk can't be imported in a subinterpreter" in done.stdout


@pytest.mark.parametrize("value", [2**62, -(2**62), np.uint64(2**62), np.uint64(2**64 - 1)])
def test_a_whole_number_of_62_bits_is_the_largest(value: object) -> None:
    nearest = 2**62 - 1 if value > 0 else 1 - 2**62  # type: ignore[operator]
    assert whole(nearest, "width", "frame-size") == nearest
    assert whole(np.int64(nearest), "width", "frame-size") == nearest
    with pytest.raises(FrameError, match=r"its magnitude must be below 2\*\*62"):
        whole(value, "width", "frame-size")
