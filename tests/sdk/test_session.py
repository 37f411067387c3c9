"""What becomes of the runtime's outputs: probabilities in double, nothing that isn't finite."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

import sdk
from sdk import ModelError, _lifetime
from sdk.model_file.known_answers import pattern_frame
from sdk.session import Session

FRAME = pattern_frame("ring", 200, 150)


class Tampered:
    """A session of onnxruntime, one of whose methods is another."""

    def __init__(self, session: Any, **methods: Callable[..., Any]) -> None:
        self._session = session
        vars(self).update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def raising(error: Exception) -> Callable[..., Any]:
    def method(*_: Any) -> Any:
        raise error

    return method


def test_a_session_is_quiet_alone_and_does_not_spin(toy_path: Path) -> None:
    options = sdk.Classifier(toy_path)._session._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    assert options.log_severity_level == 4


def test_a_failing_inference_is_a_model_error_that_names_the_runtime(toy_path: Path) -> None:
    classifier = sdk.Classifier(toy_path)
    slot = classifier._session.free[0]
    slot.binding.bind_output("logits", "cpu", 0, np.float32, (1, 3), slot.logits.ctypes.data)
    with pytest.raises(ModelError, match=f"onnxruntime {onnxruntime.__version__}") as caught:
        classifier.classify(FRAME)
    assert caught.value.slug == "model-not-runnable"
    assert classifier.model_id in str(caught.value)


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyError("mine")])
def test_what_a_signal_handler_raises_during_an_inference_stays_what_it_is(
    toy_path: Path, error: Exception
) -> None:
    classifier = sdk.Classifier(toy_path)
    slot = classifier._session.free[0]
    slot.run = raising(error)
    with pytest.raises(type(error), match="mine"):
        classifier.classify(FRAME)


def loaded_with(path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]) -> None:
    """Open a student whose session answers `run(outputs)` when it chooses its own shapes."""
    start = Session._start

    def started(self: Session) -> Any:
        session = start(self)
        return Tampered(session, run=lambda *given: run(session.run(*given)))

    monkeypatch.setattr(Session, "_start", started)
    sdk.Classifier(path)


@pytest.mark.parametrize(
    ("run", "slug", "match"),
    [
        (raising(Fail("broken")), "model-not-runnable", "broken"),
        (lambda out: [out[0][:, :3], out[1]], "model-signature-mismatch", r"\(1, 3\).*\(1, 4\)"),
        (lambda out: [out[0], out[1][:, 1:]], "model-signature-mismatch", "have shapes"),
        (lambda out: [out[0], out[1] * 1.5], "model-output-invalid", "a sum of 1.5"),
        (lambda out: [out[0], out[1] * np.nan], "model-output-invalid", "'attention' holds NaN"),
    ],
    ids=["fails", "fewer logits", "a smaller map", "attention of 1.5", "attention of NaN"],
)
def test_a_student_whose_outputs_are_not_its_own_is_refused_when_it_is_loaded(
    toy_path: Path, monkeypatch: pytest.MonkeyPatch, run: Any, slug: str, match: str
) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        loaded_with(toy_path, monkeypatch, run)
    assert caught.value.slug == slug


def test_what_a_signal_handler_raises_during_a_load_stays_what_it_is(
    toy_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match="mine") as caught:
        loaded_with(toy_path, monkeypatch, raising(RuntimeError("mine")))
    assert not isinstance(caught.value, ModelError)


def test_what_a_parent_made_is_left_alone_after_a_fork(toy_path: Path) -> None:
    classifier = sdk.Classifier(toy_path)
    before = classifier.classify(FRAME)
    session = classifier._session
    of_the_parent = session._session
    session.forget()
    assert session.free == []
    assert classifier.classify(FRAME).probabilities == before.probabilities
    assert session.free[0].session is session._session is not of_the_parent


def test_the_end_waits_for_slots_in_use_and_for_nothing_else(toy_path: Path) -> None:
    free, taken = (sdk.Classifier(toy_path)._session for _ in range(2))
    slot = taken.free.pop()
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        start = time.monotonic()
        free.stop(start + 20)
        assert time.monotonic() - start < 10, "nobody was in a call"
        start = time.monotonic()
        taken.stop(start + 0.2)
        assert time.monotonic() - start >= 0.2, "a call was in progress until the deadline"
    finally:
        done.set()
        other.join()
    for session in (free, taken):
        session.free.append(slot)
        with pytest.raises(IndexError):
            session.free.pop()


def test_a_slot_that_is_made_while_the_interpreter_ends_is_not_waited_for(
    toy_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sdk.Classifier(toy_path)._session
    before = len(session._slots)
    monkeypatch.setattr(_lifetime, "end_begun_elsewhere", lambda: True)
    monkeypatch.setattr(_lifetime, "stop_here_at_the_end", raising(InterruptedError()))
    with pytest.raises(InterruptedError):
        session.slot()
    assert len(session._slots) == before
