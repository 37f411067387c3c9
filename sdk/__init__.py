"""Classify ultrasound frames on the CPU that captured them.

>>> import sdk
>>> result = sdk.classify(frame)  # doctest: +SKIP
"""

from . import _interpreter  # noqa: F401 - first: it refuses what the others would hang in
from .classifier import Classifier, classify
from .errors import FrameError, ModelError, SdkError, SourceError
from .frame import Frame, PixelFormat, Region
from .result import Decision, Result

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
