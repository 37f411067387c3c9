"""What about a run should make its reader careful. Each warning has a stable slug."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.machine.software import isas_of
from benchmarks.record.jobs import Run
from benchmarks.record.outcomes import Failure, Load, Timing
from benchmarks.record.types import Record, RunWarning

MEANINGS: dict[str, str] = {
    "too-few-samples": "a percentile stands on fewer samples than it needs",
    "no-steady-state": "a process never settled; its first half is called warm-up",
    "coarse-clock": "the clock's step is above 1 % of a median",
    "other-load": "something else used the machine during measurements",
    "stolen-time": "the host gave the virtual machine's cores to others during measurements",
    "throttled": "the cores were throttled for heat during the run",
    "speed-changed": "the same piece of work ran at another speed at the end than at the start",
    "governor": "the frequency governor is not `performance`",
    "virtualised": "measured in a virtual machine or a container, not on bare metal",
    "worker-failed": "a fresh process failed; its figures are missing",
    "interrupted": "the run was interrupted; what is missing was not measured",
    "untrained-weights": "speed and memory of an architecture with untrained weights",
    "unknown-weights": "a user's file does not say whether it was trained",
    "made-up-input": "the model takes no frame: its inputs were made up, and only it was timed",
    "few-patients": "a quality figure stands on few patients: see how wide its interval is",
    "model-changed": "a model's file was no longer the same at the end of the run",
    "kernel-unclear": "the measuring processes did not all run the same compiled kernel",
    "modified-tree": "tracked files differ from the commit that is recorded",
    "counter-unreadable": "a counter could not be read, and its figure is left out",
    "quality-not-measured": "no labelled frames or no answers to compare: quality is not measured",
    "paging": "the process was measured with less than a tenth of memory available",
}

_OTHER_CORES = 0.10
_STEAL_CORES = 0.02
_SPEED_CHANGE = 0.05
_CLOCK_SHARE = 0.01
_PATIENTS = 20
_PROCESSES = 5
_LONGEST = 200  # characters of an error in a warning; the record's run has all of it


def warning(slug: str, detail: str) -> RunWarning:
    """Return one warning.

    Raises:
        KeyError: no such slug.
    """
    return RunWarning(slug, MEANINGS[slug], detail)


def all_warnings(record: Record) -> list[RunWarning]:
    """Return every warning that the record's own content gives rise to."""
    return [one for check in _CHECKS for one in check(record)]


def _of_samples(record: Record) -> Iterator[RunWarning]:
    short = [f for f in record.figures if f.enough_samples is False]
    few = [f for f in record.figures if len(f.processes) < _PROCESSES and "|soak|" not in f.id]
    if short:
        worst = min(short, key=lambda figure: figure.samples or 0)
        text = f"{len(short)} figures, the fewest ({worst.samples}) in {worst.id}"
        yield warning("too-few-samples", text)
    if few:
        text = (
            f"{len(few)} figures stand on fewer than {_PROCESSES} fresh processes, as {few[0].id}"
        )
        yield warning("too-few-samples", text)


def _timings(record: Record) -> list[tuple[Run, Timing]]:
    runs = [(run, run.result.outcome) for run in record.runs]
    return [(run, outcome) for run, outcome in runs if isinstance(outcome, Timing)]


def _of_steady_state(record: Record) -> Iterator[RunWarning]:
    restless = [run.job.name for run, timing in _timings(record) if timing.steady is False]
    if restless:
        names = ", ".join(sorted(set(restless)))
        yield warning("no-steady-state", f"{len(restless)} processes of {names}")


def _of_clock(record: Record) -> Iterator[RunWarning]:
    steps = [timing.clock_ns for _, timing in _timings(record)]
    medians = [figure for figure in record.figures if figure.id.endswith("end_to_end|p50")]
    if not steps or not medians:
        return
    fastest = min(medians, key=lambda figure: figure.value)
    if max(steps) > _CLOCK_SHARE * fastest.value * 1e6:
        text = f"step {max(steps)} ns, median of {fastest.id} {fastest.value:.6f} ms"
        yield warning("coarse-clock", text)


