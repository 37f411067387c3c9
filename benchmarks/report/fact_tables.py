"""The tables of what failed, and of machine and software."""

from __future__ import annotations

from benchmarks.record.json_form import to_json
from benchmarks.record.outcomes import Failure, Result
from benchmarks.report.table import Table
from benchmarks.report.view import View

_LONGEST = 200


def failures(view: View) -> Table:
    """Return what had processes that failed, with the first error of each kind of work."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for run in view.record.runs:
        groups.setdefault((run.job.name, run.job.task), []).append(run.result)
    rows = []
    for (name, task), results in groups.items():
        errors = [r.outcome.error for r in results if isinstance(r.outcome, Failure)]
        if errors:
            rows.append([name, task, f"{len(errors)} of {len(results)}", errors[0][:_LONGEST]])
    return Table("What failed", ["subject", "work", "processes", "error"], sorted(rows))


def machine(view: View) -> Table:
    """Return every fact of machine and software in the record."""
    record, software = view.record, view.record.software
    kernel = software.kernel
    facts: dict[str, object] = {
        **to_json(record.machine),
        "energy": record.state.energy,
        "load average at start": record.state.start.load_average,
        "commit": software.commit.hash if software.commit else None,
        "compiled kernel": kernel.isa if kernel else None,
        "kernels available": kernel.available if kernel else None,
        "kernels SHA-256": software.kernels_sha256,
        "environment": software.environment or None,
        "onnxruntime options": software.onnxruntime_options,
        "Python": software.python,
        **{name: version or "not installed" for name, version in software.packages.items()},
    }
    rows = [[name, _shown(value)] for name, value in facts.items()]
    return Table("Machine and software", ["fact", "value"], rows)


def _shown(value: object) -> str:
    if value is None or value == []:
        return "not available"
    if isinstance(value, dict):
        return ", ".join(f"{key}={one}" for key, one in value.items())
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
