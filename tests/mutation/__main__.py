"""Plant mutants in modules and count those that tests kill.

    python -m tests.mutation reach runtime          which test reaches which line (run does it once)
    python -m tests.mutation run sdk/classifier.py  one module; --survivors: those alone again
    python -m tests.mutation record                 docs/results/mutation.json of what was run

The file under test is changed where it lies and put back: run it in a clone of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from . import chosen, record, session
from .targets import GROUPS, ROOT, group_of


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    reach = commands.add_parser("reach")
    reach.add_argument("group", choices=list(GROUPS))
    reach.add_argument("files", nargs="*", help="test files that changed; all without")
    run = commands.add_parser("run")
    run.add_argument("modules", nargs="+")
    run.add_argument("--most", type=int, help="mutants of a module")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--survivors", action="store_true", help="only those that survived before")
    run.add_argument("--tests-s", type=float, default=5.0, help="of tests asked about one mutant")
    run.add_argument("--first", default="", help="test file that is asked first")
    commands.add_parser("record")
    options = parser.parse_args()
    if options.command == "reach":
        sys.exit(_reach(options.group, options.files))
    if options.command == "record":
        record.write()
        return
    groups = {group_of(module) for module in options.modules}
    if len(groups) != 1:
        parser.error(f"modules of {sorted(groups)}: name those of one group at a time")
    group = groups.pop()
    if not chosen.reach_path(group).exists():
        _reach(group, [])
    session.run(group, options)


def _reach(name: str, files: list[str]) -> int:
    group, out = GROUPS[name], chosen.reach_path(name)
    out.parent.mkdir(parents=True, exist_ok=True)
    plugins = [word for plugin in group.plugins for word in ("-p", plugin)]
    fresh = out.with_suffix(".new") if files else out
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        *plugins,
        "-p",
        "tests.mutation.reach",
        "--reach",
        str(fresh),
        *(files or group.test_files()),
    ]
    # test files are compiled once, not for each mutant
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    code = subprocess.run(command, cwd=ROOT, env=surroundings).returncode
    if files:
        chosen.renew(out, fresh, set(files))
    return 0 if code in (0, 1) else code  # a test that fails here is asked about nothing


if __name__ == "__main__":
    main()
