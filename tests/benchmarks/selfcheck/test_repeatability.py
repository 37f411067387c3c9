import json
import time
from dataclasses import replace
from functools import partial

import pytest
import typer

from benchmarks.processes import launch_module
from benchmarks.selfcheck import repeatability, slowed_worker
from benchmarks.selfcheck.repeatability import Try, Verdict
from benchmarks.suites.pixels.run import jobs, make_request, run
from sdk.preprocess import Preprocessing
from tests.benchmarks.suites.pixels.test_run import fake_launcher, no_clock  # noqa: F401 - a fixture


def suite(launcher):
    return run(make_request(True, repeatability.FORMATS), launcher, lambda *_: None)


def test_a_try_finds_the_slower_kernel_and_leaves_the_same_one_alone():
    seeds = iter(range(100))
    one = repeatability.one_try(
        suite,
        lambda job: fake_launcher(next(seeds))(job),
        lambda job: fake_launcher(next(seeds), factor=1.15)(job),
    )
    assert one.slowed.flagged
    assert any("sdk" in name for name in one.slowed.worse)
    assert not one.unchanged.flagged
    assert one.slowed.ratios["all-1920x1080|preprocess|sdk|geomean"] == pytest.approx(
        1.15, rel=0.05
    )


def test_the_summary_counts_both_kinds_of_failure():
    hit, miss = Verdict(True, [], {}), Verdict(False, [], {})
    tries = [Try(unchanged=miss, slowed=hit, warnings=[]), Try(hit, miss, [])]
    counted = repeatability.summary([*tries, tries[0]])
    assert counted == repeatability.Summary(tries=3, slowed_found=2, unchanged_flagged=1)
    assert not counted.right
    assert repeatability.summary(tries[:1]).right


def test_a_slowed_call_lasts_longer_by_its_share(monkeypatch):
    clock = iter([0, 1000, *range(1000, 3000, 10)])
    monkeypatch.setattr(time, "perf_counter_ns", lambda: next(clock))
    assert slowed_worker._slowed(lambda x: x + 1, 0.15)(1) == 2
    assert 1150 <= next(clock) <= 1170


def test_the_slowed_worker_slows_both_passes_of_the_kernel(monkeypatch):
    for name in ("tensor_into", "measure_into"):
        monkeypatch.setattr(Preprocessing, name, getattr(Preprocessing, name))
    plain = Preprocessing.tensor_into
    slowed_worker.slow_down(0.15)
    assert Preprocessing.tensor_into is not plain
    assert Preprocessing.measure_into.__name__ == "slowed"


def test_a_slowed_process_answers_a_job():
    given = jobs(make_request(True, ["MJPEG"]))[0]
    given = replace(given, job=replace(given.job, samples=2))
    result = launch_module("benchmarks.selfcheck.slowed_worker", given, ("0.5",))
    assert result.ok, result
    assert result.outcome.cases[0].format == "MJPEG"


@pytest.mark.parametrize(("factor", "status"), [(1.0, 1), (1.15, 0)])
def test_the_tool_writes_every_try_and_fails_if_one_is_wrong(tmp_path, monkeypatch, factor, status):
    seeds = iter(range(1000))

    def launch(module, given, arguments=()):
        return fake_launcher(next(seeds), factor if "slowed" in module else 1.0)(given)

    monkeypatch.setattr(repeatability, "launch_module", launch)
    run = partial(repeatability.main, tmp_path / "a.json", tries=2)
    if status:
        with pytest.raises(typer.Exit) as caught:
            run()
        assert caught.value.exit_code == 1
    else:
        run()
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["summary"]["tries"] == len(document["tries"]) == 2
    assert document["summary"]["slowed_found"] == (0 if status else 2)
