from dataclasses import replace

import numpy as np
import pytest

from benchmarks import session
from benchmarks.frames import FrameSet, LabelledFrame
from benchmarks.record.outcomes import (
    ColdStart,
    Logits,
    Memory,
    Overhead,
    Predictions,
    Result,
    Soak,
    Timing,
    failed,
)
from benchmarks.record.store import parse_record, record_json
from benchmarks.record.types import Budget, Identity
from benchmarks.subjects.user_models import user_subjects
from benchmarks.suites.models import plan
from benchmarks.suites.models import run as running
from benchmarks.suites.models.run import Request, run
from tests.benchmarks.fakes import facts, timed, timing
from tests.sdk.toy_student import LABELS, toy_student

RANDOM = np.random.default_rng(0)


@pytest.fixture
def prepared(monkeypatch, tmp_path):
    path = tmp_path / "toy.onnx"
    path.write_bytes(toy_student())
    subjects = [s for s in user_subjects(path) if s.runtime in ("sdk", "onnxruntime")]
    sample = np.full((60, 80), 90, np.uint8)
    members = [LabelledFrame(str(i), f"{i}.png", LABELS[i % 4], f"p{i}") for i in range(8)]
    frames = FrameSet("folder", "toy frames", [sample] * 2, {"folder": members})
    monkeypatch.setattr(running, "load_frames", lambda *_: frames)
    monkeypatch.setattr(running, "assemble", lambda *_: subjects)
    monkeypatch.setattr(running, "read_teacher", lambda: None)
    monkeypatch.setattr(session, "reference_ms", lambda _clock: 1.0)
    return subjects


def answer(given):
    task, rows = given.job.task, np.eye(4)[np.arange(8) % 4].tolist()
    if task in ("single_stream", "paced", "multi_stream"):
        outcome = timing(RANDOM, 1.0, 150)
        if task != "single_stream":
            outcome = replace(outcome, response_ns=outcome.service_ns, missed=0)
        return timed(outcome)
    if task == "cold_start":
        return Result(ColdStart({"python": 1, "import": 2, "load": 3, "first_result": 4}))
    if task == "overhead":
        parts = {"sdk": 400_000, "kernel": 300_000, "inference": 60_000}
        parts |= {"read_sum": 250_000, "read_copy": 260_000}
        parts |= {"hot_sdk": 250_000, "hot_kernel": 190_000, "hot_inference": 50_000}
        return timed(Overhead({k: [v] * 50 for k, v in parts.items()}))
    outcomes = {
        "soak": Soak([1], [1], 0.5),
        "quality": Predictions(list(LABELS), rows, ["accept"] * 8, rows, 1.0),
        "logits": Logits(rows),
        "memory": Memory(8_294_400),
    }
    return Result(outcomes[task], facts())


def check_record(record):
    parse_record(record_json(record))


def quiet(*_):
    pass


def go(launcher, **changes):
    return run(Request(**{"effort": plan.QUICK, **changes}), launcher, quiet)


def test_a_run_makes_a_valid_complete_record_with_every_figure(prepared):
    record = go(answer)
    check_record(record)
    assert record.status == "complete"
    assert record.planned == len(record.runs)
    ids = {figure.id for figure in record.figures}
    for key in (
        "toy-fp32/sdk|single_stream|threads=1|end_to_end|p99",
        "toy-fp32/sdk|paced-30fps|threads=1|response|p99",
        "toy-fp32/sdk|paced-60fps|threads=1|cpu|share_of_core",
        "toy-fp32/sdk|multi_stream-30fps-2streams|threads=1|end_to_end|max",
        "toy-fp32/sdk|memory|process|above_imports",
        "toy-fp32/sdk|cold_start|total|p50",
        "toy-fp32/sdk|soak|memory|growth_per_1000",
        "toy-fp32/onnxruntime|single_stream|threads=1|inference|p50",
    ):
        assert key in ids
    overhead = {f.id.split("|", 1)[1]: f.value for f in record.figures}
    assert overhead["overhead|overhead|p50"] == pytest.approx(40)
    assert overhead["overhead|hot_overhead|p50"] == pytest.approx(10)
    assert overhead["overhead|overhead|share"] == pytest.approx(100 * 40 / 360)
    assert overhead["overhead|times_read_bound|p50"] == pytest.approx((400 - 60 - 50) / 250)
    assert record.quality[0].accuracy.value == 1.0


def test_every_figure_of_a_run_stands_on_five_fresh_processes_in_random_order(prepared):
    record = go(answer)
    single = [r.job for r in record.runs if r.job.task == "single_stream"]
    assert sorted(j.process for j in single if j.name == "toy-fp32/sdk") == [0, 1, 2, 3, 4]
    order = [job.name for job in single]
    assert order != sorted(order)
    again = [r.job.name for r in go(answer).runs]
    assert again == [r.job.name for r in record.runs]
    assert again != [r.job.name for r in go(answer, seed=1).runs]


