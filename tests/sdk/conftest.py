"""Fixtures for the SDK: toy student files on disk, and a toy in place of the default student."""

from __future__ import annotations

from pathlib import Path

import pytest

import sdk.classifier
import sdk.precision
from tests.sdk.toy_student import toy_student


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toys")
    for precision in ("fp32", "int8"):
        (folder / f"default-{precision}.onnx").write_bytes(toy_student(precision))
    return folder


@pytest.fixture(scope="session")
def toy_path(toy_folder: Path) -> Path:
    return toy_folder / "default-fp32.onnx"


@pytest.fixture(scope="session")
def toy_int8_path(toy_folder: Path) -> Path:
    return toy_folder / "default-int8.onnx"


@pytest.fixture
def toy_as_default(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sdk.precision, "_MODELS", toy_folder)
    monkeypatch.setattr(sdk.classifier, "_default", None)
    return toy_folder
