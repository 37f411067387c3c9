"""A `Result` is immutable, and JSON all the way."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk.model_file.known_answers import pattern_frame

STAGES = {"preprocess_us", "quality_us", "inference_us", "decision_us", "total_us"}


@pytest.fixture(scope="module", params=["accept", "reject"])
def result(request: pytest.FixtureRequest, toy_path: Path) -> sdk.Result:
    accepted = request.param == "accept"
    frame = pattern_frame("ring", 320, 240) if accepted else np.zeros((60, 80), np.uint8)
    result = sdk.Classifier(toy_path).classify(frame)
    assert result.decision == request.param
    return result


def test_no_attribute_can_be_set(result: sdk.Result) -> None:
    for name in ("label", "confidence", "decision"):
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, None)
    with pytest.raises((AttributeError, TypeError)):
        result.extra = 1  # type: ignore[attr-defined]


def test_probabilities_cannot_be_changed(result: sdk.Result) -> None:
    if result.probabilities is not None:
        with pytest.raises(TypeError):
            result.probabilities["head"] = 1.0  # type: ignore[index]


def test_to_dict_is_strict_json_with_every_attribute(result: sdk.Result) -> None:
    written = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert set(written) == {name for name in sdk.Result.__slots__ if not name.startswith("_")}
    assert set(written["timing"]) == STAGES
    assert written["label"] == result.label
    assert written["decision"] == str(result.decision)
    if result.probabilities is not None:
        assert written["probabilities"] == dict(result.probabilities)
        assert np.shape(written["attention"]) == result.attention.shape


def test_changing_a_dict_leaves_the_result_alone(result: sdk.Result) -> None:
    written = result.to_dict()
    written["reasons"].append("x")
    (written["probabilities"] or {}).clear()
    assert result.to_dict() != written


def test_a_result_survives_pickling(result: sdk.Result) -> None:
    copy = pickle.loads(pickle.dumps(result))
    assert copy.to_dict() == result.to_dict()
    if copy.attention is not None:
        assert not copy.attention.flags.writeable


def test_repr_is_one_short_line(result: sdk.Result) -> None:
    text = repr(result)
    assert "\n" not in text
    assert len(text) < 400
    assert result.decision in text
    assert result.model_id in text


def test_decisions_equal_their_strings() -> None:
    assert [str(item) for item in sdk.Decision] == ["accept", "abstain", "reject"]
    assert sdk.Decision.ACCEPT == "accept"


def test_results_are_compared_by_identity(result: sdk.Result) -> None:
    copy = pickle.loads(pickle.dumps(result))
    assert copy != result
    assert len({copy, result}) == 2


def test_repr_says_each_thing_in_short() -> None:
    timing = sdk.result.Timing(1.0, 1.0, 1.0, 1.0, 12.6)
    shares = {"head": 0.123456, "femur": 0.876544}
    told = sdk.Result(sdk.Decision.ABSTAIN, None, 0.876544, shares, ("low-confidence",),
                      np.ones((9, 12), np.float32), timing, "toy/fp32@0")  # fmt: skip
    assert repr(told) == (
        "Result(decision='abstain', label=None, confidence=0.877, "
        "probabilities={'head': 0.123, 'femur': 0.877}, reasons=('low-confidence',), "
        "attention=<9 x 12>, total_us=13, model_id='toy/fp32@0')"
    )
