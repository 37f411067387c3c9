"""Sessions of onnxruntime as the SDK makes them, for whoever else runs a model beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdk import runtime
from tests.sdk.toy_student import HEIGHT, LABELS, WIDTH


def test_a_session_runs_in_sequence_without_spinning_on_the_cpu(toy_path: Path) -> None:
    session = runtime.new_session(str(toy_path), runtime.session_options(threads=3))
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.execution_mode == runtime.load().ExecutionMode.ORT_SEQUENTIAL
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.log_severity_level == 4
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_a_session_takes_a_path_or_bytes_and_has_one_thread_unless_asked(toy_path: Path) -> None:
    frame = np.zeros((1, 1, HEIGHT, WIDTH), np.float32)
    logits = []
    for model in (str(toy_path), toy_path.read_bytes()):
        session = runtime.new_session(model)
        assert session.get_session_options().intra_op_num_threads == 1
        logits.append(session.run(["logits"], {"frame": frame})[0])
    assert logits[0].shape == (1, len(LABELS))
    np.testing.assert_array_equal(*logits)


def test_a_model_that_the_runtime_refuses_raises_one_of_its_failures(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(runtime.failures()) as caught:
        runtime.new_session(b"no model")
    assert runtime.failed_inside(caught.value)
    assert capfd.readouterr() == ("", "")
