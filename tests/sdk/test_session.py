"""What becomes of the runtime's outputs: probabilities in double, nothing that isn't finite."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk import FrameError, _kernels

LOGITS = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=12)


@given(logits=LOGITS, scale=st.floats(0.01, 20))
def test_probabilities_are_the_softmax_of_scaled_logits(logits: list[float], scale: float) -> None:
    found = _kernels.softmax(np.array(logits, np.float32), scale)
    assert found is not None
    weights = [math.exp((logit - max(logits)) * scale) for logit in logits]
    np.testing.assert_allclose(found, np.array(weights) / math.fsum(weights), rtol=1e-12)
    assert math.fsum(found) == pytest.approx(1.0, abs=1e-12)
    assert found.index(max(found)) == logits.index(max(logits)) or found.count(max(found)) > 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_logit_that_is_not_finite_has_no_probabilities(bad: float, at: int) -> None:
    logits = np.zeros(4, np.float32)
    assert _kernels.all_finite(logits)
    logits[at] = bad
    assert not _kernels.all_finite(logits)
    assert _kernels.softmax(logits, 1.0) is None


@pytest.mark.parametrize(
    "array",
    [np.zeros(4), np.zeros(0, np.float32), np.zeros((4, 4), np.float32)[:, ::2], [0.0, 1.0]],
    ids=["float64", "empty", "gapped", "list"],
)
def test_only_whole_float32_arrays_are_read(array: object) -> None:
    for call in (_kernels.all_finite, lambda a: _kernels.softmax(a, 1.0)):
        with pytest.raises(FrameError, match="C-contiguous float32"):
            call(array)
