"""Honest warnings: what about a run should make its reader careful. Each has a stable slug."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CAUTIONS: dict[str, str] = {
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
_LONGEST = 200  # characters of an error in a warning; the record's run has all of it


def caution(slug: str, detail: str) -> dict[str, str]:
    """Return one warning as it stands in the record."""
    return {"slug": slug, "meaning": CAUTIONS[slug], "detail": detail}


def all_cautions(record: dict[str, Any]) -> list[dict[str, str]]:
    """Return every warning that the record's own content gives rise to."""
    runs = record["runs"]
    found = _sample_cautions(record["figures"]) + _steady_cautions(runs)
    found += _clock_cautions(record) + _load_cautions(runs) + _machine_cautions(record)
    found += _subject_cautions(record) + _quality_cautions(record) + _kernel_cautions(runs)
    failed = [run for run in runs if not run["result"].get("ok")]
    for name in sorted({str(run["job"]["name"]) for run in failed}):
        mine = [run for run in failed if run["job"]["name"] == name]
        tasks = sorted({run["job"]["task"] for run in mine})
        error = str(mine[0]["result"].get("error"))[:_LONGEST]
        text = f"{name}: {len(mine)} in {', '.join(tasks)}: {error}"
        found.append(caution("worker-failed", text))
    if record["status"] == "interrupted":
        found.append(caution("interrupted", f"{len(runs)} of {record['planned']} processes ran"))
    return found


def _sample_cautions(figures: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    short = [f for f in figures if f.get("enough_samples") is False]
    few = [f for f in figures if len(f["processes"]) < 5 and "|soak|" not in f["id"]]
    found = []
    if short:
        least = min(short, key=lambda f: f["samples"])
        text = f"{len(short)} figures, the fewest ({least['samples']}) in {least['id']}"
        found.append(caution("too-few-samples", text))
    if few:
        text = f"{len(few)} figures stand on fewer than 5 fresh processes, as {few[0]['id']}"
        found.append(caution("too-few-samples", text))
    return found


def _steady_cautions(runs: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    restless = [r for r in runs if r["result"].get("steady") is False]
    if not restless:
        return []
    names = sorted({r["job"]["name"] for r in restless})
    return [caution("no-steady-state", f"{len(restless)} processes of {', '.join(names)}")]


def _clock_cautions(record: dict[str, Any]) -> list[dict[str, str]]:
    steps = [r["result"]["clock_ns"] for r in record["runs"] if "clock_ns" in r["result"]]
    medians = [f for f in record["figures"] if f["id"].endswith("end_to_end|p50")]
    if not steps or not medians:
        return []
    fastest = min(medians, key=lambda f: f["value"])
    if max(steps) <= _CLOCK_SHARE * fastest["value"] * 1e6:
        return []
    text = f"step {max(steps)} ns, median of {fastest['id']} {fastest['value']:.6f} ms"
    return [caution("coarse-clock", text)]


def _load_cautions(runs: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    loads = [r["result"]["load"] for r in runs if r["result"].get("load")]
    found = []
    for slug, key, limit in (
        ("other-load", "other_cores", _OTHER_CORES),
        ("stolen-time", "steal_cores", _STEAL_CORES),
    ):
        above = [load[key] for load in loads if load[key] > limit]
        if above:
            text = f"{len(above)} of {len(loads)} processes, up to {max(above):.2f} cores"
            found.append(caution(slug, text))
    if runs and not loads:
        found.append(caution("counter-unreadable", "/proc/stat: load of others is not known"))
    return found


def _machine_cautions(record: dict[str, Any]) -> list[dict[str, str]]:
    machine, state = record["machine"], record["state"]
    found = []
    if machine["governor"] not in (None, "performance"):
        found.append(caution("governor", machine["governor"]))
    if machine["virtualisation"]:
        found.append(caution("virtualised", ", ".join(machine["virtualisation"])))
    start, end = state.get("throttle_start"), state.get("throttle_end")
    if start is not None and end is not None and end > start:
        found.append(caution("throttled", f"{end - start} events"))
    before, after = state.get("reference_start_ms"), state.get("reference_end_ms")
    if before and after and abs(after / before - 1) > _SPEED_CHANGE:
        text = f"{before:.3f} ms at the start, {after:.3f} at the end"
        found.append(caution("speed-changed", text))
    available, memory = state["start"]["memory_available_kib"], machine["memory_kib"]
    if available and memory and available < memory / 10:
        found.append(caution("paging", f"{available // 1024} of {memory // 1024} MiB available"))
    tree = record["software"]["commit"]
    if tree and tree["modified"]:
        found.append(caution("modified-tree", tree["hash"]))
    return found


def _subject_cautions(record: dict[str, Any]) -> list[dict[str, str]]:
    subjects = record["subjects"]
    chosen = {
        "untrained-weights": [s for s in subjects if s["weights"] == "untrained"],
        "unknown-weights": [s for s in subjects if s["weights"] == "unknown"],
        "made-up-input": [s for s in subjects if s.get("feed") and not s["feed"]["frame"]],
    }
    return [
        caution(slug, ", ".join(sorted({s["name"] for s in mine})))
        for slug, mine in chosen.items()
        if mine
    ]


def _quality_cautions(record: dict[str, Any]) -> list[dict[str, str]]:
    if record["kind"] != "models":
        return []
    if not record["quality"]:
        return [caution("quality-not-measured", record["input"]["description"])]
    found = []
    reasons = {s["name"]: s["unknown"]["quality"] for s in record["subjects"] if _no_labels(s)}
    if reasons:
        text = f"{', '.join(sorted(reasons))}: {next(iter(reasons.values()))}"
        found.append(caution("quality-not-measured", text))
    few = sorted({(e["part"], e["groups"]) for e in record["quality"] if e["groups"] < _PATIENTS})
    if few:
        text = ", ".join(f"{part}: {groups}" for part, groups in few)
        found.append(caution("few-patients", text))
    return found


def _no_labels(subject: dict[str, Any]) -> bool:
    return "quality" in subject.get("unknown", {})


def _kernel_cautions(runs: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    told = sorted({r["result"]["isa"] for r in runs if r["result"].get("isa")})
    return [caution("kernel-unclear", ", ".join(told))] if len(told) > 1 else []
