"""The gates of a release: each measures one thing, and a student that fails one is refused.

A gate is waived only by its name and with a reason, which `release.json` and the model card then
show.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sdk
from export.errors import ExportError
from export.recipe.refusal import near
from export.sources import is_clean

# of the frames that the commonest label alone would get wrong, at the interval's worse end
MAX_SHARE_OF_GUESSING_ERRORS = 0.5
MIN_RECALL = 0.5
MAX_TEACHER_GAP = 0.01
MAX_INT8_LOSS = 0.005
MAX_ONNX_DIFFERENCE = 1e-3
# a hundred thousand parameters, a graph, and an open-set head, which stays fp32 in both
MAX_BYTES = {"fp32": 450_000, "int8": 240_000}
MAX_CALIBRATION_ERROR = 0.03
_ROUNDING = 1e-9  # 0.96 - 0.95 is 0.010000000000000009

GATES = {
    "teacher-gap": "the student is at most 1 point less accurate than its teacher",
    "int8-loss": "int8 is at most half a point less accurate than fp32",
    "onnx": "ONNX computes what PyTorch computes, to 0.001 of a logit and of the attention",
    "known-answers": "both files load in the SDK on this machine and give their known answers",
    "file-size": f"at most {MAX_BYTES['fp32']:,} bytes (fp32) and {MAX_BYTES['int8']:,} (int8)",
    "calibration": "expected calibration error of at most 3 %, in both precisions, at temperatures "
    "that were fitted on other patients",
    "better-than-guessing": "student (both precisions) and teacher are wrong on at most half as "
    "many frames as always guessing the commonest label would be, at the lower end of the 95 % "
    "interval over patients",
    "every-label": "each label is right on at least half of its frames, in both precisions",
    "sources": "teacher, student and files were made by sources that were committed and unchanged",
}


@dataclass(frozen=True)
class Outcome:
    """How a gate judged; `measured` says by what, `reason` why it was waived, where it was."""

    gate: str
    passed: bool
    measured: str
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as `release.json` holds it."""
        return {
            "asks": GATES[self.gate],
            "gate": self.gate,
            "passed": self.passed,
            "found": self.measured,
            "reason": self.reason,
        }


def sources(made_by: Mapping[str, Sequence[str]]) -> Outcome:
    """Judge which sources made what: `student`, `teacher`, `files`, each by one or several."""
    listed = "; ".join(f"{what} by {', '.join(names)}" for what, names in made_by.items())
    passed = all(is_clean(name) for names in made_by.values() for name in names)
    return Outcome("sources", passed, listed)


def better_than_guessing(scores: Mapping[str, Mapping[str, Any]]) -> Outcome:
    """Judge scores (as `export.evaluation.score` gives) on the same validation frames, by name.

    Intervals at 100 % have a width too, so that a handful of patients proves nothing.
    """
    majority = max(_majority(score) for score in scores.values())
    floor = 1 - MAX_SHARE_OF_GUESSING_ERRORS * (1 - majority)
    lows = {name: score["accuracy_95"][0] for name, score in scores.items()}
    # one label alone leaves nothing to be better at
    passed = majority < 1 and all(low is not None and low >= floor for low in lows.values())
    listed = ", ".join(
        f"{name} {score['accuracy']:.4f} (from {_number(lows[name])})"
        for name, score in scores.items()
    )
    measured = f"validation: {listed}; the commonest label {majority:.4f}, needed {floor:.4f}"
    return Outcome("better-than-guessing", passed, measured)


def every_label(scores: Mapping[str, Mapping[str, Any]]) -> Outcome:
    """Judge the recall of each label on validation; one without a frame there can't be judged."""
    worst, passed = [], True
    for name, score in scores.items():
        recall = dict(score["recall"])
        unknown = [label for label, share in recall.items() if share is None]
        known = {label: share for label, share in recall.items() if share is not None}
        passed = passed and not unknown and all(share >= MIN_RECALL for share in known.values())
        lowest = min(known, key=known.__getitem__, default=None)
        worst.append(
            f"{name}: "
            + (f"{lowest} {known[lowest]:.4f}" if lowest is not None else "nothing to judge by")
            + (f", no frame of {', '.join(unknown)}" if unknown else "")
        )
    return Outcome("every-label", passed, f"validation, the worst: {'; '.join(worst)}")


def _majority(score: Mapping[str, Any]) -> float:
    """Return the share of the commonest label."""
    frames = [sum(row) for row in score["confusion"]]
    return float(max(frames) / sum(frames))


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"


