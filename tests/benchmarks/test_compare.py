import math
from dataclasses import replace

import pytest

from benchmarks.comparability import ENTRIES
from benchmarks.compare import compare
from benchmarks.errors import BenchError
from tests.benchmarks.fakes import edited, fake_record

OLD = fake_record(seed=1)

#: Name that `--despite` takes -> where it stands in the JSON, and another value for it.
OTHER = {
    "suite": ("kind", "preprocess"),
    "mode": ("mode", "full"),
    "cpu": ("machine.cpu_model", "another"),
    "architecture": ("machine.architecture", "another"),
    "instruction-sets": ("machine.instruction_sets", ["another"]),
    "usable-cores": ("machine.cores_usable", 99),
    "cpu-quota": ("machine.cpu_quota_cores", 0.25),
    "governor": ("machine.governor", "another"),
    "virtualisation": ("machine.virtualisation", ["another"]),
    "frames-kind": ("input.kind", "folder"),
    "frame-format": ("input.frame.format", "another"),
    "frames": ("input.sha256", "d" * 64),
    "kernel": ("software.kernel.isa", "another"),
    "onnxruntime-options": ("software.onnxruntime_options", {"another": "1"}),
    "environment": ("software.environment", {"another": "1"}),
}


def changed(path, value):
    def change(document):
        *parents, last = path.split(".")
        target = document
        for key in parents:
            target = target[key]
        target[last] = value

    return edited(OLD, change)


def test_every_entry_that_is_compared_is_tried_here():
    assert OTHER.keys() == ENTRIES.keys()


@pytest.mark.parametrize("name", OTHER)
def test_each_entry_that_makes_figures_incomparable_is_refused_by_its_name(name):
    with pytest.raises(BenchError, match=f"{name}: .* against .*; to compare them") as caught:
        compare(OLD, changed(*OTHER[name]))
    assert caught.value.slug == "record-unlike"
    assert str(caught.value).endswith(f"all the same: --despite {name}")


@pytest.mark.parametrize("name", OTHER)
def test_a_difference_that_the_user_names_is_told_and_compared(name):
    comparison = compare(OLD, changed(*OTHER[name]), [name])
    assert comparison.changes
    assert comparison.notes[0].startswith(f"compared despite {name}: ")


def test_cpus_that_a_hypervisor_calls_by_one_name_are_told_apart():
    zen4, zen5, stepping = (
        changed("machine.cpu_family_model_stepping", numbers)
        for numbers in (["25", "17", "1"], ["26", "2", "1"], ["26", "2", "2"])
    )
    with pytest.raises(BenchError, match=r"cpu: .*'25', '17'\] against .*'26', '2'\]"):
        compare(zen4, zen5)
    assert compare(zen5, stepping).changes


def test_records_of_two_kernels_are_refused_with_both_names():
    with pytest.raises(BenchError, match=r"kernel: 'avx2' against 'scalar'; .* --despite kernel"):
        compare(OLD, changed("software.kernel.isa", "scalar"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("precision", "int8-qdq"),
        ("threads", [1, 2]),
        ("preprocessing", {"width": 224}),
        ("feed", {"frame": False, "layout": "", "inputs": []}),
    ],
)
def test_subjects_of_one_name_that_are_not_comparable_are_refused(key, value):
    new = edited(OLD, lambda document: document["subjects"][0].update({key: value}))
    with pytest.raises(BenchError, match=f"student-fp32/sdk: {key} .* against"):
        compare(OLD, new)
    assert compare(OLD, new, ["subject"]).changes


def test_every_difference_is_named_at_once_with_the_way_to_see_them():
    new = replace(changed("machine.cpu_model", "Other"), mode="full")
    told = r"mode: 'quick' against 'full'; cpu: .* --despite mode --despite cpu$"
    with pytest.raises(BenchError, match=told):
        compare(OLD, new)


def test_a_name_that_no_difference_has_is_refused():
    with pytest.raises(BenchError, match=r"--despite \['gpu'\]: allowed are suite, mode, cpu") as e:
        compare(OLD, OLD, ["gpu"])
    assert e.value.slug == "option-invalid"


def test_what_an_old_record_does_not_say_is_not_taken_for_equal():
    old = replace(OLD, version="1.0", software=replace(OLD.software, kernel=None))
    with pytest.raises(BenchError, match="kernel: not recorded against 'avx2'"):
        compare(old, OLD)
    notes = compare(old, old).notes
    assert "a record of version 1.0 doesn't say which kernel ran" in notes


def test_no_figure_in_common_is_refused():
    with pytest.raises(BenchError, match="no figure in common"):
        compare(OLD, replace(OLD, figures=()))


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


def pair_of(old, new, better="lower"):
    """Return what is said of one figure whose processes came to these."""
    records = [
        replace(OLD, figures=[replace(OLD.figures[0], processes=tuple(one), better=better)])
        for one in (old, new)
    ]
    (change,) = compare(*records).changes
    return change


STEADY = [1 + i * 1e-6 for i in range(5)]


def test_a_change_too_small_to_matter_is_the_same_however_certain():
    change = pair_of(STEADY, [1.03 * one for one in STEADY])
    assert change.ratio.low > 1.02
    assert change.verdict == "same"


