import pytest

from benchmarks.measure.counters import (
    EnergyReading,
    Memory,
    joules_between,
    read_energy,
    read_memory,
)
from benchmarks.measure.soak import growth_kib_per_1000
from benchmarks.measure.system_load import CpuTicks, other_load, read_ticks
from benchmarks.record.outcomes import Load


def rapl(root, name, energy, wrap):
    folder = root / name
    folder.mkdir()
    (folder / "energy_uj").write_text(energy)
    (folder / "max_energy_range_uj").write_text(wrap)


def test_memory_is_read_in_kib(tmp_path):
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmHWM:\t   57344 kB\nVmRSS:\t   40000 kB\n")
    assert read_memory(status) == Memory(57344, 40000)


@pytest.mark.parametrize(
    "text", ["", "VmHWM:\n", "VmHWM:\t12 MB\n", "VmHWM:\tmany kB\n", "VmHWM:\t-3 kB\n", "nonsense"]
)
def test_an_unreadable_memory_counter_is_none_and_never_zero(tmp_path, text):
    status = tmp_path / "status"
    status.write_text(text)
    assert read_memory(status) == Memory(None, None)
    assert read_memory(tmp_path / "missing") == Memory(None, None)


def test_the_peak_of_this_process_is_at_least_what_it_holds_now():
    memory = read_memory()
    assert memory.peak_kib >= memory.now_kib > 0


def test_energy_counts_packages_and_not_their_parts(tmp_path):
    rapl(tmp_path, "intel-rapl:0", "1000000", "9000000")
    rapl(tmp_path, "intel-rapl:0:0", "400000", "9000000")
    assert read_energy(tmp_path) == EnergyReading({"intel-rapl:0": (1000000, 9000000)})


@pytest.mark.parametrize("energy", ["", "n/a", "1.5"])
def test_an_unreadable_energy_counter_is_none_and_never_zero(tmp_path, energy):
    assert read_energy(tmp_path) is None
    rapl(tmp_path, "intel-rapl:0", energy, "9000000")
    assert read_energy(tmp_path) is None


def test_energy_of_some_packages_is_not_energy(tmp_path):
    rapl(tmp_path, "intel-rapl:0", "1000000", "9000000")
    rapl(tmp_path, "intel-rapl:1", "n/a", "9000000")
    assert read_energy(tmp_path) is None


def test_a_wrapped_energy_counter_is_unwrapped():
    start = EnergyReading({"intel-rapl:0": (8_500_000, 9_000_000)})
    end = EnergyReading({"intel-rapl:0": (500_000, 9_000_000)})
    assert joules_between(start, end) == 1.0


def test_energy_of_different_counters_is_not_available():
    one = EnergyReading({"intel-rapl:0": (1, 9)})
    assert joules_between(one, EnergyReading({"intel-rapl:1": (2, 9)})) is None
    assert joules_between(None, one) is None


def test_what_others_used_is_all_but_the_measured_process(monkeypatch):
    monkeypatch.setattr("os.sysconf", lambda name: 100)
    start, end = CpuTicks(busy=1000, steal=0), CpuTicks(busy=1250, steal=50)
    assert other_load(start, end, own_cpu_s=1.0, wall_s=2.0) == Load(0.5, 0.25)


@pytest.mark.parametrize("text", ["", "cpu 1 2 3\n", "cpu a b c d e f g h\n"])
def test_unreadable_ticks_are_none(tmp_path, text):
    stat = tmp_path / "stat"
    stat.write_text(text)
    assert read_ticks(stat) is None
    assert other_load(read_ticks(stat), CpuTicks(1, 0), 0.0, 1.0) is None


def test_growth_is_the_slope_of_the_last_two_thirds():
    frames = list(range(0, 3000, 100))
    rss = [1000 if f < 1000 else 1000 + f for f in frames]
    assert growth_kib_per_1000(frames, rss) == pytest.approx(1000)


def test_one_step_of_the_allocator_is_no_growth():
    frames = list(range(0, 3000, 100))
    assert growth_kib_per_1000(frames, [1000 if f < 2500 else 1400 for f in frames]) == 0


def test_growth_of_too_few_readings_is_unknown():
    assert growth_kib_per_1000([1, 2, 3], [1, 2, 3]) is None
