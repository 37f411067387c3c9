"""The `sonogaze-export` command, which needs the extra `train`; without it, says so."""

import importlib
import sys

from sdk import __version__
from sdk.cli.output import results_alone

_OWN = ("export", "sdk")


def main() -> None:
    """Run the command; without what training needs, one line names the extra."""
    with results_alone("sonogaze-export"):
        _run()


def _run() -> None:
    if sys.argv[1:] == ["--version"]:  # needs no extra
        print(f"sonogaze-export {__version__}")
        return
    try:
        app = importlib.import_module("export.commands")
    except ImportError as error:
        missing = (error.name or "").split(".")[0]
        if not missing or missing in _OWN:
            raise
        print(
            f"sonogaze-export: the command needs {missing}: pip install 'sonogaze-tools[train]'"
            + ("" if isinstance(error, ModuleNotFoundError) else f" (again: {error})"),
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    app.main()


if __name__ == "__main__":
    main()
