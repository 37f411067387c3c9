"""The `sonogaze-bench` command: `benchmarks.commands`, or how to get what it needs.

A plain wheel has none of the libraries that measuring takes, so nothing but the standard library
and the SDK is imported here.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from sdk.cli.output import results_alone

_OWN = ("sdk", "sonogaze", "export", "benchmarks")
_EXIT_ERROR = 3


def main() -> None:
    """Run the command; where a library is missing, name it and the extra that brings it."""
    with results_alone("sonogaze-bench"):
        _run()


def _run() -> NoReturn:
    try:
        from benchmarks.commands import app, guarded

        guarded(app)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in _OWN:
            raise
        print(
            f"sonogaze-bench: this needs {package}: pip install 'sonogaze-tools[bench]'",
            file=sys.stderr,
        )
        raise SystemExit(_EXIT_ERROR) from None


if __name__ == "__main__":
    main()