@pytest.mark.parametrize("after", [1, 7, 30])
def test_ctrl_c_leaves_a_valid_partial_record(prepared, after):
    done = []

    def launcher(job):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(job)
        return answer(job)

    record = go(launcher)
    check_record(record)
    assert record.status == "interrupted"
    assert len(record.runs) == after
    assert "interrupted" in {w.slug for w in record.warnings}


def test_ctrl_c_while_scoring_costs_the_scores_alone(prepared, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "score_quality", interrupted)
    record = go(answer)
    check_record(record)
    assert record.status == "interrupted"
    assert record.quality == []
    assert len(record.runs) == record.planned


def test_ctrl_c_before_anything_was_measured_is_passed_on(prepared):
    def launcher(_job):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(launcher)


def test_a_subject_whose_processes_fail_is_warned_of_and_the_rest_stands(prepared):
    def launcher(job):
        if job.job.name == "toy-fp32/onnxruntime":
            return failed("no such operator")
        return answer(job)

    record = go(launcher)
    check_record(record)
    failures = [w for w in record.warnings if w.slug == "worker-failed"]
    assert "toy-fp32/onnxruntime" in failures[0].detail
    assert "no such operator" in failures[0].detail
    assert {f.id.split("|")[0] for f in record.figures} == {"toy-fp32/sdk"}


def test_no_quality_asked_is_none_measured_and_said(prepared):
    record = go(answer, quality=False)
    assert record.quality == []
    assert "quality" not in {r.job.task for r in record.runs}
    assert "quality-not-measured" in {w.slug for w in record.warnings}


def test_the_harness_keeps_no_private_path_in_the_record(prepared, tmp_path):
    assert str(tmp_path) not in str(record_json(go(answer)))


def test_every_mode_has_at_least_five_processes_and_enough_samples_for_p99():
    for effort in (plan.QUICK, plan.FULL):
        assert effort.processes >= 5
        # a fifth may be warm-up
        assert 0.8 * effort.processes * effort.queries_least >= 459
        assert effort.processes * effort.paced_seconds * min(effort.paced_fps) >= 459


def test_a_model_that_changes_during_the_run_fails_from_then_on_and_is_told(prepared):
    from pathlib import Path

    done = []

    def launcher(job):
        done.append(job)
        if len(done) == 30:
            path = Path(prepared[0].path)
            path.write_bytes(path.read_bytes() + b"\0")
        return answer(job)

    record = go(launcher)
    check_record(record)
    results = [r.result.ok for r in record.runs if not r.job.name.startswith("imp")]
    assert any(results)
    assert not results[-1]
    told = {w.slug: w.detail for w in record.warnings}
    assert told["model-changed"] == "toy-fp32/sdk, toy-fp32/onnxruntime"
    assert "file changed during the run" in told["worker-failed"]


def test_a_model_that_the_run_itself_made_and_removed_has_not_changed(prepared, monkeypatch):
    def assembled(*arguments):
        folder = arguments[3]  # as the teacher's file, which is exported anew for each run
        path = folder / "toy.onnx"
        path.write_bytes(toy_student())
        return [replace(subject, path=str(path)) for subject in prepared]

    monkeypatch.setattr(running, "assemble", assembled)
    assert "model-changed" not in {w.slug for w in go(answer).warnings}


def test_a_foreign_model_that_takes_no_frame_makes_a_valid_record_with_its_reasons(
    prepared, monkeypatch, tmp_path
):
    from tests.benchmarks.onnx_facts import onnx_zoo

    subjects = user_subjects(onnx_zoo.two_inputs(tmp_path / "two.onnx"))[:1]
    monkeypatch.setattr(running, "assemble", lambda *_: subjects)

    def launcher(job):
        result = answer(job)
        if isinstance(result.outcome, Timing):
            del result.outcome.stages_ns["preprocess"]
        return result

    record = go(launcher)
    check_record(record)
    ids = {figure.id for figure in record.figures}
    assert "two-fp32/onnxruntime|single_stream|threads=1|inference|p50" in ids
    assert not any("|preprocess|" in key for key in ids)
    entry = record.subjects[0]
    assert (entry.weights, entry.preprocessing) == ("unknown", None)
    assert {"quality", "weights", "sdk"} <= entry.unknown.keys()
    assert {r.job.task for r in record.runs} == {"single_stream", "memory", "cold_start"}


def test_the_record_says_kernel_options_identity_and_budget(prepared):
    budget, identity = Budget({"": {"p99_ms": 5.0}}), Identity("SN-1")
    record = go(answer, budget=budget, identity=identity)
    check_record(record)
    assert record.software.kernel.isa == "avx2"  # as the workers said
    assert record.software.onnxruntime_options["session.intra_op.allow_spinning"] == "0"
    assert (record.budget, record.identity) == (budget, identity)
