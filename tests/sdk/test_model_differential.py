"""Whatever `onnx` sees in a model file, the walk saw; and what the walk accepts is cheap to run.

The short form; `model_fuzz/differential.py` and `model_fuzz/in_runtime.py` are the long ones, with
their results in docs/results.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.model_file import operators
from sdk.model_file.operators import OPERATORS
from sdk.model_file.values import Output
from sdk.model_file.wire import WireReader
from tests.sdk.model_fuzz.differential import Disagreement, case, judge, run
from tests.sdk.model_fuzz.heaviest import HEAVIEST
from tests.sdk.model_fuzz.in_runtime import accepted_files, run_limited, summary
from tests.sdk.toy_student import toy_int8_model, toy_model

RESULTS = Path(__file__).parents[2] / "docs" / "results"
ONE_MILLION = 1_000_000


def test_no_file_of_many_is_seen_otherwise() -> None:
    report = run(2_000_000, 4_000)
    assert report["disagreements"] == []
    assert report["verdicts"]["accepted"] > 800
    assert report["verdicts"]["model-malformed"] > 800


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**62))
def test_no_file_of_any_seed_is_seen_otherwise(seed: int) -> None:
    judge(case(seed)[0])


@pytest.mark.parametrize("build", [toy_model, toy_int8_model], ids=["fp32", "int8"])
def test_a_toy_student_is_seen_alike(build: Callable[[], onnx.ModelProto]) -> None:
    assert judge(build().SerializeToString(deterministic=True)) == "accepted"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_shipped_students_are_seen_alike(precision: str) -> None:
    models = Path(operators.__file__).parents[1] / "models"
    assert judge((models / f"default-{precision}.onnx").read_bytes()) == "accepted"


def judge_many(count: int) -> None:
    for seed in range(count):
        judge(case(seed)[0])


def test_a_walk_that_read_overlong_varints_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = WireReader.varint

    def lenient(reader: WireReader, at: int, stop: int) -> tuple[int, int]:
        value = 0
        for here in range(at, min(stop, at + 9)):
            value |= (reader.data[here] & 0x7F) << (7 * (here - at))
            if reader.data[here] < 0x80:
                return value, here + 1
        return strict(reader, at, stop)

    monkeypatch.setattr(WireReader, "varint", lenient)
    with pytest.raises(Disagreement, match="other bytes"):
        judge_many(5_000)


def test_a_walk_that_cut_tags_to_32_bits_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = WireReader.varint

    def cut(reader: WireReader, at: int, stop: int) -> tuple[int, int]:
        value, end = strict(reader, at, stop)
        return value & 0xFFFF_FFFF, end

    monkeypatch.setattr(WireReader, "varint", cut)
    with pytest.raises(Disagreement):
        judge_many(20_000)


@pytest.mark.parametrize("operator", ["Conv", "Slice", "Concat", "MaxPool", "ReduceSum", "Softmax"])
def test_a_wrong_shape_would_be_found(operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = OPERATORS[operator]
    wrong = right._replace(infer=lambda call: Output(1, (*call.shape()[:-1], 999), 1, 1))
    monkeypatch.setitem(operators.OPERATORS, operator, wrong)
    with pytest.raises(Disagreement):
        judge_many(5_000)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is Linux's")
def test_what_is_accepted_runs_within_bounds() -> None:
    heaviest = [make().SerializeToString(deterministic=True) for make in HEAVIEST.values()]
    found = summary(run_limited([*heaviest, *accepted_files(60, 3_000_000)], 120))
    assert found["longest_seconds"] < 10  # 0.7 s measured alone
    assert found["most_megabytes"] < 512
    assert found["refused_by_onnxruntime"] <= 6


def test_the_long_runs_were_long_enough_and_found_nothing() -> None:
    parses = json.loads((RESULTS / "model-parses.json").read_text())
    assert parses["files"] >= ONE_MILLION
    assert parses["disagreements"] == []
    assert parses["accepted_share"] > 0.2
    runs = json.loads((RESULTS / "model-runs.json").read_text())
    assert runs["accepted"]["files"] >= 5_000
    assert max(run["longest_seconds"] for run in runs["heaviest"].values()) < 3
    assert max(run["most_megabytes"] for run in runs["heaviest"].values()) < 512
