"""Describe a student."""

from __future__ import annotations

import os
from textwrap import indent
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import _kernels
from ..classifier import Classifier


def describe(classifier: Classifier) -> dict[str, Any]:
    """Return what a student file says about itself, JSON-ready."""
    metadata = classifier.metadata
    return {
        "model_id": classifier.model_id,
        "student_id": metadata.student_id,
        "precision": metadata.precision,
        "file_bytes": classifier.file_bytes,
        "sha256": classifier.sha256,
        "labels": list(metadata.labels),
        "preprocessing": metadata.preprocessing.to_dict(),
        "calibration": metadata.calibration.to_dict(),
        "quality": metadata.quality.to_dict(),
        "known_answers": len(metadata.known_answers.answers),
        "provenance": dict(metadata.provenance),
        "attribution": metadata.attribution,
        "kernel": kernel(),
    }


def kernel() -> dict[str, Any]:
    """Return how pixels are read on this machine: instruction set, fetch policy, and the CPU."""
    facts = _kernels.kernel_facts()
    asked = os.environ.get("SONOGAZE_ISA", "auto") or "auto"  # valid, or no student had loaded
    return {**facts, "isa": facts["isa"] if asked == "auto" else asked}


def print_description(description: dict[str, Any], console: Console) -> None:
    """Print a description as a table."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in description.items():
        # as Text, or a label in square brackets would be taken for markup
        table.add_row(key.replace("_", " "), Text(_plain(value)))
    console.print(table)
    console.print("Verified: bytes unchanged, known answers right on this machine.")


def _plain(value: Any) -> str:
    if value in ({}, []):
        return "none"
    if isinstance(value, dict):
        return "\n".join(f"{key}:{_beside(item)}" for key, item in value.items())
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "\n".join(f"-{indent(_plain(item), '  ')[1:]}" for item in value)
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


def _beside(value: Any) -> str:
    """Return what follows a name: on its line, or indented below where it has parts of its own."""
    text = _plain(value)
    has_parts = "\n" in text or (isinstance(value, dict) and value)
    return "\n" + indent(text, "  ") if has_parts else f" {text}"
