import json
import subprocess
import sys

import pytest

from benchmarks import processes
from benchmarks.machine.kernel import isa_in_use
from benchmarks.processes import THREAD_VARIABLES, environment, launch
from benchmarks.record.jobs import Job
from benchmarks.record.json_form import to_json
from benchmarks.subjects.spec import Subject
from benchmarks.worker_input import WorkerInput


def given(task="memory", imports=("json",), **fields):
    return WorkerInput(Job(task=task, name="s"), imports=imports, **fields)


def run_python(code, timeout=20.0):
    return processes._run([sys.executable, "-c", code], "", given(timeout_s=timeout))


def test_a_job_is_run_in_a_fresh_process_with_its_own_peak_memory():
    result = launch(given())
    assert result.ok
    assert 4_000 < result.process.vm_hwm_kib < 60_000
    assert result.process.load.other_cores >= 0


def test_imports_cost_memory_that_is_seen():
    bare, numpy = (launch(given(imports=names)) for names in (("json",), ("numpy",)))
    assert numpy.process.vm_hwm_kib > bare.process.vm_hwm_kib + 3_000


def test_an_unknown_task_and_a_missing_module_fail_with_their_error():
    assert "KeyError" in launch(given("dance")).outcome.error
    assert "no_such_module" in launch(given(imports=("no_such_module",))).outcome.error


def test_a_hung_worker_is_killed():
    result = run_python("while True: pass", timeout=0.3)
    assert result == {"ok": False, "error": "timed out after 0.3 s"}


def test_a_worker_that_dies_is_told_with_its_last_words():
    result = run_python("import sys; sys.exit('out of luck')")
    assert "status 1: out of luck" in result["error"]
    assert "status -9" in run_python("import os; os.kill(os.getpid(), 9)")["error"]


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"ok": true'])
def test_an_answer_that_is_no_object_is_a_failure(text):
    assert run_python(f"print({text!r})")["ok"] is False


def test_what_libraries_print_does_not_spoil_the_answer(tmp_path):
    (tmp_path / "noisy.py").write_text("import os; print('hello'); os.system('echo world')")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker"],
        input=json.dumps(to_json(given(imports=("noisy",)))),
        capture_output=True,
        text=True,
        env={**environment(1), "PYTHONPATH": str(tmp_path)},
        check=True,
    )
    assert json.loads(done.stdout)["ok"]
    assert "hello" in done.stderr
    assert "world" in done.stderr


def test_ctrl_c_ends_the_worker(monkeypatch):
    started = []
    original = subprocess.Popen

    class Interrupted(original):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append(self)

        def communicate(self, *args, **kwargs):
            if self.returncode is None and kwargs.get("timeout"):
                raise KeyboardInterrupt
            return super().communicate(*args, **kwargs)

    monkeypatch.setattr(processes.subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_python("while True: pass")
    assert started[0].returncode == -9


def test_libraries_are_held_to_the_jobs_threads():
    assert {environment(3)[name] for name in THREAD_VARIABLES} == {"3"}


@pytest.mark.parametrize("asked", ["scalar", "auto"])
def test_a_worker_says_which_kernel_it_ran_and_the_suite_names_no_other(monkeypatch, asked):
    from sdk import _kernels

    monkeypatch.setenv("SONOGAZE_ISA", asked)
    job = Job(task="preprocess", name="kernel", formats=("GRAY8",), size=(640, 480), samples=1)
    result = launch(WorkerInput(job, timeout_s=120))
    assert result.ok, result
    expected = "scalar" if asked == "scalar" else _kernels.available_isas()[0]
    assert {result.process.isa, isa_in_use()} == {expected}


def test_a_result_that_is_not_finite_is_a_failure_and_no_broken_json(tmp_path):
    import numpy as np
    from onnx import TensorProto, helper

    from tests.benchmarks.onnx_facts import onnx_zoo

    path = tmp_path / "m.onnx"
    nodes = [helper.make_node("Log", ["x"], ["y"])]
    row = [onnx_zoo.value("x", TensorProto.FLOAT, (1, 1, 1, 4))]
    onnx_zoo.save(path, nodes, row, [onnx_zoo.value("y")])
    np.save(tmp_path / "t.npy", np.full((1, 1, 1, 4), -1, np.float32))
    subject = Subject("m", "user", "onnxruntime", "fp32", str(path))
    job = Job(task="logits", name=subject.name)
    result = launch(WorkerInput(job, subject, timeout_s=60, tensors=str(tmp_path / "t.npy")))
    assert not result.ok
    assert "holds NaN" in result.outcome.error


@pytest.mark.parametrize(
    "answer", [{"ok": True}, {"ok": True, "frame_bytes": "many"}, {"error": "x"}, {"ok": 1}]
)
def test_an_answer_of_another_form_is_a_failure_that_says_so(answer):
    result = processes._result(given(), answer)
    assert not result.ok
    assert "answered in another form" in result.outcome.error
