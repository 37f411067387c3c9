"""What became of all mutants, module by module, as docs/results/mutation.json.

`equivalent.toml` says of a mutant that survives why no test could tell it from the code.
"""

from __future__ import annotations

import json
import platform
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .session import RESULTS
from .targets import ROOT

OUT = ROOT / "docs" / "results" / "mutation.json"
_EXPLAINED = Path(__file__).with_name("equivalent.toml")


def write() -> None:
    """Write the record: modules tested in this tree, and those that were recorded before."""
    explained = _explanations()
    fresh = [_module(json.loads(path.read_text()), explained)
             for path in sorted(RESULTS.glob("*.json"))]  # fmt: skip
    modules = _with_earlier(fresh, explained)
    record = {
        "format": 1,
        "how": "python -m tests.mutation, see docs/mutation.md",
        "tool": f"cosmic-ray {version('cosmic-ray')} (its operators), Python "
        f"{platform.python_version()}",
        "total": _total(modules),
        "modules": modules,
    }
    OUT.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(record["total"], indent=1))


def _with_earlier(
    fresh: list[dict[str, Any]], explained: dict[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """Return the fresh results, and of other modules that are still there the recorded ones."""
    of_module = {one["module"]: one for one in json.loads(OUT.read_text())["modules"]}
    for one in of_module.values():
        for survivor in one["survived"]:  # one may have been explained since
            survivor["why"] = explained.get((one["module"], survivor["change"]))
        one["equivalent"] = sum(survivor["why"] is not None for survivor in one["survived"])
        tested = one["drawn"] - one["unusable"]
        one["score_without_equivalent"] = _share(
            tested - len(one["survived"]), tested - one["equivalent"]
        )
    of_module |= {one["module"]: one for one in fresh}
    return [one for name, one in sorted(of_module.items()) if (ROOT / name).exists()]


def _explanations() -> dict[tuple[str, str], str]:
    entries = tomllib.loads(_EXPLAINED.read_text())["mutant"]
    return {(entry["module"], entry["change"]): entry["why"] for entry in entries}


def _module(result: dict[str, Any], explained: dict[tuple[str, str], str]) -> dict[str, Any]:
    survivors = [_survivor(result["module"], one, explained) for one in result["survived"]]
    equivalent = sum(one["why"] is not None for one in survivors)
    tested = result["drawn"] - result["unusable"]
    return {
        "module": result["module"],
        "places": result["places"],
        "seed": result["seed"],
        "drawn": result["drawn"],
        "unusable": result["unusable"],
        "killed_first": tested - result["first_survived"],
        "killed": result["killed"],
        "timeouts": result["timeouts"],
        "equivalent": equivalent,
        "score_first": _share(tested - result["first_survived"], tested),
        "score": _share(tested - len(survivors), tested),
        "score_without_equivalent": _share(tested - len(survivors), tested - equivalent),
        "survived": survivors,
    }


def _survivor(
    module: str, one: dict[str, Any], explained: dict[tuple[str, str], str]
) -> dict[str, Any]:
    change = f"{one['before']} -> {one['after']}"
    return {"line": one["line"], "change": change, "why": explained.get((module, change))}


def _total(modules: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("places", "drawn", "unusable", "killed_first", "killed", "timeouts", "equivalent")
    total = {name: sum(module[name] for module in modules) for name in names}
    tested = total["drawn"] - total["unusable"]
    dead = total["killed"] + total["timeouts"]
    return total | {
        "survived": sum(len(module["survived"]) for module in modules),
        "score_first": _share(total["killed_first"], tested),
        "score": _share(dead, tested),
        "score_without_equivalent": _share(dead, tested - total["equivalent"]),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 1.0
