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
    from .region import find_region
    from .result import Decision, Result
else:
    from importlib import import_module

    import_module("sonogaze._alias").add(__name__)


def __getattr__(name: str) -> object:
    # its readers take long to import, so not before somebody opens a file
    if name == "sources":
        from importlib import import_module

        return import_module(f"{__name__}.sources")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
    "find_region",
]
