from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import session
from benchmarks.compare import compare
from benchmarks.errors import BenchError
from benchmarks.record.outcomes import PixelCase, Pixels, Result
from benchmarks.record.store import parse_record, read_record, record_json
from benchmarks.report.pixels import pixel_report
from benchmarks.suites.pixels.run import PROCESSES, jobs, make_request, run
from tests.benchmarks.fakes import facts


def fake_launcher(seed=0, factor=1.0):
    random = np.random.default_rng(seed)

    def launch(given):
        cases = []
        for name in given.job.formats:
            scale = np.exp(random.normal(0, 0.02))  # between processes
            ways = {"sdk": 600 * factor, "read_sum": 500, "read_memcpy": 510, "opencv": 9000}
            raw = {
                way: [round(float(v), 2) for v in scale * us * np.exp(random.normal(0, 0.05, 24))]
                for way, us in ways.items()
            }
            middle = {way: float(np.median(values)) for way, values in raw.items()}
            cases.append(
                PixelCase(
                    name,
                    *given.job.size,
                    region=[0, 0, 10, 10],
                    samples_us=raw,
                    median_us=middle,
                    sdk_over_read=middle["sdk"] / middle["read_sum"],
                    opencv_over_sdk=middle["opencv"] / middle["sdk"],
                    over_sdk={"opencv": middle["opencv"] / middle["sdk"]},
                    deviation={"opencv": 0.5},
                )
            )
        return Result(Pixels(cases, {"libyuv": "not here"}), facts(isa="avx2"))

    return launch


def quiet(*_):
    pass


@pytest.fixture(autouse=True)
def no_clock(monkeypatch):
    monkeypatch.setattr(session, "reference_ms", lambda _clock: 1.0)


def made(seed=0, factor=1.0):
    request = make_request(True, ["GRAY8", "BGRA32", "NV12"])
    return run(request, fake_launcher(seed, factor), quiet)


def check_record(record):
    parse_record(record_json(record))


def test_the_pixel_suites_record_is_valid_and_each_figure_has_its_processes():
    record = made()
    check_record(record)
    assert record.kind == "preprocess"
    figure = next(f for f in record.figures if f.id == "BGRA32-1920x1080|preprocess|sdk|p50")
    assert len(figure.processes) == PROCESSES >= 5
    assert figure.samples == 24 * PROCESSES
    assert figure.value == pytest.approx(600, rel=0.05)


@pytest.mark.parametrize("seed", range(10))
def test_a_kernel_slowed_by_15_percent_is_found(seed):
    worse = {change.id for change in compare(made(seed), made(seed + 50, 1.15)).worse}
    assert "all-1920x1080|preprocess|sdk|geomean" in worse
    assert {f"BGRA32-1920x1080|preprocess|{way}|p50" for way in ("sdk", "sdk_over_read")} & worse
    assert not [key for key in worse if "|sdk" not in key]


def test_an_unchanged_kernel_is_not_flagged():
    assert [compare(made(s), made(s + 50)).worse for s in range(10)] == [[]] * 10


def test_a_slow_opencv_is_no_fault_of_the_kernel():
    old = made(0)
    slower = [
        replace(f, processes=tuple(2 * p for p in f.processes)) if "|opencv|" in f.id else f
        for f in old.figures
    ]
    assert compare(old, replace(old, figures=slower)).worse == []


def test_sizes_are_those_asked_for_and_an_unknown_one_is_refused():
    request = make_request(False, ["GRAY8"], sizes=["640x480", "1920x1080"])
    assert {job.job.size for job in jobs(request)} == {(640, 480), (1920, 1080)}
    with pytest.raises(BenchError, match="allowed 640x480, 1920x1080") as caught:
        make_request(False, sizes=["640x481"])
    assert caught.value.slug == "size-unknown"


def test_an_unknown_format_is_refused():
    with pytest.raises(BenchError, match="allowed GRAY8") as caught:
        make_request(True, ["BGRA33"])
    assert caught.value.slug == "format-unknown"


def test_ctrl_c_leaves_a_partial_kernel_record():
    done, launch = [], fake_launcher()

    def launcher(job):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(job)
        return launch(job)

    record = run(make_request(True), launcher, quiet)
    check_record(record)
    assert record.status == "interrupted"
    assert "interrupted" in pixel_report(record)


def test_the_report_has_a_row_a_case():
    text = pixel_report(made())
    table = text.split("## Every way")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "x1080" in line]
    assert len(rows) == 3
    assert "Instruction set: avx2" in text


def test_the_real_suite_answers_in_this_form(monkeypatch):
    from benchmarks.measure.tasks import TASKS
    from benchmarks.suites.pixels import timing

    monkeypatch.setattr(timing, "pool", lambda: np.zeros(2 << 20, np.uint8))
    request = make_request(True, ["BGRA32", "GRAY8"])
    given = jobs(request)[0]
    given = replace(given, job=replace(given.job, size=(640, 480), samples=2))
    result = Result(TASKS["preprocess"](given), facts())
    record = run(request, lambda _given: result, quiet)
    check_record(record)
    ids = {figure.id for figure in record.figures}
    assert "BGRA32-640x480|preprocess|sdk_over_read|p50" in ids


def test_the_report_tells_the_deviation_of_each_way_and_what_is_absent():
    text = pixel_report(made())
    assert "| GRAY8-1920x1080 | opencv | " in text
    assert text.count("| 0.500 |") == 3
    assert "- libyuv was not measured: not here.\n\n## Every way" in text


def test_a_ratio_is_one_number_in_both_tables():
    record = read_record(Path(__file__).parents[4] / "docs/results/cpus/amd-26-2-avx512")
    first, every = (
        [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines()]
        for part in pixel_report(record).split("## Every way")
    )
    ratios = {row[0]: row[-1] for row in first if row and "NumPy" not in row[-1]}
    numpy = {row[0]: row[3] for row in every if len(row) > 3 and row[1] == "numpy"}
    assert len(numpy) > 30
    for name, ratio in numpy.items():
        assert abs(float(ratios[name].split()[0]) / float(ratio) - 1) < 0.01
