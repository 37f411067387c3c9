import math
from dataclasses import replace

import pytest

from benchmarks.record.figures import latency_figures, make_figure
from benchmarks.stats.intervals import between_processes
from benchmarks.suites.models.figures import all_figures
from benchmarks.suites.models.timing_figures import with_warmup
from tests.benchmarks.fakes import changed, fake_record, fake_runs, with_failure, with_outcome

KEY = ("s", "single_stream", "threads=1", "end_to_end")


def figures_by_id(runs):
    return {figure.id: figure for figure in all_figures(runs)}


def test_a_slow_frame_in_one_process_is_in_the_pooled_maximum_and_p99():
    lists = [[1_000_000] * 100 for _ in range(5)]
    lists[2][50:60] = [70_000_000] * 10
    found = {f.id.split("|")[-1]: f for f in latency_figures(KEY, lists, clock_ns=1)}
    assert found["max"].value == found["p99"].value == 70.0
    assert found["p50"].value == 1.0
    assert found["p99"].processes == (1.0, 1.0, 70.0, 1.0, 1.0)


def test_no_percentile_is_bounded_below_a_lower_one():
    # 60 ms twice in one process: its p99 alone widens the interval to both sides
    slow = [[1_500_000] * 10, [1_200_000] * 10, [60_000_000] * 2, [1_100_000] * 10]
    lists = [[1_000_000] * (100 - len(one)) + one for one in slow]
    p50, p90, p99, _ = latency_figures(KEY, lists, clock_ns=1)
    own = between_processes(p99.value, p99.processes)
    assert own.low < p50.low <= p90.low == p99.low <= p99.value
    assert p99.high == own.high


def test_a_percentile_on_too_few_samples_says_so():
    few = {f.id: f for f in latency_figures(KEY, [[1] * 20] * 5, clock_ns=1)}
    many = {f.id: f for f in latency_figures(KEY, [[1] * 100] * 5, clock_ns=1)}
    p50, p99 = ("|".join([*KEY, p]) for p in ("p50", "p99"))
    assert few[p50].enough_samples
    assert not few[p99].enough_samples
    assert many[p99].enough_samples


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_figure_that_is_not_finite_is_never_made(bad):
    with pytest.raises(ValueError, match="finite"):
        make_figure(KEY, "ms", bad, [1.0, 2.0])
    with pytest.raises(ValueError, match="finite"):
        make_figure(KEY, "ms", 1.0, [1.0, bad])


def test_warmup_is_set_apart_but_stays_in_the_raw_values():
    runs = fake_runs(processes=1, count=400)
    run = next(r for r in runs if r.job.task == "single_stream")
    timing = run.result.outcome
    raw = [30_000_000] * 40 + timing.service_ns
    stages = {"preprocess": [0] * 440, "inference": [0] * 440}
    run = with_warmup(with_outcome(run, replace(timing, service_ns=raw, stages_ns=stages)))
    figure = figures_by_id([run])["student-fp32/sdk|single_stream|threads=1|end_to_end|p90"]
    marked = run.result.outcome
    assert 40 <= marked.warmup <= 56
    assert len(marked.service_ns) == 440
    assert figure.samples == 440 - marked.warmup
    assert figure.value < 2


def test_memory_above_imports_is_the_difference_of_two_processes():
    found = figures_by_id(fake_runs())
    key = "student-fp32/sdk|memory|process|"
    above = found[key + "peak"].value - found[key + "imports"].value
    assert found[key + "above_imports"].value == pytest.approx(above)
    assert found[key + "imports"].value == pytest.approx(52_000 * 1024 / 1e6)


def test_memory_that_could_not_be_read_has_no_figure():
    runs = [
        replace(r, result=replace(r.result, process=replace(r.result.process, vm_hwm_kib=None)))
        for r in fake_runs()
        if r.job.task == "memory"
    ]
    assert not [key for key in figures_by_id(runs) if "|memory|" in key]


def test_energy_has_a_figure_only_where_its_counter_was_read():
    runs = fake_runs()
    assert not [key for key in figures_by_id(runs) if "|energy|" in key]
    read = changed(runs, "paced", energy_j=2.0)
    figure = figures_by_id(read)["student-fp32/sdk|paced-30fps|threads=1|energy|package_per_frame"]
    assert figure.value == pytest.approx(2000 / 200)


def test_cpu_share_of_a_paced_run_is_cpu_time_over_wall_time():
    runs = changed(fake_runs(), "paced", cpu_ns=50_000_000, wall_ns=1_000_000_000)
    figure = figures_by_id(runs)["student-fp32/sdk|paced-30fps|threads=1|cpu|share_of_core"]
    assert figure.value == pytest.approx(5.0)


def test_failed_processes_make_no_figure():
    assert all_figures(with_failure(fake_runs(), "killed")) == []


def test_python_is_what_the_stages_leave():
    record = fake_record()
    timing = next(r.result.outcome for r in record.runs if r.job.task == "single_stream")
    whole = timing.service_ns[0]
    rest = whole - timing.stages_ns["preprocess"][0] - timing.stages_ns["inference"][0]
    ids = [figure.id for figure in record.figures]
    assert "student-fp32/sdk|single_stream|threads=1|python|p50" in ids
    assert rest == pytest.approx(whole / 4, abs=2)
