"""The `sonogaze` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; without typer and rich, say how to get them."""
    try:
        from sdk.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "click"):
            raise
        print(
            f"sonogaze: the command needs {error.name}: pip install 'sonogaze[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    app()


if __name__ == "__main__":
    main()
