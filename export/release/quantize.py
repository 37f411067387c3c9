"""Student files that no gate has judged, to try out; compared with PyTorch."""

from pathlib import Path
from typing import Any

import numpy as np

from export.distill.pipeline import distill
from export.files import write_all
from export.models.student import student_logits
from export.packaging.convert import run_onnx
from export.release.files import StudentFiles
from export.release.provenance import research_only
from export.workspace import StudentRun

UNJUDGED = {"gates": "none was judged: made by `sonogaze-export quantize`, not a release"}


def quantize(run: StudentRun) -> dict[str, Any]:
    """Write a student as files of both precisions that the SDK runs; compare them with PyTorch.

    No gate is judged, and the files say so in their provenance; `release` judges.

    Raises:
        ExportError: `weights-missing` or `weights-hash` where the student's teacher is not there.
    """
    _ = run.workspace.parts  # data without validation are refused before anything is trained
    licence = research_only(run)
    more = {**UNJUDGED, **({"research_only": licence} if licence else {})}
    files = StudentFiles.of(run, distill(run), more)
    expected = student_logits(files.student, files.inputs)
    report: dict[str, Any] = {"torch": {"val_accuracy": _accuracy(expected, files.truth)}}
    for precision, data in files.contents.items():
        logits, _ = run_onnx(data, files.inputs)
        report[precision] = {
            "file": str(run.workspace.folder / f"student-{run.objective}-{precision}.onnx"),
            "val_accuracy": _accuracy(logits, files.truth),
            "same_label_as_torch": float((logits.argmax(1) == expected.argmax(1)).mean()),
            "largest_logit_difference": float(np.abs(logits - expected).max()),
            "bytes": len(data),
        }
    write_all({Path(report[p]["file"]): data for p, data in files.contents.items()})
    return report


def _accuracy(logits: np.ndarray, truth: np.ndarray) -> float:
    return float((logits.argmax(axis=1) == truth).mean())
