"""A classifier for streams, and pictures that a toy student answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import sdk


@pytest.fixture(scope="session")
def classifier(toy_path: Path) -> sdk.Classifier:
    return sdk.Classifier(toy_path)
