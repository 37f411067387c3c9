from dataclasses import replace

import pytest

from benchmarks.record.warnings import MEANINGS, all_warnings, warning
from tests.benchmarks.fakes import edited, fake_record, fake_runs


def slugs(record):
    return {one.slug for one in record.warnings}


def details(record):
    return {one.slug: one.detail for one in record.warnings}


def calm():
    record = fake_record()
    return replace(
        record,
        machine=replace(record.machine, virtualisation=[], governor="performance"),
        software=replace(record.software, commit=None),
        subjects=[s for s in record.subjects if s.weights == "trained"],
    )


def again(change):
    return {one.slug: one.detail for one in all_warnings(edited(calm(), change))}


def test_a_quiet_run_has_no_warning():
    assert all_warnings(calm()) == []


def test_too_few_samples_are_told():
    assert "too-few-samples" in slugs(fake_record(runs=fake_runs(count=60)))


def test_too_few_processes_are_told():
    assert "too-few-samples" in slugs(fake_record(runs=fake_runs(processes=4, count=400)))


@pytest.mark.parametrize(
    ("key", "slug"), [("other_cores", "other-load"), ("steal_cores", "stolen-time")]
)
def test_load_of_others_is_told_with_its_size(key, slug):
    def change(record):
        record["runs"][0]["result"]["load"][key] = 0.7

    assert "up to 0.70 cores" in again(change)[slug]


def test_an_unreadable_load_counter_is_told():
    def change(record):
        for run in record["runs"]:
            if "load" in run["result"]:
                run["result"]["load"] = None

    assert "/proc/stat" in again(change)["counter-unreadable"]


def test_a_coarse_clock_is_told():
    def change(record):
        record["runs"][0]["result"]["clock_ns"] = 1_000_000

    assert "step 1000000 ns" in again(change)["coarse-clock"]


def test_a_restless_process_is_told():
    def change(record):
        record["runs"][0]["result"]["steady"] = False

    assert "1 processes" in again(change)["no-steady-state"]


def test_throttling_and_a_changed_speed_are_told():
    def change(record):
        record["state"] |= {"throttle_start": 3, "throttle_end": 5, "reference_end_ms": 1.2}

    found = again(change)
    assert found["throttled"] == "2 events"
    assert "1.200 at the end" in found["speed-changed"]


def test_governor_virtual_machine_and_low_memory_are_told():
    def change(record):
        record["machine"] |= {"governor": "powersave", "virtualisation": ["container"]}
        record["machine"]["memory_kib"] = 1_000_000
        record["state"]["start"]["memory_available_kib"] = 50_000

    assert {"governor", "virtualised", "paging"} <= again(change).keys()


def test_a_failed_process_is_told_with_its_error():
    def change(record):
        record["runs"][0]["result"] = {"ok": False, "error": "killed"}

    assert "killed" in again(change)["worker-failed"]


def test_an_interrupted_run_says_how_far_it_came():
    record = fake_record(complete=False, planned=99)
    assert record.status == "interrupted"
    assert "40 of 99" in details(record)["interrupted"]


def test_untrained_weights_and_unmeasured_quality_are_told():
    assert {"untrained-weights", "quality-not-measured"} <= slugs(fake_record(quality=[]))


def test_a_modified_tree_is_told():
    def change(record):
        record["software"]["commit"] = {"hash": "abc", "modified": True}

    assert again(change)["modified-tree"] == "abc"


def test_an_unknown_slug_cannot_be_made():
    with pytest.raises(KeyError):
        warning("something-else", "")
    assert all(MEANINGS.values())


def test_a_users_training_state_and_made_up_inputs_are_told():
    def change(record):
        feed = {"frame": False, "layout": "", "inputs": []}
        record["subjects"][0] |= {"weights": "unknown", "feed": feed}
        record["subjects"][0]["unknown"] = {"quality": "the file names no labels"}

    found = again(change)
    assert found["unknown-weights"] == found["made-up-input"] == "student-fp32/sdk"
    assert found["quality-not-measured"] == "student-fp32/sdk: the file names no labels"


def test_quality_from_few_patients_says_so():
    def change(record):
        record["quality"][0]["groups"] = 19

    assert again(change)["few-patients"] == "test: 19"
    assert "few-patients" not in slugs(fake_record())


def test_processes_that_ran_two_kernels_are_told():
    first, *others = fake_runs()
    process = replace(first.result.process, isa="scalar")
    first = replace(first, result=replace(first.result, process=process))
    record = fake_record(runs=[first, *others])
    assert record.software.kernel.isa is None
    assert details(record)["kernel-unclear"] == "avx2, scalar"


@pytest.mark.parametrize("task", ["single_stream", "memory", "cold_start"])
def test_figures_of_any_kind_from_fewer_than_five_processes_say_so(task):
    runs = [r for r in fake_runs() if r.job.task == task and r.job.process < 4]
    record = fake_record(runs=runs, complete=False)
    assert "fewer than 5 fresh processes" in details(record)["too-few-samples"]


def test_an_error_in_a_warning_is_bounded():
    def change(record):
        record["runs"][0]["result"] = {"ok": False, "error": "x" * 100_000}

    assert len(again(change)["worker-failed"]) < 400
