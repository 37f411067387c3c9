"""What torch's exporter says at every export, known and harmless; all else is still heard."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_REGISTRATION = logging.getLogger("torch.onnx._internal.exporter._registration")


def _matters(record: logging.LogRecord) -> bool:
    # it tries to register torchvision's operators (nms, roi_align, ...): no student has one, and
    # there is no build of torchvision for every torch that is supported here
    return not record.getMessage().startswith("torchvision is not installed")


@contextmanager
def silenced() -> Iterator[None]:
    """Leave them out while an export runs."""
    _REGISTRATION.addFilter(_matters)
    try:
        with warnings.catch_warnings():
            # torch's own call of what torch has deprecated, through copy.deepcopy
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
            yield
    finally:
        _REGISTRATION.removeFilter(_matters)
