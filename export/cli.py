"""The `sonogaze-export` command, which needs the extra `train`; without it, says so.

Attributes of `export.commands` are found here too, when they are asked for.
"""

import importlib
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

from sdk.cli.output import results_alone

_OWN = ("export", "sdk")


def version() -> str:
    """Return the installed version of the package; `unknown` for sources that aren't installed."""
    try:
        return installed_version("sonogaze")
    except PackageNotFoundError:
        return "unknown"


def main() -> None:
    """Run the command; without what training needs, one line names the extra."""
    with results_alone("sonogaze-export"):
        _run()


def _run() -> None:
    if sys.argv[1:] == ["--version"]:  # needs no extra
        print(f"sonogaze-export {version()}")
        return
    try:
        app = importlib.import_module("export.commands")
    except ImportError as error:
        missing = (error.name or "").split(".")[0]
        if not missing or missing in _OWN:
            raise
        print(
            f"sonogaze-export: the command needs {missing}: pip install 'sonogaze[train]'"
            + ("" if isinstance(error, ModuleNotFoundError) else f" (again: {error})"),
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    app.main()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module("export.commands"), name)


if __name__ == "__main__":
    main()
