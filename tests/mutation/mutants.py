"""Drawing mutants: Cosmic Ray's operators, and one that leaves a statement out.

Each place in the code that operators of one kind may change gives one mutant, with a replacement
drawn by the seed: all eleven replacements of one plus sign would tell little more than one does.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

# they need arguments: names to put in the place of others
_WITH_ARGUMENTS = {"VariableReplacer", "VariableInserter"}


class LeaveOut(Operator):
    """Leave out a call, a `raise`, or an assignment to anything but a plain name."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "simple_stmt" and _does_something(node.children[0]):
            yield node.start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        first = node.get_first_leaf()
        code = f"{first.prefix}pass{node.get_last_leaf().get_code()}"
        return parso.parse(code).children[0]

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


def _does_something(statement: Any) -> bool:
    if statement.type in ("atom_expr", "power", "raise_stmt"):
        return True
    if statement.type != "expr_stmt":
        return False
    target, sign = statement.children[:2]
    return target.type in ("atom_expr", "power") or (sign.type == "operator" and sign.value != "=")


@dataclass(frozen=True)
class Mutant:
    """One small change of a file.

    Attributes:
        operator: its name; where it comes from, see above.
        line, last_line: of the place that is changed, from 1, before the change.
        before, after: the changed lines without their indentation.
        code: the whole changed file.
    """

    operator: str
    line: int
    last_line: int
    before: str
    after: str
    code: str

    def __str__(self) -> str:
        return f"{self.line}: {self.before} -> {self.after}"


def draw(path: Path, count: int, seed: int = 0) -> tuple[int, list[Mutant]]:
    """Return how many places of a file may be changed, and at most `count` mutants of as many."""
    source = path.read_text()
    rng = random.Random(f"{seed} {path.name}")
    places = _places(source)
    chosen = rng.sample(sorted(places), len(places))
    mutants: list[Mutant] = []
    for place in chosen:
        operators = places[place]
        name, occurrence = operators[rng.randrange(len(operators))]
        mutant = _made(source, place, name, occurrence)
        if mutant is not None:
            mutants.append(mutant)
        if len(mutants) == count:
            break
    return len(places), sorted(mutants, key=lambda mutant: mutant.line)


def _operators() -> dict[str, type[Operator]]:
    provider = OperatorProvider()
    named = {name: provider[name] for name in provider if name not in _WITH_ARGUMENTS}
    return {**named, "LeaveOut": LeaveOut}


def _places(source: str) -> dict[tuple[Any, ...], list[tuple[str, int]]]:
    """Return (start, end, kind) of each place, and the operators and occurrences that change it."""
    tree = parso.parse(source)
    nodes = [(node, _is_code(node)) for node in ast_nodes(tree)]
    places: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for name, operator in _operators().items():
        kind = name.split("_")[0]
        occurrence = 0
        for node, is_code in nodes:
            for start, end in operator().mutation_positions(node):
                if is_code:
                    places.setdefault((*start, *end, kind), []).append((name, occurrence))
                occurrence += 1
    return places


def _is_code(node: Any) -> bool:
    """Whether a node runs: annotations don't, nor what stands there for type checkers alone."""
    child, parent = node, node.parent
    if node.type == "if_stmt" and "TYPE_CHECKING" in node.children[1].get_code():
        return False
    while parent is not None:
        if parent.type == "annassign" and child is parent.children[1]:
            return False
        if parent.type == "tfpdef" and child is not parent.children[0]:
            return False
        if parent.type == "funcdef" and child is parent.annotation:
            return False
        if parent.type == "if_stmt" and "TYPE_CHECKING" in parent.children[1].get_code():
            return False
        child, parent = parent, parent.parent
    return True


def _made(source: str, place: tuple[Any, ...], name: str, occurrence: int) -> Mutant | None:
    try:
        code = mutate_code(source, _operators()[name](), occurrence)
        if code is None or ast.dump(ast.parse(code)) == ast.dump(ast.parse(source)):
            return None
        compile(code, "mutant", "exec", dont_inherit=True)
        if "not not " in code:  # the same as leaving `not` out, which another operator does
            return None
    # a loop's word outside a loop; an exception's name that isn't one word
    except (SyntaxError, AttributeError):
        return None
    before, after = source.splitlines(), code.splitlines()
    first, last = place[0], place[2]
    longer = len(after) - len(before)
    changed = before[first - 1 : last], after[first - 1 : last + longer]
    return Mutant(name, first, last, _shown(changed[0]), _shown(changed[1]), code)


def _shown(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
