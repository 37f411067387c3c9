"""All gates on one release: by its scores on validation, its files and its sources."""

from collections.abc import Mapping, Sequence
from typing import Any

from export.release import gates


def outcomes(
    scores: Mapping[str, Mapping[str, Any]],
    teacher: Mapping[str, Any],
    contents: Mapping[str, bytes],
    onnx: gates.Outcome,
    made_by: Mapping[str, Sequence[str]],
) -> list[gates.Outcome]:
    """Let each gate judge; all on validation, none on a guarded part.

    Args:
        scores: `scores[precision][part]`.
        teacher: its scores by part; empty without a teacher.
        contents: the student file by precision.
        onnx: the outcome of that gate, which needs the student in PyTorch.
        made_by: which sources made what.
    """
    students = {precision: scores[precision]["val"] for precision in contents}
    accuracy = {precision: score["accuracy"] for precision, score in students.items()}
    of_teacher = {"teacher": teacher["val"]} if teacher else {}
    return [
        gates.teacher_gap(accuracy["fp32"], teacher["val"]["accuracy"] if teacher else None),
        gates.int8_loss(accuracy["fp32"], accuracy["int8"]),
        onnx,
        gates.known_answers(contents),
        gates.file_size(contents),
        gates.calibration({p: score["ece_cross_fitted"] for p, score in students.items()}),
        gates.better_than_guessing({**students, **of_teacher}),
        gates.every_label(students),
        gates.sources(made_by),
    ]
