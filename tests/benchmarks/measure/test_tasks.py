import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.frames import make_ring
from benchmarks.input_files import Files, write_inputs
from benchmarks.measure import overhead
from benchmarks.measure.tasks import TASKS
from benchmarks.processes import launch
from benchmarks.quality.collect import numerics_jobs
from benchmarks.record.jobs import FrameShape, Job
from benchmarks.record.json_form import to_json
from benchmarks.subjects.user_models import user_subjects
from benchmarks.suites.models.plan import QUICK, Effort, make_plan
from benchmarks.worker_input import WorkerInput
from tests.sdk.toy_student import toy_student

SHORT = Effort("quick", 1, 20, 10, 0.01, 0.1, (60.0,), (2,), 0.05, False)
SHAPE = FrameShape(320, 240, "BGRA32")


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """One job of every kind, on a toy student and a small ring of frames that are no flat grey."""
    folder = tmp_path_factory.mktemp("tasks")
    path = folder / "toy.onnx"
    path.write_bytes(toy_student())
    samples = [np.random.default_rng(i).integers(0, 255, (60, 80), np.uint8) for i in range(4)]
    files = Files(folder, SHAPE)
    subjects = [s for s in user_subjects(path) if s.runtime != "openvino"]
    write_inputs(files, make_ring(samples, SHAPE, size=4), samples, subjects)
    return make_plan(subjects, files, SHORT) + numerics_jobs(subjects, files)


def of(jobs, task, runtime="sdk"):
    place = (task, f"toy-fp32/{runtime}")
    return next(given for given in jobs if (given.job.task, given.job.name) == place)


@pytest.mark.parametrize("runtime", ["sdk", "onnxruntime"])
def test_back_to_back_every_query_has_its_stages_and_they_fit_inside(jobs, runtime):
    result = TASKS["single_stream"](of(jobs, "single_stream", runtime))
    whole = result.service_ns
    assert len(whole) >= 10
    for query, total in enumerate(whole):
        parts = [result.stages_ns[stage][query] for stage in ("preprocess", "inference")]
        assert min(parts) > 0
        assert sum(parts) <= total
    assert result.clock_ns < 1_000_000
    assert result.cpu_ns > 0


def test_paced_queries_respond_after_they_were_due(jobs):
    result = TASKS["paced"](of(jobs, "paced"))
    assert len(result.response_ns) == len(result.service_ns) > 0
    assert all(r >= s for r, s in zip(result.response_ns, result.service_ns, strict=True))
    assert result.wall_ns >= (len(result.service_ns) - 1) * 1e9 / 60


def test_streams_overhead_and_soak_answer(jobs):
    assert len(TASKS["multi_stream"](of(jobs, "multi_stream")).service_ns) >= 2
    parts = TASKS["overhead"](of(jobs, "overhead")).parts_ns
    assert {k: len(v) for k, v in parts.items()} == dict.fromkeys(
        (
            "sdk",
            "kernel",
            "inference",
            "read_sum",
            "read_copy",
            "hot_sdk",
            "hot_kernel",
            "hot_inference",
        ),
        10,
    )
    assert min(map(min, parts.values())) > 0
    assert TASKS["soak"](of(jobs, "soak")).frames[-1] > 0


def test_memory_and_cold_start_run_in_processes_of_their_own(jobs):
    imports = launch(replace(of(jobs, "memory", "onnxruntime"), subject=None))
    loaded = launch(of(jobs, "memory", "onnxruntime"))
    assert imports.ok, imports
    assert loaded.process.vm_hwm_kib > imports.process.vm_hwm_kib + 1000
    for runtime in ("sdk", "onnxruntime"):
        cold = launch(of(jobs, "cold_start", runtime))
        assert cold.ok, cold
        assert list(cold.outcome.phases_ns) == ["python", "import", "load", "first_result"]
        assert min(cold.outcome.phases_ns.values()) > 0


