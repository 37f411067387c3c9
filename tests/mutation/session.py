"""One module's mutants, one after the other, and what became of each."""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import chosen, forked
from .mutants import Mutant, draw
from .targets import GROUPS, ROOT

RESULTS = ROOT / "build" / "mutation" / "results"
_LOG = RESULTS.parent / "last.log"
_STARTING_S = 20.0


def run(group: str, options: argparse.Namespace) -> None:
    """Test the mutants of some modules of a group; each module's result is a file of `RESULTS`."""
    forked.preload(GROUPS[group].preload)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for module in options.modules:
        _refuse_unsaved(module)
        result = _module(module, group, options)
        kept = result_path(module)
        kept.write_text(json.dumps(result, indent=1) + "\n")
        counts = {name: result[name] for name in ("drawn", "killed", "timeouts", "unusable")}
        print(f"{module}: {counts}, survived {len(result['survived'])}", flush=True)
        for survivor in result["survived"]:
            print(f"    {survivor['line']}: {survivor['before']}\n     -> {survivor['after']}")


def result_path(module: str) -> Path:
    """Return where a module's result is kept."""
    return RESULTS / (module.removesuffix(".py").replace("/", ".") + ".json")


def _module(module: str, group: str, options: argparse.Namespace) -> dict[str, Any]:
    most = options.most or GROUPS[group].most
    places, mutants = draw(ROOT / module, most, options.seed)
    path, start = result_path(module), time.monotonic()
    if options.survivors:
        result = json.loads(path.read_text())
        before = {survivor["key"] for survivor in result["survived"]}
        mutants = [mutant for mutant in mutants if _key(mutant) in before]
        if len(mutants) != len(before):
            raise SystemExit(f"{module} isn't what it was: its survivors aren't among its mutants")
    else:
        result = {"module": module, "places": places, "seed": options.seed, "drawn": len(mutants),
                  "killed": 0, "timeouts": 0, "unusable": 0}  # fmt: skip
    _check_unchanged(module, mutants, group, options)
    survived = []
    for mutant in mutants:
        outcome = _ask(module, mutant, group, options.tests_s, options.first)
        if outcome == "passed":
            survived.append(_told(mutant))
        else:
            name = {"failed": "killed", "timeout": "timeouts", "unusable": "unusable"}[outcome]
            result[name] += 1
    result["survived"] = survived
    result["first_survived"] = result.get("first_survived", len(survived))
    result["seconds"] = round(result.get("seconds", 0.0) + time.monotonic() - start, 1)
    return result


def _check_unchanged(
    module: str, mutants: list[Mutant], group: str, options: argparse.Namespace
) -> None:
    """Refuse tests that fail without any mutant: each would seem to be killed by them."""
    code = (ROOT / module).read_text()
    done: list[list[list[str]]] = []
    for mutant in mutants[:: max(1, len(mutants) // 3)]:
        asked = chosen.tests_for(module, mutant, group, options.tests_s, options.first)
        if asked in done:
            continue
        done.append(asked)
        outcome = _ask(module, replace(mutant, code=code), group, options.tests_s, options.first)
        if outcome != "passed":
            raise SystemExit(f"{module}: tests {outcome} without a mutant, see {_LOG}")


def _ask(module: str, mutant: Mutant, group: str, limit_s: float, first: str) -> str:
    """Return `passed` where no test dies of it, else how one did."""
    plugins = GROUPS[group].plugins
    asked = chosen.tests_for(module, mutant, group, limit_s, first)  # by the code as it is
    with forked.planted(ROOT / module, mutant.code):
        for tests in filter(None, asked):
            outcome = forked.run(tests, plugins, _STARTING_S + 5 * limit_s, _LOG)
            if outcome != "passed":
                return outcome
    return "passed"


def _key(mutant: Mutant) -> str:
    return f"{mutant.operator} {mutant}"


def _told(mutant: Mutant) -> dict[str, Any]:
    return {"key": _key(mutant), "operator": mutant.operator, "line": mutant.line,
            "before": mutant.before, "after": mutant.after}  # fmt: skip


def _refuse_unsaved(module: str) -> None:
    command = ["git", "status", "--porcelain", "--", module]
    if subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout:
        raise SystemExit(f"{module} has changes that aren't committed; commit or stash them first")
