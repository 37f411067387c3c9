"""What the compiled answer makes of outputs: probabilities in double, nothing that isn't finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk import FrameError, _kernels
from sdk.result import Result, Timing
from tests.sdk.test_bindings import answering

LOGITS = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=12)
MAP = np.array([[0.5, 0.125], [0.25, 0.125]], np.float32)


def answer(
    logits: Any,
    scale: float = 1.0,
    threshold: float = 0.0,
    attention: Any = None,
    novelty: tuple[float, float] | None = None,
) -> Any:
    """Return what is answered where the runtime wrote these outputs."""
    labels = tuple(f"label {index}" for index in range(len(logits)))
    written = np.zeros(len(logits), np.float32)
    map_ = None if attention is None else np.zeros_like(attention)
    distance = None if novelty is None else np.zeros(1, np.float32)
    changed: dict[str, Any] = {"novelty": distance, "novelty_above": novelty and novelty[1]}
    changed |= {"labels": labels, "thresholds": [threshold] * len(labels), "scale": scale}
    request = _kernels.Request(**answering(logits=written, attention=map_, **changed))
    written[:] = logits
    if map_ is not None:
        map_[:] = attention
    if distance is not None:
        distance[:] = novelty[0]
    return request.answer(_kernels.now_ns(), False)


@given(logits=LOGITS, scale=st.floats(0.01, 20))
def test_probabilities_are_the_softmax_of_scaled_logits(logits: list[float], scale: float) -> None:
    _, label, confidence, shares, *_ = answer(logits, scale)
    found = list(shares.values())
    weights = [math.exp((logit - max(logits)) * scale) for logit in logits]
    np.testing.assert_allclose(found, np.array(weights) / math.fsum(weights), rtol=1e-12)
    assert math.fsum(found) == pytest.approx(1.0, abs=1e-12)
    assert confidence == max(found)
    assert list(shares) == [f"label {index}" for index in range(len(logits))]
    assert label == f"label {found.index(confidence)}", "the first of equals"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_outputs_that_are_not_finite_have_no_answer(bad: float, at: int) -> None:
    logits, attention = np.zeros(4, np.float32), MAP.copy()
    assert _kernels.all_finite(logits)
    assert answer(logits, attention=attention) is not None
    attention.flat[at] = bad
    assert answer(logits, attention=attention) is None
    logits[at] = bad
    assert not _kernels.all_finite(logits)
    assert answer(logits, attention=MAP) is None


@pytest.mark.parametrize(
    "array",
    [np.zeros(4), np.zeros(0, np.float32), np.zeros((4, 4), np.float32)[:, ::2], [0.0, 1.0]],
    ids=["float64", "empty", "gapped", "list"],
)
def test_only_whole_float32_arrays_are_read(array: object) -> None:
    with pytest.raises(FrameError, match="C-contiguous float32"):
        _kernels.all_finite(array)


def test_an_answer_is_sure_from_its_threshold_on() -> None:
    confidence = answer([1.0, 0.0])[2]
    sure, above = answer([1.0, 0.0], threshold=confidence), math.nextafter(confidence, 1)
    assert (sure[0], sure[1], sure[4]) == ("accept", "label 0", ())
    unsure = answer([1.0, 0.0], threshold=above)
    assert (unsure[0], unsure[1], unsure[4]) == ("abstain", None, ("doubts 1",))
    assert unsure[2] == confidence


@given(
    logits=LOGITS,
    threshold=st.floats(0, 1),
    distance=st.floats(-1e3, 1e9, width=32),
    above=st.floats(1e-9, 1e9),
)
def test_a_label_needs_confidence_and_a_frame_like_those_of_training(
    logits: list[float], threshold: float, distance: float, above: float
) -> None:
    told = answer(logits, threshold=threshold, novelty=(distance, above))
    plain = answer(logits)
    doubts = int(plain[2] < threshold) + 4 * int(distance > above)
    expected = (f"doubts {doubts}",) if doubts else ()
    assert told[4] == expected
    assert (told[0], told[1]) == (("abstain", None) if doubts else ("accept", plain[1]))
    assert told[2:4] == plain[2:4], "probabilities stay what they are"


@pytest.mark.parametrize("above", [0.5, 1.0, 0.1, 1e-9])
def test_a_distance_at_its_threshold_is_near_enough(above: float) -> None:
    at = np.float32(above)
    under, over = np.nextafter(at, np.float32(0)), np.nextafter(at, np.float32(9))
    told = [answer([1.0, 0.0], novelty=(float(d), float(at)))[4] for d in (under, at, over)]
    assert told == [(), (), ("doubts 4",)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_distance_that_is_not_finite_has_no_answer(bad: float) -> None:
    assert answer([0.0, 1.0], novelty=(bad, 1.0)) is None


def test_a_map_is_a_copy_that_nobody_can_make_writable() -> None:
    map_ = answer([0.0, 1.0], attention=MAP)[5]
    np.testing.assert_array_equal(map_, MAP)
    assert map_.dtype == np.float32
    with pytest.raises(ValueError, match="WRITEABLE"):
        map_.setflags(write=True)
    assert answer([0.0, 1.0])[5] is None


def test_outputs_are_blank_until_the_runtime_writes_them() -> None:
    settings = answering(attention=MAP.copy())
    request = _kernels.Request(**settings)
    assert request.answer(0, False) is None
    settings["logits"][:], settings["attention"][:] = 0, MAP
    assert request.answer(0, False) is None, "the distance is missing"
    settings["novelty"][:] = 0
    assert request.answer(0, False) is not None
    request.blank()
    assert np.isnan(settings["logits"]).all()
    assert np.isnan(settings["attention"]).all()
    assert np.isnan(settings["novelty"]).all()


def test_times_begin_where_the_caller_says() -> None:
    request = _kernels.Request(**answering())
    before = _kernels.now_ns()
    plan = _kernels.Plan(
        layout=_kernels.Layout(
            format="GRAY8", width=8, height=4, strides=(), separate_planes=False, matrix=0,
            limited=False, window=(0, 65535), region=None, unit=1, pixel_size_mm=(1.0, 1.0),
        ),
        width=8, height=4, letterbox=False, mean=0.0, std=1.0, pad_level=0, isa="",
    )  # fmt: skip
    request.prepare(plan, bytes(32))
    spent = request.spent(before - 5_000_000)
    assert isinstance(spent, Timing)
    assert spent.preprocess_us >= 5000
    assert (spent.inference_us, spent.decision_us) == (0.0, 0.0)
    assert spent.total_us == pytest.approx(spent.preprocess_us + spent.quality_us, abs=0.01)
    assert spent.total_us <= (_kernels.now_ns() - before + 5_000_000) / 1e3


def test_a_result_is_filled_by_name_and_in_order() -> None:
    values = tuple(range(len(Result.__slots__)))
    made = _kernels.filled(Result, Result.__slots__, values)
    assert type(made) is Result
    assert [getattr(made, name) for name in Result.__slots__] == list(values)
    with pytest.raises(ValueError, match="for each name"):
        _kernels.filled(Result, Result.__slots__, values[1:])
    with pytest.raises(TypeError):
        _kernels.filled(int, ("a",), (1,))
