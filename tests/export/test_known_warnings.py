"""An export says nothing that is known and harmless, and all else is still heard."""

import logging
import subprocess
import sys
import warnings

from export.packaging.known_warnings import silenced

LOGGER = "torch.onnx._internal.exporter._registration"
EXPORT = """
import numpy as np, torch
from export.models.student import build_student
from export.packaging.convert import to_onnx
from export.packaging.quantize import quantize
from export.recipe.read import load_recipe
student = build_student(4, load_recipe("smoke").student.network).eval()
quantize(to_onnx(student, 48, 64), np.zeros((2, 1, 48, 64), np.float32))
"""


def test_an_export_to_both_precisions_writes_not_a_line():
    done = subprocess.run(
        [sys.executable, "-c", EXPORT], capture_output=True, text=True, check=True, timeout=300
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_other_warnings_are_still_heard_and_the_filter_is_gone_afterwards(caplog):
    logger = logging.getLogger(LOGGER)
    logger.addHandler(caplog.handler)
    try:
        with warnings.catch_warnings(record=True) as caught, silenced():
            warnings.simplefilter("always")
            logger.warning("torchvision is not installed. Skipping %s", "torchvision::nms")
            logger.warning("an operator is missing")
            warnings.warn("something else", FutureWarning, stacklevel=1)
        logger.warning("torchvision is not installed. Skipping nothing")
    finally:
        logger.removeHandler(caplog.handler)
    heard = {record.getMessage() for record in caplog.records}
    assert heard == {
        "an operator is missing", "torchvision is not installed. Skipping nothing",
    }  # fmt: skip
    assert [str(warning.message) for warning in caught] == ["something else"]
