"""What the markers of JPEG and JPEG 2000 codestreams say, before any decoder sees them.

Every reader of such data walks it here, and lays its own policy on top: which processes, sizes and
colours it takes, and which of its errors a damaged codestream becomes.
"""

from __future__ import annotations


class Damaged(Exception):
    """A codestream that breaks its own format; the text says how."""


class Cut(Damaged):
    """A codestream that ends early."""


def word(data: bytes | memoryview, at: int) -> int:
    """Return the two bytes at `at`, high byte first, or -1 where the data ends before them."""
    return data[at] << 8 | data[at + 1] if at + 2 <= len(data) else -1