def _of_load(record: Record) -> Iterator[RunWarning]:
    facts = [run.result.process for run in record.runs]
    loads = [one.load for one in facts if one is not None and one.load is not None]
    kinds: tuple[tuple[str, Callable[[Load], float], float], ...] = (
        ("other-load", lambda load: load.other_cores, _OTHER_CORES),
        ("stolen-time", lambda load: load.steal_cores, _STEAL_CORES),
    )
    for slug, cores, limit in kinds:
        above = [cores(load) for load in loads if cores(load) > limit]
        if above:
            text = (
                f"{len(above)} of the {len(loads)} processes in which this was read, up to "
                f"{max(above):.2f} cores; cold starts read no counters"
            )
            yield warning(slug, text)
    if record.runs and not loads:
        yield warning("counter-unreadable", "/proc/stat: load of others is not known")


def _of_machine(record: Record) -> Iterator[RunWarning]:
    machine = record.machine
    if machine.governor not in (None, "performance"):
        yield warning("governor", str(machine.governor))
    if machine.virtualisation:
        yield warning("virtualised", ", ".join(machine.virtualisation))
    available, memory = record.state.start.memory_available_kib, machine.memory_kib
    if available and memory and available < memory / 10:
        yield warning("paging", f"{available // 1024} of {memory // 1024} MiB available")
    commit = record.software.commit
    if commit and commit.modified:
        yield warning("modified-tree", commit.hash)


def _of_speed(record: Record) -> Iterator[RunWarning]:
    state = record.state
    start, end = state.throttle_start, state.throttle_end
    if start is not None and end is not None and end > start:
        yield warning("throttled", f"{end - start} events")
    before, after = state.reference_start_ms, state.reference_end_ms
    if before and after and abs(after / before - 1) > _SPEED_CHANGE:
        text = f"{before:.3f} ms at the start, {after:.3f} at the end"
        yield warning("speed-changed", text)


def _of_subjects(record: Record) -> Iterator[RunWarning]:
    chosen = {
        "untrained-weights": [s.name for s in record.subjects if s.weights == "untrained"],
        "unknown-weights": [s.name for s in record.subjects if s.weights == "unknown"],
        "made-up-input": [s.name for s in record.subjects if s.feed and not s.feed.frame],
    }
    for slug, names in chosen.items():
        if names:
            yield warning(slug, ", ".join(sorted(set(names))))


def _of_quality(record: Record) -> Iterator[RunWarning]:
    if record.kind != "models":
        return
    if not record.quality:
        yield warning("quality-not-measured", record.input.description)
        return
    unknown = {subject.name: subject.unknown or {} for subject in record.subjects}
    reasons = {name: why["quality"] for name, why in unknown.items() if "quality" in why}
    if reasons:
        text = f"{', '.join(sorted(reasons))}: {next(iter(reasons.values()))}"
        yield warning("quality-not-measured", text)
    few = sorted({(one.part, one.groups) for one in record.quality if one.groups < _PATIENTS})
    if few:
        yield warning("few-patients", ", ".join(f"{part}: {groups}" for part, groups in few))


def _of_kernel(record: Record) -> Iterator[RunWarning]:
    isas = isas_of(record.runs)
    if len(isas) > 1:
        yield warning("kernel-unclear", ", ".join(isas))


def _of_failures(record: Record) -> Iterator[RunWarning]:
    failures: dict[str, list[tuple[str, Failure]]] = {}
    for run in record.runs:
        if isinstance(run.result.outcome, Failure):
            failures.setdefault(run.job.name, []).append((run.job.task, run.result.outcome))
    for name in sorted(failures):
        tasks = ", ".join(sorted({task for task, _ in failures[name]}))
        error = failures[name][0][1].error[:_LONGEST]
        yield warning("worker-failed", f"{name}: {len(failures[name])} in {tasks}: {error}")


def _of_status(record: Record) -> Iterator[RunWarning]:
    if record.status == "interrupted":
        yield warning("interrupted", f"{len(record.runs)} of {record.planned} processes ran")


_CHECKS: Sequence[Callable[[Record], Iterator[RunWarning]]] = (
    _of_samples,
    _of_steady_state,
    _of_clock,
    _of_load,
    _of_machine,
    _of_speed,
    _of_subjects,
    _of_quality,
    _of_kernel,
    _of_failures,
    _of_status,
)
