"""How each measurement of streams ends: its record printed, and kept where it is asked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def show(record: Mapping[str, Any], output: Path | None) -> None:
    """Print a record as JSON, and write it to `output` if given."""
    text = json.dumps(record, indent=1)
    if output:
        output.write_text(text + "\n", encoding="utf-8")
    print(text)