@pytest.mark.parametrize(
    ("new", "better", "verdict"),
    [
        ([0.99, 1.0, 1.0, 1.0, 1.01], "lower", "same"),
        ([0.9, 1.0, 1.0, 1.0, 1.1], "lower", "unclear"),  # nothing changed, nothing is shown
        ([0.9, 1.0, 1.0, 1.0, 1.1], "neither", "unjudged"),
        ([1.04 + i * 0.02 for i in range(-2, 3)], "lower", "unclear"),  # the bound is above 5 %
        ([0.5, 1.0, 2.0, 4.0, 8.0], "lower", "unclear"),
        ([1.06 + i * 1e-6 for i in range(5)], "lower", "worse"),
        ([1.06 + i * 1e-6 for i in range(5)], "higher", "better"),
        ([1.0], "lower", "unclear"),  # one process has no interval
        ([0.0, 1.0, 1.0, 1.0, 1.0], "lower", "unclear"),  # nor has a figure of zero
    ],
)
def test_same_is_only_what_the_interval_shows_to_be_so(new, better, verdict):
    assert pair_of(STEADY, new, better).verdict == verdict


def test_worse_among_many_figures_takes_more_than_an_interval_that_excludes_1():
    new = (1.05, 1.07, 1.08, 1.09, 1.11)
    assert pair_of(STEADY, new).verdict == "worse"
    first = OLD.figures[0]
    records = [
        replace(
            OLD, figures=[replace(first, id=f"{first.id}{i}", processes=one) for i in range(200)]
        )
        for one in (tuple(STEADY), new)
    ]
    change = compare(*records).changes[0]
    assert (change.ratio.low > 1.05, change.verdict) == (True, "unclear")


def test_what_may_have_become_worse_unseen_is_the_bound_of_the_interval():
    scattered = [0.9, 1.0, 1.0, 1.0, 1.1]
    slower, fewer = pair_of(STEADY, scattered), pair_of(STEADY, scattered, "higher")
    assert slower.unseen == slower.ratio.high - 1 > 0.05
    assert fewer.unseen == 1 - fewer.ratio.low > 0.05
    assert pair_of(STEADY, scattered, "neither").unseen is None


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("scatter", [1e-5, 0.02, 0.3])
def test_a_measured_change_is_worse_from_the_size_on_that_would_have_shown(better, scatter):
    old, new = ([math.exp(scatter * i * f) for i in range(-2, 3)] for f in (1.0, 0.7))
    visible = pair_of(old, new, better).visible
    assert visible >= 0.05
    factor = 1 + visible if better == "lower" else 1 - visible
    found = [pair_of(old, [factor**e * one for one in new], better) for e in (0.999, 1.001)]
    assert [change.verdict == "worse" for change in found] == [False, True]
    assert found[0].visible == pytest.approx(visible)


def test_nothing_would_have_shown_without_an_interval_or_a_direction():
    assert pair_of(STEADY, [1.0]).visible is None
    assert pair_of(STEADY, STEADY, "neither").visible is None


def test_nothing_before_and_nothing_after_is_the_same_where_it_is_judged():
    nothing = pair_of([0.0] * 5, [0.0] * 5)
    assert (nothing.verdict, nothing.unseen) == ("same", 0.0)
    assert pair_of([0.0] * 5, [0.0] * 5, "neither").verdict == "unjudged"
    assert pair_of([0.0] * 5, [0.0, 0.0, 0.0, 0.0, 1.0]).verdict == "unclear"


def test_the_ratio_is_the_quotient_of_the_values_beside_it():
    for change in compare(OLD, fake_record(2, factor=1.15)).changes:
        if change.ratio is not None:
            assert change.ratio.value == pytest.approx(change.after / change.before)


def test_processes_that_scatter_beyond_all_numbers_are_compared_all_the_same():
    change = pair_of([1e-99, 1e99], [1e-99, 1e99])
    assert (change.verdict, change.ratio.low, change.unseen) == ("unclear", 0.0, float("inf"))


def test_changed_models_kernels_and_packages_are_told():
    def change(document):
        document["subjects"][0] |= {"sha256": "e" * 64, "weights": "unknown"}
        document["software"]["kernels_sha256"] = "f" * 64
        document["software"]["packages"]["numpy"] = "1.0"
        document["status"] = "interrupted"

    new = edited(OLD, change)
    notes = "\n".join(compare(OLD, new).notes)
    for part in (
        "the model file differs",
        "training state",
        "kernels differ",
        "numpy:",
        "interrupted",
    ):
        assert part in notes


def test_what_disturbed_a_run_is_told_by_the_name_that_was_given():
    other = edited(OLD, lambda document: document.update(status="interrupted"))
    assert "out/bench: the run was interrupted" in compare(other, OLD, (), ("out/bench", "b")).notes
    assert "b: the run was interrupted" in compare(OLD, other, (), ("out/bench", "b")).notes


def test_figures_that_only_one_record_has_are_listed():
    *kept, gone = OLD.figures
    fewer = replace(OLD, figures=kept)
    assert compare(OLD, fewer).unmatched == [("before", gone.id)]
    assert compare(fewer, OLD, names=("a", "b")).unmatched == [("b", gone.id)]


def test_intervals_that_meet_are_counted():
    same, slower = compare(OLD, fake_record(2)), compare(OLD, fake_record(2, factor=2.0))
    assert same.agreeing[0] > 0.8 * same.agreeing[1]
    assert slower.agreeing[0] < 0.5 * slower.agreeing[1]
