"""A pytest plugin: writes down which test reaches which line, and how long each test takes.

What a fixture reaches counts for every test of the file that asked for it, since pytest runs a
fixture of a module or session for the first of them only.
"""

import json
import os
import time
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[2]


class Recorder:
    def __init__(self, out: Path) -> None:
        self.out = out
        self.seconds: dict[str, float] = {}
        packages = [str(ROOT / "sdk"), str(ROOT / "export")]
        self.coverage = coverage.Coverage(data_file=None, source=packages, config_file=False)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item):  # type: ignore[no-untyped-def]
        self.coverage.switch_context(f"fixtures of {item.nodeid.partition('::')[0]}")
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item):  # type: ignore[no-untyped-def]
        self.coverage.switch_context(item.nodeid)
        start = time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.monotonic() - start
            self.coverage.switch_context("between tests")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome != "passed":  # a test that doesn't pass kills nothing
            self.seconds.pop(report.nodeid, None)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        tests = sorted(self.seconds)
        numbers = {name: number for number, name in enumerate(tests)}
        of_file: dict[str, list[int]] = {}
        for name in tests:
            of_file.setdefault(name.partition("::")[0], []).append(numbers[name])
        lines = {
            os.path.relpath(path, ROOT): {
                line: _numbers(contexts, numbers, of_file)
                for line, contexts in data.contexts_by_lineno(path).items()
            }
            for path in data.measured_files()
            if path.endswith(".py")  # and not a template, whose lines coverage knows as well
        }
        record = {"tests": [[name, round(self.seconds[name], 4)] for name in tests], "lines": lines}
        self.out.write_text(json.dumps(record, separators=(",", ":")))


def _numbers(
    contexts: list[str], numbers: dict[str, int], of_file: dict[str, list[int]]
) -> list[int]:
    reached = {numbers[name] for name in contexts if name in numbers}
    for name in contexts:
        reached.update(of_file.get(name.removeprefix("fixtures of "), ()))
    return sorted(reached)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reach", type=Path, help="where to write it, JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(config.getoption("--reach")))
