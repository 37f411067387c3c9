"""Classify ultrasound frames on the CPU that captured them.

>>> import sdk
>>> result = sdk.classify(frame)  # doctest: +SKIP
"""

import sdk._interpreter  # noqa: F401 - first: it refuses what the others would hang in
from sdk.classifier import Classifier, classify
from sdk.errors import FrameError, ModelError, SdkError, SourceError
from sdk.frame import Frame, PixelFormat, Region
from sdk.result import Decision, Result

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "Decision",
    "Frame",
    "FrameError",
    "ModelError",
    "PixelFormat",
    "Region",
    "Result",
    "SdkError",
    "SourceError",
    "classify",
]
