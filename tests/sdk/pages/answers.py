"""Answers of a stream, made up."""

from __future__ import annotations

import sdk
from sdk.result import Timing
from sdk.stream import StreamResult

LABELS = ("head", "abdomen")


def answer(
    index: int,
    share: float | None = 0.9,
    label: str | None = "head",
    reason: str = "low-confidence",
) -> StreamResult:
    """One frame's answer; without a share it is rejected."""
    decision = sdk.Decision.ACCEPT if label else sdk.Decision.ABSTAIN
    shares = None
    if share is None:
        decision, label = sdk.Decision.REJECT, None
    else:
        shares = dict(zip(LABELS, (share, 1 - share), strict=True))
    reasons = () if label else (reason,)
    own = sdk.Result(
        decision, label, share or 0.0, shares, reasons, None, Timing(1, 1, 1, 1, 4), "m"
    )
    return StreamResult(
        decision,
        label,
        share or 0.0,
        shares,
        reasons,
        (),
        (),
        own,
        index,
        index * 40_000,
        5.0,
        False,
    )
