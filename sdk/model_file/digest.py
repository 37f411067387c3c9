"""The seal of a student file: its last 64 bytes are the SHA-256 of all bytes before them.

The digest is the value of the last metadata entry of the file, so the file stays a plain ONNX
model. Whatever byte changes, the seal breaks. It finds damage, not forgery: whoever can write the
file can seal it again.
"""

from __future__ import annotations

from .._sha256 import sha256_hex
from ..errors import ModelError

DIGEST_KEY = "sonogaze.sha256"
DIGEST_CHARACTERS = 64
# A trailer rather than a field anywhere: what it signs is then one run of bytes, read once.
# ModelProto.metadata_props (field 14, 83 bytes): key (field 1, 15 bytes), value (field 2, 64 bytes)
_HEXADECIMAL = frozenset(b"0123456789abcdef")
_FRAME = b"\x72\x53\x0a\x0f" + DIGEST_KEY.encode() + b"\x12\x40"


def seal(body: bytes) -> bytes:
    """Append the digest entry to a serialised ONNX model that has none.

    Args:
        body: a serialised ModelProto whose last field is `metadata_props` or an earlier one.

    Returns:
        The complete file.
    """
    signed = body + _FRAME
    return signed + _hex_digest(memoryview(signed)).encode("ascii")


def is_sealed(data: bytes) -> bool:
    """Whether the file was sealed once, however damaged: the frame or the digits are left."""
    tail = data[-DIGEST_CHARACTERS:]
    return _has_frame(data) or (len(tail) == DIGEST_CHARACTERS and _HEXADECIMAL.issuperset(tail))


def verify_seal(data: bytes) -> str:
    """Check the digest of a complete file.

    Returns:
        The digest, 64 lower-case hexadecimal characters.

    Raises:
        ModelError: `model-digest-mismatch` when a byte was changed or the file isn't sealed.
    """
    computed = _hex_digest(memoryview(data)[:-DIGEST_CHARACTERS])
    if not _has_frame(data) or data[-DIGEST_CHARACTERS:] != computed.encode("ascii"):
        stated = (
            data[-DIGEST_CHARACTERS:].decode("ascii", "replace") if _has_frame(data) else "none"
        )
        raise ModelError(
            "model-digest-mismatch",
            f"model file: digest {stated[:16]!r}..., the bytes give {computed[:16]!r}...; "
            "the file was changed after it was packaged: copy or package it again",
        )
    return computed


def _has_frame(data: bytes) -> bool:
    return data[-DIGEST_CHARACTERS - len(_FRAME) : -DIGEST_CHARACTERS] == _FRAME


def _hex_digest(data: memoryview) -> str:
    return sha256_hex(data)
