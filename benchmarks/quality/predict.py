"""In a fresh process: what a student says of each labelled frame."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Job = dict[str, Any]


def run(job: Job) -> dict[str, Any]:
    """Return logits of every frame and the SDK's own decision and probabilities.

    The job's ``frames`` names a JSON file with a list of paths. Logits come from the same bytes in
    a bare session: the SDK gives none for a frame that it rejects, and accuracy counts all.
    """
    import sdk
    from benchmarks.frames import read_grey
    from benchmarks.subjects.runtimes import onnxruntime_infer
    from benchmarks.subjects.spec import Subject

    subject = Subject.from_dict(job["subject"])
    classifier = sdk.Classifier(subject.path)
    infer = onnxruntime_infer(subject, 1)
    found: dict[str, Any] = {"labels": list(classifier.labels), "logits": []}
    found |= {"decisions": [], "probabilities": []}
    preprocessing = classifier.metadata.preprocessing
    for path in json.loads(Path(job["frames"]).read_text()):
        frame = sdk.Frame.from_array(read_grey(path))
        result = classifier.classify(frame)
        found["logits"].append(_short(infer(preprocessing.tensor(frame))[0].tolist()))
        found["decisions"].append(str(result.decision))
        found["probabilities"].append(
            None if result.probabilities is None else _short(result.probabilities.values())
        )
    found["temperature"] = classifier.metadata.calibration.temperature
    return found


def _short(values: Iterable[float]) -> list[float]:
    """Return values to a millionth, so that a committed record stays small."""
    return [round(value, 6) for value in values]
