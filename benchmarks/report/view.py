"""A record as its reader asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

Figure = dict[str, Any]
Record = dict[str, Any]


class View:
    """Looks figures up by their parts; what was not measured is None."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._figures = {figure["id"]: figure for figure in record["figures"]}

    def figure(self, *key: str) -> Figure | None:
        """Return the figure with this key."""
        return self._figures.get("|".join(key))

    def value(self, *key: str) -> float | None:
        """Return the value of the figure with this key."""
        figure = self.figure(*key)
        return None if figure is None else float(figure["value"])

    @cached_property
    def subjects(self) -> list[Record]:
        """Return the subjects, the SDK's first, then by model and runtime."""
        order = {"student": 0, "user": 1, "teacher": 2}
        return sorted(
            self.record["subjects"],
            key=lambda s: (order.get(s["family"], 3), s["runtime"] != "sdk", s["name"]),
        )

    @cached_property
    def failed(self) -> list[str]:
        """Return the names of what had a process that failed, in order of name."""
        runs = self.record["runs"]
        return sorted({str(run["job"]["name"]) for run in runs if not run["result"].get("ok")})

    @cached_property
    def hero(self) -> Record | None:
        """Return the student that `precision="auto"` runs here, else the first behind the SDK."""
        behind = [s for s in self.subjects if s["runtime"] == "sdk"]
        return next((s for s in behind if s.get("auto")), behind[0] if behind else None)

    @cached_property
    def teacher(self) -> Record | None:
        """Return the teacher in onnxruntime fp32, else any teacher."""
        teachers = [s for s in self.subjects if s["family"] == "teacher"]
        best = [s for s in teachers if s["runtime"] == "onnxruntime" and s["precision"] == "fp32"]
        return (best or teachers or [None])[0]

    def latency(
        self, subject: str, scenario: str = "single_stream", stage: str = "end_to_end"
    ) -> Any:
        """Return p50, p90, p99 and max figures at one thread, or None."""
        key = (subject, scenario, "threads=1", stage)
        found = {p: self.figure(*key, p) for p in ("p50", "p90", "p99", "max")}
        return found if all(found.values()) else None

    def quality(self, subject: str, part: str) -> Record | None:
        """Return the quality entry of a subject on a part of the data."""
        entries = self.record["quality"]
        return next((q for q in entries if (q["subject"], q["part"]) == (subject, part)), None)

    @cached_property
    def parts(self) -> list[str]:
        """Return the parts of the data that were scored, in order."""
        return list(dict.fromkeys(entry["part"] for entry in self.record["quality"]))

    def samples_ms(self, subject: str, scenario: str, field: str = "service_ns") -> list[float]:
        """Return all steady raw values in ms at one thread, of every process."""
        task, _, rest = scenario.partition("-")
        values: list[float] = []
        for run in self.record["runs"]:
            job, result = run["job"], run["result"]
            same = job["name"] == subject and job["task"] == task and job["threads"] == 1
            if same and result.get("ok") and rest in ("", f"{job.get('fps', 0):g}fps"):
                values += [ns / 1e6 for ns in result[field][result.get("warmup", 0) :]]
        return values


def quality_subject(subject: Record, view: View) -> str:
    """Return under which name the quality of a subject's artefact stands."""
    if subject["family"] == "teacher":
        return "teacher (committed logits)"
    return f"{subject['name'].rsplit('/', 1)[0]}/sdk"
