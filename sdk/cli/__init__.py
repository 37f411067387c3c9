"""The `sonogaze` command."""

from __future__ import annotations

import sys
from typing import Any

from .output import results_alone


def main() -> None:
    """Run the command, or say how to install what it needs."""
    with results_alone("sonogaze"):
        _app()()


def _app() -> Any:
    try:
        from .app import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "click"):
            raise
        print(
            f"sonogaze: the command needs {error.name}: pip install 'sonogaze[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    return app
