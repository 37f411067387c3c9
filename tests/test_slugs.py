"""Every error is raised with a slug of its own table, and every slug of a table is raised.

Read from the syntax trees of the three packages, so that a slug on a path that no test runs is
held to its table too.
"""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import benchmarks
import export
import sdk
from sdk.errors import SdkError

ROOT = Path(__file__).parents[1]
PACKAGES = (sdk, export, benchmarks)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


@cache
def classes() -> dict[str, type[SdkError]]:
    """Return every error class of the packages by its name."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.rpartition(".")[2] in ("errors", "_errors"):
                importlib.import_module(module.name)
    found: dict[str, type[SdkError]] = {}
    waiting = [SdkError]
    while waiting:
        one = waiting.pop()
        found[one.__name__] = one
        waiting += [c for c in one.__subclasses__() if c.__module__.split(".")[0] != "tests"]
    return found


@cache
def trees() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted(Path(package.__path__[0]).rglob("*.py"))
    }


def _raised(tree: ast.Module) -> Iterator[tuple[type[SdkError], ast.expr, int]]:
    """Yield class, first argument and line of each call that makes an error."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in classes():
            slugs = [k.value for k in node.keywords if k.arg == "slug"]
            for argument in (*node.args[:1], *slugs):
                yield classes()[name], argument, node.lineno


def _strings(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and type(n.value) is str]


def _literals(tree: ast.Module) -> set[str]:
    return {text for text in _strings(tree) if SLUG.fullmatch(text)}


def test_a_slug_that_is_raised_is_in_the_table_of_its_class() -> None:
    wrong = []
    for path, tree in trees().items():
        for error, argument, line in _raised(tree):
            if isinstance(argument, ast.Constant | ast.IfExp):
                missing = [slug for slug in _strings(argument) if slug not in error.slugs]
                wrong += [f"{path.relative_to(ROOT)}:{line}: {slug}" for slug in missing]
    assert wrong == []


def test_slugs_that_are_handed_on_are_named_where_a_table_has_them() -> None:
    """A helper that takes `slug` raises what its callers name: literals of the same module tree."""
    handing = {
        path: {error for error, argument, _ in _raised(tree) if isinstance(argument, ast.Name)}
        for path, tree in trees().items()
    }
    helpers = {path: errors for path, errors in handing.items() if errors}
    assert helpers  # there are such helpers, or this test has nothing to hold
    every = {slug for error in classes().values() for slug in error.slugs}
    names = _helper_names(helpers)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "slug" and isinstance(keyword.value, ast.Constant):
                        assert keyword.value.value in every, (path, node.lineno)
                words = _strings(ast.Tuple([a for a in node.args if isinstance(a, ast.Constant)]))
                helper = ast.unparse(node.func).rpartition(".")[2]
                if helper in names:
                    told = [w for w in words if SLUG.fullmatch(w)]
                    assert set(told) <= every, (path, node.lineno, told)


def _helper_names(helpers: dict[Path, set[type[SdkError]]]) -> set[str]:
    """Return the functions that have a parameter `slug`."""
    return {
        node.name
        for path in helpers
        for node in ast.walk(trees()[path])
        if isinstance(node, ast.FunctionDef)
        and "slug" in {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
    }


def test_every_slug_of_every_table_is_raised_somewhere() -> None:
    sources = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "cpp_ext").rglob("*.[ch]pp"))
    used = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', sources))
    for path, tree in trees().items():
        if path.name != "errors.py":
            used |= _literals(tree)
    assert len(trees()) > 150
    tables = {id(error.slugs): error for error in classes().values()}
    assert len(tables) >= 5  # SDK, export, phantom, gaze, benchmarks
    for error in tables.values():
        assert set(error.slugs) - used == set(), error.__name__


def test_a_caught_error_is_handed_on_under_a_class_that_knows_its_slugs() -> None:
    for path, tree in trees().items():
        for handler in (n for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler)):
            for error, argument, line in _raised(ast.Module(handler.body, [])):
                if ast.unparse(argument) == f"{handler.name}.slug":
                    caught = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)}
                    known = [classes()[name] for name in caught if name in classes()]
                    assert known, (path, line)
                    assert all(set(k.slugs) <= set(error.slugs) for k in known), (path, line)


def test_an_assert_narrows_a_type_and_checks_nothing_that_a_user_gave() -> None:
    """`python -O` drops them."""
    for path, tree in trees().items():
        for node in (n for n in ast.walk(tree) if isinstance(n, ast.Assert)):
            told = ast.unparse(node.test)
            narrows = told.endswith(" is not None") or told.startswith("isinstance(")
            assert narrows, f"{path}:{node.lineno}: {told}"
            assert node.msg is None, f"{path}:{node.lineno}"


@pytest.mark.parametrize("options", [[], ["-O"]])
def test_python_without_asserts_refuses_an_unknown_slug_alike(options: list[str]) -> None:
    code = (
        "from export.errors import ExportError\n"
        "print(ExportError('export-mismatch', 'told').slug)\n"
        "ExportError('not-a-slug', '')"
    )
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "export-mismatch\n"
    assert "AssertionError: unknown slug 'not-a-slug': add it to SLUGS" in done.stderr