def teacher_gap(student_accuracy: float, teacher_accuracy: float | None) -> Outcome:
    """Compare fp32 student and teacher on the same validation frames; None: it had no teacher."""
    if teacher_accuracy is None:
        return Outcome("teacher-gap", True, "learned without a teacher")
    gap = teacher_accuracy - student_accuracy
    measured = f"validation: student {student_accuracy:.4f}, teacher {teacher_accuracy:.4f}"
    return Outcome("teacher-gap", gap <= MAX_TEACHER_GAP + _ROUNDING, measured)


def int8_loss(fp32_accuracy: float, int8_accuracy: float) -> Outcome:
    """Compare both precisions on the same validation frames."""
    loss = fp32_accuracy - int8_accuracy
    measured = f"validation: fp32 {fp32_accuracy:.4f}, int8 {int8_accuracy:.4f}"
    return Outcome("int8-loss", loss <= MAX_INT8_LOSS + _ROUNDING, measured)


def onnx(logits: float, attention: float) -> Outcome:
    """Judge the largest differences between the exported fp32 network and PyTorch."""
    passed = all(measured <= MAX_ONNX_DIFFERENCE for measured in (logits, attention))  # NaN fails
    return Outcome("onnx", passed, f"logits differ by {logits:.1e}, attention by {attention:.1e}")


def known_answers(files: Mapping[str, bytes]) -> Outcome:
    """Load the very bytes as a cart would: the SDK checks the known answers of each."""
    with tempfile.TemporaryDirectory() as folder:
        for precision, data in files.items():
            path = Path(folder) / f"{precision}.onnx"
            path.write_bytes(data)
            try:
                sdk.Classifier(path)
            except sdk.SdkError as error:
                return Outcome("known-answers", False, f"{precision}: {error.slug}: {error}")
    return Outcome("known-answers", True, f"{' and '.join(files)} load and answer")


def file_size(files: Mapping[str, bytes]) -> Outcome:
    """Compare the files' bytes with what is allowed."""
    passed = all(len(data) <= MAX_BYTES[precision] for precision, data in files.items())
    measured = ", ".join(f"{precision} {len(data):,} bytes" for precision, data in files.items())
    return Outcome("file-size", passed, measured)


def calibration(errors: Mapping[str, float]) -> Outcome:
    """Judge the expected calibration error on validation, by precision."""
    passed = bool(errors) and all(
        error <= MAX_CALIBRATION_ERROR + _ROUNDING for error in errors.values()
    )
    measured = ", ".join(f"{precision} {100 * error:.1f} %" for precision, error in errors.items())
    return Outcome(
        "calibration", passed, f"validation, at temperatures fitted on other patients: {measured}"
    )


def parse_waivers(options: Sequence[str]) -> dict[str, str]:
    """Read `gate=reason` options.

    Raises:
        ExportError: `release-gate-name` for an unknown gate, a doubled one or one without reason.
    """
    reasons: dict[str, str] = {}
    for option in options:
        name, _, reason = option.partition("=")
        name, reason = name.strip(), reason.strip().strip('"').strip()
        if name not in GATES:
            raise ExportError(
                "release-gate-name",
                f"no gate {name!r} to waive{near(name, GATES)}; allowed: {list(GATES)}",
            )
        if not reason:
            raise ExportError(
                "release-gate-name", f"gate {name!r} is waived without a reason: {name}=REASON"
            )
        if name in reasons:
            raise ExportError("release-gate-name", f"gate {name!r} is waived twice")
        reasons[name] = reason
    return reasons


def judge(outcomes: Sequence[Outcome], reasons: Mapping[str, str]) -> list[Outcome]:
    """Return the outcomes, each failed one with the reason for which it is waived.

    Raises:
        ExportError: `release-gate`, naming each gate that failed and is not waived.
    """
    failed = [o for o in outcomes if not o.passed and o.gate not in reasons]
    if failed:
        raise ExportError(
            "release-gate",
            f"failed: {', '.join(o.gate for o in failed)}; nothing was written. --waive-gate "
            "NAME=REASON releases all the same, with the reason in the card",
            [f"{o.gate}: {o.measured}; needed: {GATES[o.gate]}" for o in failed],
        )
    return [
        Outcome(o.gate, o.passed, o.measured, None if o.passed else reasons[o.gate])
        for o in outcomes
    ]
