"""SHA-256 is hashlib's, without what hashlib loads."""

from __future__ import annotations

import hashlib

import pytest

from sdk._sha256 import sha256_hex
from tests.sdk.processes import ran


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 1000, 100_000])
def test_a_digest_is_that_of_hashlib(size: int) -> None:
    data = bytes(index * 7 % 251 for index in range(size))
    assert sha256_hex(data) == hashlib.sha256(data).hexdigest()


def test_a_python_without_its_own_takes_hashlibs() -> None:
    code = """
    import importlib, sdk._sha256
    sys.modules["_sha2"] = sys.modules["_sha256"] = None
    again = importlib.reload(sdk._sha256)
    print(again.sha256_hex(b"abc")[:8], "hashlib" in sys.modules)
    """
    assert ran(code) == "ba7816bf True\n"


def test_classifying_does_not_load_openssl() -> None:
    code = """
    print(sdk.classify(FRAME).decision)
    import subprocess
    child = ("import sys, numpy, onnxruntime, pathlib; before = set(sys.modules); import sdk;"
             "sdk.classify(numpy.zeros((60, 80), numpy.uint8));"
             "print(sorted({'_hashlib', 'hashlib'} & (set(sys.modules) - before)))")
    print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout)
    """
    assert ran(code) == "abstain\n[]\n\n"
