"""How far runtimes and precisions of one model are apart, in logits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.record.types import Difference

#: The reference is the first of these that was measured.
REFERENCES = ("fp32/pytorch", "fp32/onnxruntime")


def differences(logits: Mapping[str, np.ndarray]) -> list[Difference]:
    """Return each subject's distance from its model's reference; of outputs of one shape alone.

    Args:
        logits: float `(n, labels)` by subject name, on the same tensors.
    """
    entries = []
    for name, values in logits.items():
        reference = reference_of(name, logits)
        if reference is None or reference == name:
            continue
        base = logits[reference]
        if base.shape != values.shape:
            continue
        gap = np.abs(values.astype(np.float64) - base.astype(np.float64))
        entries.append(
            Difference(
                subject=name,
                reference=reference,
                frames=len(values),
                max_abs_logit=float(gap.max()),
                mean_abs_logit=float(gap.mean()),
                logit_range=float(np.ptp(base)),
                label_changes=int((values.argmax(1) != base.argmax(1)).sum()),
            )
        )
    return entries


def reference_of(name: str, logits: Mapping[str, np.ndarray]) -> str | None:
    """Return the name of the reference of ``name``'s model, None without one."""
    artefact = name.rsplit("/", 1)[0]
    model = artefact.rsplit("-", 1)[0]
    # a user's file has one precision, with a hyphen in its name perhaps: its own onnxruntime
    candidates = [*(f"{model}-{tail}" for tail in REFERENCES), f"{artefact}/onnxruntime"]
    return next((candidate for candidate in candidates if candidate in logits), None)
