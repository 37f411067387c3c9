"""SHA-256 without OpenSSL, which `hashlib` loads with it: 3.5 MB that nothing else here needs."""

from __future__ import annotations

from typing import Any

__all__ = ["sha256_hex"]


def _implementation() -> Any:
    """Return Python's own SHA-256; that of `hashlib` where it was built without."""
    for name in ("_sha2", "_sha256"):  # from Python 3.12 on, and before
        try:
            return __import__(name).sha256
        except ImportError:
            continue
    import hashlib

    return hashlib.sha256


_sha256 = _implementation()


def sha256_hex(data: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes as `sha256sum` prints it."""
    return str(_sha256(data).hexdigest())
