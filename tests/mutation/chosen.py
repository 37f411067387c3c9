"""Which tests are asked about a mutant: those that reach its lines, the quickest first."""

from __future__ import annotations

import ast
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from .mutants import Mutant
from .targets import GROUPS, ROOT, unseen


def reach_path(group: str) -> Path:
    """Return where a group's table of lines and tests is kept."""
    return ROOT / "build" / "mutation" / f"reach-{group}.json"


def renew(path: Path, fresh: Path, files: set[str]) -> None:
    """Put what some test files reach now in the place of what they reached."""
    old, new = json.loads(path.read_text()), json.loads(fresh.read_text())
    kept = [at for at, (name, _) in enumerate(old["tests"]) if _file(name) not in files]
    moved = {at: number for number, at in enumerate(kept)}
    tests = [old["tests"][at] for at in kept] + new["tests"]
    lines = {
        module: {
            line: [moved[at] for at in old["lines"].get(module, {}).get(line, ()) if at in moved]
            + [len(kept) + at for at in new["lines"].get(module, {}).get(line, ())]
            for line in {**old["lines"].get(module, {}), **new["lines"].get(module, {})}
        }
        for module in {**old["lines"], **new["lines"]}
    }
    path.write_text(json.dumps({"tests": tests, "lines": lines}, separators=(",", ":")))
    fresh.unlink()


@cache
def _table(group: str) -> dict[str, Any]:
    path = reach_path(group)
    if not path.exists():
        raise SystemExit(f"{path} is missing: python -m tests.mutation reach {group}")
    return json.loads(path.read_text())


def tests_for(
    module: str, mutant: Mutant, group: str, limit_s: float, first: str
) -> list[list[str]]:
    """Return test ids to ask in turn, which together took up to `limit_s`.

    First come those of the one file that is likeliest to kill it, so that the others needn't even
    be imported: `first`, the file named after the module, or the one with most tests there.
    """
    table = _table(group)
    if unseen(group, module):
        reached = _of_files(table, GROUPS[group].starting)
    else:
        reached = _reached(module, mutant, group)
    tests = _quickest([table["tests"][number] for number in reached], limit_s)
    if not tests:
        return []
    counts = Counter(map(_file, tests))
    named = f"test_{Path(module).stem}.py"
    if first not in counts:
        first = max(counts, key=lambda file: (file.endswith(named), counts[file]))
    return [
        [test for test in tests if _file(test) == first],
        sorted((test for test in tests if _file(test) != first), key=_file),
    ]


def _reached(module: str, mutant: Mutant, group: str) -> set[int]:
    table = _table(group)
    lines: dict[str, list[int]] = table["lines"].get(module, {})
    reached: set[int] = set()
    for line in range(mutant.line, mutant.last_line + 1):
        reached.update(lines.get(str(line), ()))
    if not reached:  # runs at import: whoever reaches the lines that use its names
        for user, line in _users(module, mutant, tuple(table["lines"])):
            reached.update(table["lines"][user].get(str(line), ()))
        reached |= _of_files(table, (f"test_{Path(module).stem}.py", *GROUPS[group].at_import))
    if not reached:
        reached.update(*lines.values())
    return reached


def _of_files(table: dict[str, Any], ends: tuple[str, ...]) -> set[int]:
    return {at for at, (name, _) in enumerate(table["tests"]) if _file(name).endswith(ends)}


def _file(test: str) -> str:
    return test.partition("::")[0]


def _quickest(tests: list[list[Any]], limit_s: float) -> list[str]:
    kept: list[str] = []
    left = limit_s
    for name, seconds in sorted(tests, key=lambda test: test[1]):
        left -= seconds + 0.002
        if left < 0 and kept:
            break
        kept.append(name)
    return kept


def _users(module: str, mutant: Mutant, modules: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return modules and lines that name what the mutant's lines define, or what is made of it."""
    nodes = list(ast.walk(_tree(module)))
    names = {
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and min(part.lineno for part in (node, *node.decorator_list)) <= mutant.last_line
        and mutant.line <= node.lineno
    }
    constants = [
        node for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
    ]
    for node in constants:
        if node.lineno <= mutant.last_line and mutant.line <= (node.end_lineno or node.lineno):
            names |= _targets(node)
    for _ in constants:  # of one constant others are made, in turn
        for node in constants:
            if node in _tree(module).body and node.value and _names(node.value) & names:
                names |= _targets(node)
    return [
        (user, node.lineno)
        for user in modules
        for node in ast.walk(_tree(user))
        if (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr in names)
    ]


def _targets(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return set().union(*map(_names, targets))


def _names(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text())
