"""Which compiled kernel the SDK runs in this process."""

from __future__ import annotations

import numpy as np


def isa_in_use() -> str:
    """Return the instruction set of a plan made now, as the SDK makes its own.

    Raises:
        SdkError: `isa-unavailable`, `SONOGAZE_ISA` names one that this machine lacks.
    """
    from sdk import Frame
    from sdk.preprocess import Preprocessing

    frame = Frame.from_array(np.zeros((16, 16), np.uint8))
    plan, _ = Preprocessing(16, 16)._prepare(frame)
    return plan.isa


def available_isas() -> list[str]:
    """Return the instruction sets that the compiled kernels can use here, the best first."""
    from sdk import _kernels

    return _kernels.available_isas()
