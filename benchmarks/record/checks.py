"""What a typed value refuses to hold: ValueError, which a reader of JSON reports with its path."""

from __future__ import annotations

import re


def require(holds: bool, text: str) -> None:
    """Refuse what does not hold.

    Raises:
        ValueError: with this text.
    """
    if not holds:
        raise ValueError(text)


def check_sha256(value: str | None) -> None:
    """Refuse a digest that is none.

    Raises:
        ValueError: not 64 hexadecimal digits.
    """
    if value is not None and not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError(f"sha256 {value[:80]!r}: must be 64 hexadecimal digits")
