import copy

import numpy as np
import pytest

from benchmarks import kernels
from benchmarks.compare import compare
from benchmarks.errors import BenchError
from benchmarks.kernels import request, run_kernels
from benchmarks.record.store import check_record
from benchmarks.report.kernels import kernel_report


def fake_launcher(seed=0, factor=1.0):
    random = np.random.default_rng(seed)

    def launch(job):
        cases = []
        for name in job["formats"]:
            scale = np.exp(random.normal(0, 0.02))  # between processes
            ways = {"sdk": 600 * factor, "read_sum": 500, "read_memcpy": 510, "opencv": 9000}
            raw = {
                way: [round(float(v), 2) for v in scale * us * np.exp(random.normal(0, 0.05, 24))]
                for way, us in ways.items()
            }
            middle = {way: float(np.median(values)) for way, values in raw.items()}
            width, height = job["size"]
            cases.append(
                {
                    "format": name,
                    "width": width,
                    "height": height,
                    "samples_us": raw,
                    "sdk_over_read": middle["sdk"] / middle["read_sum"],
                    "opencv_over_sdk": middle["opencv"] / middle["sdk"],
                }
            )
        return {"ok": True, "isa": "avx2", "cases": cases, "load": None}

    return launch


def quiet(*_):
    pass


@pytest.fixture(autouse=True)
def no_clock(monkeypatch):
    monkeypatch.setattr(kernels, "reference_ms", lambda _clock: 1.0)


def made(seed=0, factor=1.0):
    return run_kernels(
        request(True, ["GRAY8", "BGRA32", "NV12"]), fake_launcher(seed, factor), quiet
    )


def test_the_kernels_record_is_valid_and_each_figure_has_its_processes():
    record = made()
    check_record(record)
    assert record["kind"] == "preprocess"
    figure = next(f for f in record["figures"] if f["id"] == "BGRA32-1920x1080|preprocess|sdk|p50")
    assert len(figure["processes"]) == kernels.PROCESSES >= 5
    assert figure["samples"] == 24 * kernels.PROCESSES
    assert figure["value"] == pytest.approx(600, rel=0.05)


@pytest.mark.parametrize("seed", range(10))
def test_a_kernel_slowed_by_15_percent_is_found(seed):
    worse = {change.id for change in compare(made(seed), made(seed + 50, 1.15)).worse}
    assert "all-1920x1080|preprocess|sdk|geomean" in worse
    assert {f"BGRA32-1920x1080|preprocess|{way}|p50" for way in ("sdk", "sdk_over_read")} & worse
    assert not [key for key in worse if "|sdk" not in key]


def test_an_unchanged_kernel_is_not_flagged():
    assert [compare(made(s), made(s + 50)).worse for s in range(10)] == [[]] * 10


def test_a_slow_opencv_is_no_fault_of_the_kernel():
    old, new = made(0), copy.deepcopy(made(0))
    for figure in new["figures"]:
        if "|opencv|" in figure["id"]:
            figure["processes"] = [2 * value for value in figure["processes"]]
    assert compare(old, new).worse == []


def test_an_unknown_format_is_refused():
    with pytest.raises(BenchError, match="allowed GRAY8") as caught:
        request(True, ["BGRA33"])
    assert caught.value.slug == "format-unknown"


def test_ctrl_c_leaves_a_partial_kernel_record():
    done, launch = [], fake_launcher()

    def launcher(job):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(job)
        return launch(job)

    record = run_kernels(request(True), launcher, quiet)
    check_record(record)
    assert record["status"] == "interrupted"
    assert "interrupted" in kernel_report(record)


def test_the_report_has_a_row_a_case():
    text = kernel_report(made())
    rows = [line for line in text.splitlines() if line.startswith("| ") and "x1080" in line]
    assert len(rows) == 3
    assert "Instruction set: avx2" in text


def test_the_real_suite_answers_in_this_form(monkeypatch):
    from benchmarks.measure.tasks import TASKS
    from benchmarks.preprocess import suite

    monkeypatch.setattr(suite, "pool", lambda: np.zeros(2 << 20, np.uint8))
    wanted = request(True, ["BGRA32", "GRAY8"])
    job = {"formats": list(wanted.formats), "size": [640, 480], "samples": 2}
    result = {"ok": True, "load": None, **TASKS["preprocess"](job)}
    record = run_kernels(wanted, lambda _job: result, quiet)
    check_record(record)
    ids = {figure["id"] for figure in record["figures"]}
    assert "BGRA32-640x480|preprocess|sdk_over_read|p50" in ids
