"""A clock that only moves when told, and records made of invented processes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.record.build import Measured, build_record

SUBJECTS = [
    {
        "name": "student-fp32/sdk",
        "family": "student",
        "runtime": "sdk",
        "precision": "fp32",
        "weights": "trained",
        "threads": [1],
        "auto": True,
        "file_bytes": 100_000,
        "sha256": "a" * 64,
        "parameters": 24_000,
        "macs": 9_000_000,
        "activations": 400_000,
        "unknown": {},
    },
    {
        "name": "teacher-fp32/onnxruntime",
        "family": "teacher",
        "runtime": "onnxruntime",
        "precision": "fp32",
        "weights": "untrained",
        "threads": [1],
        "file_bytes": 13_000_000,
        "sha256": "b" * 64,
        "parameters": 3_300_000,
        "macs": 219_000_000,
        "activations": 3_700_000,
        "unknown": {},
    },
]


@dataclass
class FakeClock:
    now: int = 0
    cpu: int = 0
    sleeps: list[float] = field(default_factory=list)

    def now_ns(self) -> int:
        return self.now

    def cpu_ns(self) -> int:
        return self.cpu

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += round(seconds * 1e9)

    def work(self, ns: int) -> None:
        self.now += ns
        self.cpu += ns


def timing_result(random: np.random.Generator, median_ms: float, count: int) -> dict:
    # processes differ by 2 %, frames by 5 %, one frame in 200 is five times slower
    scale = median_ms * 1e6 * np.exp(random.normal(0, 0.02))
    values = scale * np.exp(random.normal(0, 0.05, count))
    values[random.random(count) < 0.005] *= 5
    service = [int(v) for v in values]
    return {
        "ok": True,
        "service_ns": service,
        "response_ns": [],
        "stages_ns": {
            "preprocess": [v // 2 for v in service],
            "inference": [v // 4 for v in service],
        },
        "cpu_ns": sum(service),
        "wall_ns": sum(service) + 1000,
        "clock_ns": 40,
        "energy_j": None,
        "vm_hwm_kib": 60_000,
        "vm_rss_kib": 58_000,
        "load": {"other_cores": 0.0, "steal_cores": 0.0},
        "isa": "avx2",
    }


def _job(task: str, name: str, process: int, **more: object) -> dict:
    return {"task": task, "name": name, "threads": 1, "process": process, "order": 0, **more}


def fake_runs(seed: int = 0, factor: float = 1.0, count: int = 200, processes: int = 5) -> list:
    random = np.random.default_rng(seed)
    runs = []
    for process in range(processes):
        for name, median in (("student-fp32/sdk", 1.0), ("teacher-fp32/onnxruntime", 12.0)):
            result = timing_result(random, median * factor, count)
            runs.append({"job": _job("single_stream", name, process), "result": result})
            memory = {"ok": True, "vm_hwm_kib": 70_000 + int(random.integers(0, 200)), "load": None}
            runs.append({"job": _job("memory", name, process), "result": memory})
            runtime = name.split("/")[1]
            imports = {"ok": True, "vm_hwm_kib": 52_000, "load": None}
            runs.append({"job": _job("memory", f"imports/{runtime}", process), "result": imports})
        paced = timing_result(random, 1.1 * factor, count)
        paced |= {"response_ns": [v + 60_000 for v in paced["service_ns"]], "missed": 0}
        paced["wall_ns"] = int(count * 1e9 / 30)
        job = _job("paced", "student-fp32/sdk", process, fps=30.0)
        runs.append({"job": job, "result": paced})
        phases = {"python": 2e7, "import": 2e8, "load": 2e7, "first_result": 2e6}
        cold = {"ok": True, "phases_ns": {k: int(v * factor) for k, v in phases.items()}}
        runs.append({"job": _job("cold_start", "student-fp32/sdk", process), "result": cold})
    return runs


def share(value: float) -> dict:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def fake_quality() -> list:
    names = ("teacher (committed logits)", "student-fp32/sdk")
    return [
        {
            "subject": name,
            "part": part,
            "frames": 300,
            "groups": 100,
            "accuracy": share(0.96),
            "recall": {"head": share(0.97), "abdomen": share(0.95)},
            "calibration_error": share(0.02) if "sdk" in name else None,
            "agreement": share(0.97) if "sdk" in name else None,
            "coverage": share(0.9) if "sdk" in name else None,
            "selective_accuracy": share(0.98) if "sdk" in name else None,
        }
        for part in ("test", "external")
        for name in names
    ]


def fake_record(seed: int = 0, factor: float = 1.0, **changes: object) -> dict:
    measured = {
        "mode": "quick",
        "seed": seed,
        "planned": 35,
        "complete": True,
        "runs": fake_runs(seed, factor),
        "subjects": SUBJECTS,
        "frames": {
            "kind": "phantom",
            "description": "synthetic",
            "frame": {"width": 1920, "height": 1080, "format": "BGRA32"},
            "sha256": "c" * 64,
        },
        "state": {
            "start": {
                "load_average": [0.0, 0.0, 0.0],
                "memory_available_kib": None,
                "cpu_pressure_avg10": None,
            },
            "reference_start_ms": 1.0,
            "reference_end_ms": 1.0,
            "energy": "not available: no readable RAPL counter",
        },
        "quality": fake_quality(),
    }
    return build_record(Measured(**{**measured, **changes}))
