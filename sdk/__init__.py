"""Classify ultrasound frames on the CPU that captured them.

>>> import sdk
>>> result = sdk.classify(frame)  # doctest: +SKIP
"""

__version__ = "0.1.0"

if __name__ == "sonogaze":
    from . import _interpreter  # noqa: F401 - first: it refuses what the others would hang in
    from .classifier import Classifier, classify
    from .errors import FrameError, ModelError, SdkError, SourceError
    from .frame import Frame, PixelFormat, Region
    from .result import Decision, Result
else:
    from importlib import import_module

    import_module("sonogaze._alias").add(__name__)

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
