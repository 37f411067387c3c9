"""In a fresh process: a student's outputs for each labelled frame."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.record.outcomes import Predictions
from benchmarks.worker_input import WorkerInput


def run(given: WorkerInput) -> Predictions:
    """Return logits of every frame and the SDK's own decision and probabilities.

    ``given.images`` names a JSON file with a list of paths. Logits come from the same bytes in a
    bare session: the SDK gives none for a frame that it rejects, and accuracy counts all.
    """
    import sdk
    from benchmarks.frames import read_grey
    from benchmarks.subjects.runtimes import onnxruntime_infer

    classifier = sdk.Classifier(given.measured.path)
    infer = onnxruntime_infer(given.measured, 1)
    metadata = classifier.metadata
    outputs = Predictions(list(classifier.labels), [], [], [], metadata.calibration.temperature)
    for path in json.loads(Path(given.images).read_text()):
        frame = sdk.Frame.from_array(read_grey(path))
        result = classifier.classify(frame)
        outputs.logits.append(_short(infer(metadata.preprocessing.tensor(frame))[0].tolist()))
        outputs.decisions.append(str(result.decision))
        probabilities = result.probabilities
        outputs.probabilities.append(
            None if probabilities is None else _short(probabilities.values())
        )
    return outputs


def _short(values: Iterable[float]) -> list[float]:
    """Return values to a millionth, so that a committed record stays small."""
    return [round(value, 6) for value in values]
