import copy

import pytest
from bench_fakes import fake_record

from benchmarks.compare import compare
from benchmarks.errors import BenchError

OLD = fake_record(seed=1)


def with_machine(key, value):
    record = copy.deepcopy(OLD)
    record["machine"][key] = value
    return record


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("cpu_model", "Other CPU", "CPU: .* against 'Other CPU'"),
        ("architecture", "riscv64", "architecture"),
        ("instruction_sets", ["avx2"], "instruction sets"),
        ("cores_usable", 99, "usable cores: .* against 99"),
        ("governor", "powersave", "frequency governor"),
        ("virtualisation", [], "virtualisation"),
        ("cpu_quota_cores", 0.5, "CPU quota"),
    ],
)
def test_records_of_unlike_machines_are_refused(key, value, told):
    new = with_machine(key, value)
    if new["machine"] == OLD["machine"]:
        new["machine"][key] = "changed"
    with pytest.raises(BenchError, match=told.split(":")[0]) as caught:
        compare(OLD, new)
    assert caught.value.slug == "record-unlike"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "preprocess"),
        (("mode",), "full"),
        (("input", "kind"), "another"),
        (("input", "sha256"), "d" * 64),
        (("input", "frame"), {"width": 640, "height": 480, "format": "GRAY8"}),
    ],
)
def test_records_of_unlike_work_are_refused(path, value):
    new = copy.deepcopy(OLD)
    target = new
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(BenchError, match="not alike"):
        compare(OLD, new)


def test_every_difference_is_named_at_once():
    new = with_machine("cpu_model", "Other")
    new["mode"] = "full"
    with pytest.raises(BenchError, match=r"mode: 'quick' against 'full'; CPU"):
        compare(OLD, new)


def test_no_figure_in_common_is_refused():
    with pytest.raises(BenchError, match="no figure in common"):
        compare(OLD, {**OLD, "figures": []})


@pytest.mark.parametrize("seed", range(10))
def test_a_slow_down_of_15_percent_is_found(seed):
    found = compare(fake_record(seed), fake_record(seed + 100, factor=1.15))
    worse = {change.id for change in found.worse}
    assert "student-fp32/sdk|single_stream|threads=1|end_to_end|p50" in worse
    assert not [change for change in found.changes if change.verdict == "better"]


def test_an_unchanged_build_is_not_flagged():
    pairs = [(fake_record(seed), fake_record(seed + 100)) for seed in range(10)]
    flagged = [compare(old, new).worse for old, new in pairs]
    assert sum(map(bool, flagged)) == 0


def test_a_faster_build_is_called_better_and_a_throughput_knows_its_direction():
    found = {c.id: c for c in compare(fake_record(1), fake_record(2, factor=0.7)).changes}
    key = "student-fp32/sdk|single_stream|threads=1|"
    assert found[key + "end_to_end|p50"].verdict == "better"
    assert found[key + "throughput|mean"].verdict == "better"
    assert found[key + "throughput|mean"].ratio.value > 1.3


def test_a_change_too_small_to_matter_is_the_same_however_certain():
    new = copy.deepcopy(OLD)
    for record, factor in ((OLD, 1.0), (new, 1.03)):
        figure = record["figures"][0]
        figure["processes"] = [factor * (1 + i * 1e-6) for i in range(5)]
    found = compare(OLD, new).changes[0]
    assert found.ratio.low > 1.02
    assert found.verdict == "same"


def test_changed_models_kernels_and_packages_are_told():
    new = copy.deepcopy(OLD)
    new["subjects"][0]["sha256"] = "e" * 64
    new["software"]["kernels_sha256"] = "f" * 64
    new["software"]["packages"]["numpy"] = "1.0"
    new["status"] = "interrupted"
    notes = "\n".join(compare(OLD, new).notes)
    for part in ("student-fp32/sdk: the model file", "kernels differ", "numpy:", "interrupted"):
        assert part in notes


def test_figures_that_only_one_record_has_are_listed():
    new = copy.deepcopy(OLD)
    gone = new["figures"].pop()
    assert compare(OLD, new).unmatched == [gone["id"]]


def test_intervals_that_meet_are_counted():
    same, slower = compare(OLD, fake_record(2)), compare(OLD, fake_record(2, factor=2.0))
    assert same.agreeing[0] > 0.8 * same.agreeing[1]
    assert slower.agreeing[0] < 0.5 * slower.agreeing[1]