def test_bare_runtimes_pay_for_no_sdk_and_for_none_of_the_harness_libraries(jobs):
    text = json.dumps(to_json(of(jobs, "memory", "onnxruntime")))
    code = "import sys, json; from benchmarks.worker import WorkerInput, run_job;"
    code += f"run_job(WorkerInput.from_json(json.loads({text!r})));"
    code += "print([m for m in ('sdk', 'export', 'msgspec', 'rich', 'typer') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_logits_of_every_tensor_come_back(jobs):
    logits = np.array(TASKS["logits"](of(jobs, "logits", "onnxruntime")).logits)
    assert logits.shape == (4, 4)
    assert np.ptp(logits, axis=0).min() > 0


def test_a_frame_that_the_sdk_rejects_is_not_timed_as_if_it_were_classified(jobs, tmp_path):
    given = of(jobs, "single_stream")
    black = tmp_path / "black.npy"
    np.save(black, np.zeros((1, SHAPE.height, SHAPE.width, 4), np.uint8))
    with pytest.raises(ValueError, match="rejected"):
        TASKS["single_stream"](replace(given, ring=str(black)))


def test_quality_answers_each_file_with_logits_and_a_decision(jobs, tmp_path):
    from PIL import Image

    paths = []
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 255, (60, 80), np.uint8)
        paths.append(str(tmp_path / f"{index}.png"))
        Image.fromarray(pixels).save(paths[-1])
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(tmp_path / "black.png")
    table = tmp_path / "frames.json"
    table.write_text(json.dumps([*paths, str(tmp_path / "black.png")]))
    job = Job(task="quality", name="toy-fp32/sdk")
    given = WorkerInput(job, of(jobs, "soak").subject, images=str(table))
    predictions = TASKS["quality"](given)
    assert np.array(predictions.logits).shape == (4, 4)
    assert predictions.decisions[3] == "reject"
    assert predictions.probabilities[3] is None
    scaled = np.exp(np.array(predictions.logits[0]) / predictions.temperature)
    assert predictions.probabilities[0] == pytest.approx(scaled / scaled.sum(), abs=1e-6)


def test_quick_covers_every_task(jobs):
    tasks = {given.job.task for given in jobs}
    assert tasks | {"quality", "preprocess", "probe"} == set(TASKS) | {"cold_start"}
    assert QUICK.soak_seconds > 0
    assert Path(of(jobs, "soak").subject.path).is_file()


def test_each_way_of_a_turn_reads_its_own_frame_and_turns_go_round_the_ring(monkeypatch):
    seen = []

    def read(pixels):
        seen.append(int(pixels.flat[0]))

    for name, made in (("_whole", read), ("_bare_parts", (read, read)), ("_readers", [read, read])):
        monkeypatch.setattr(overhead, name, lambda *_, made=made: made)
    ring = [np.full((8, 8, 4), number, np.uint8) for number in range(8)]
    given = SimpleNamespace(measured=None, job=SimpleNamespace(threads=1, queries=3))
    parts = overhead._cold(given, FrameShape(8, 8, "BGRA32"), ring)
    assert seen == [2, 0, 3, 1, 1, 6, 4, 7, 5, 5, 2, 0, 3, 1, 1]
    assert {len(values) for values in parts.values()} == {3}


@pytest.mark.parametrize(
    ("size", "hot"), [((1920, 1080), (270, 480)), ((640, 480), (240, 320)), ((64, 64), (64, 64))]
)
def test_hot_overhead_is_of_a_frame_that_a_core_holds_whatever_the_screens(monkeypatch, size, hot):
    seen = set()

    def read(pixels):
        seen.add(pixels.shape[:2])

    for name, made in (("_whole", read), ("_bare_parts", (read, read))):
        monkeypatch.setattr(overhead, name, lambda *_, made=made: made)
    width, height = size
    given = SimpleNamespace(measured=None, job=SimpleNamespace(threads=1, queries=1))
    screen = np.zeros((height, width, 4), np.uint8)
    overhead._hot(given, FrameShape(width, height, "BGRA32"), [screen])
    assert seen == {hot}
