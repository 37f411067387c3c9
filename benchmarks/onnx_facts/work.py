"""What one run of a model does, operator by operator, as onnxruntime's own profile tells it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from benchmarks.onnx_facts import macs
from benchmarks.onnx_facts.feeds import made_up, runner
from benchmarks.onnx_facts.operators import FREE, full_name
from benchmarks.onnx_facts.sessions import open_session, quiet_options
from benchmarks.onnx_facts.types import Feed
from benchmarks.onnx_facts.walk import Walk
from sdk import runtime

_MOST_REASONS = 3


@dataclass(frozen=True)
class Work:
    """Multiply-accumulates and outputs of matrix operators; None with a reason."""

    macs: int | None
    activations: int | None
    operators: Counter[str] = field(default_factory=Counter)
    reason: str = ""


class RunError(RuntimeError):
    """The model does not run unoptimised, so that its operators cannot be seen one by one."""


def profile(path: Path, feed: Feed) -> list[dict[str, Any]]:
    """Return the profile of one run with graph optimisation off, each entry one operator run.

    Raises:
        RunError: onnxruntime does not run it so.
    """
    with tempfile.TemporaryDirectory(prefix="sonogaze-profile-") as folder:
        options = quiet_options()
        level = runtime.load().GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
        # a kernel that keeps a packed copy drops the weight itself, and the profile its shape
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "run")
        try:
            session = open_session(path, options)
            runner(session)(made_up(feed))
            events = json.loads(Path(session.end_profiling()).read_text())
        except Exception as error:
            raise RunError(str(error)[:300]) from error
    return [event["args"] for event in events if event["name"].endswith("_kernel_time")]


def count(events: list[dict[str, Any]], walk: Walk) -> Work:
    """Return the work of a profiled run; a sub-graph counts as often as it ran.

    Args:
        events: of `profile`.
        walk: of the same model: which domain an operator is of, which a profile does not tell.
    """
    operators: Counter[str] = Counter()
    reasons: dict[str, None] = {}
    products = activations = 0
    domains = _domains(walk)
    for event in events:
        names = domains.get(event["op_name"], {event["op_name"]})
        named = " or ".join(sorted(names))
        operators[named] += 1
        if names <= FREE:
            continue
        counted = _macs(names, event, walk)
        if counted is None:
            reasons[named] = None
            continue
        products += counted
        activations += prod(_shapes(event["output_type_shape"])[0])
    if reasons:
        listed = ", ".join(list(reasons)[:_MOST_REASONS])
        return Work(None, None, operators, f"no rule counts {listed} as it stands here")
    return Work(products, activations, operators)


def _domains(walk: Walk) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for step in walk.steps.values():
        names.setdefault(step.node.op_type, set()).add(
            full_name(step.node.domain, step.node.op_type)
        )
    return names


def _macs(names: set[str], event: dict[str, Any], walk: Walk) -> int | None:
    inputs, outputs = (_shapes(event[f"{side}_type_shape"]) for side in ("input", "output"))
    if names == {"Einsum"}:
        equations = set(_equations(walk))
        return macs.einsum(equations.pop(), inputs) if len(equations) == 1 else None
    rule = macs.RULES.get(next(iter(names))) if len(names) == 1 else None
    if rule is None:
        return None
    try:
        return rule(inputs, outputs)
    except IndexError:  # an operand is missing: not the form that the rule knows
        return None


def _equations(walk: Walk) -> Iterator[str]:
    for step in walk.steps.values():
        if step.name == "Einsum":
            yield from (a.s.decode() for a in step.node.attribute if a.name == "equation")


def _shapes(listed: list[dict[str, list[int]]]) -> list[tuple[int, ...]]:
    return [tuple(shape) for entry in listed for shape in entry.values()]
