"""`Classifier` and `classify`: the same answer from any thread, typed errors, no state between."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import sdk
import sdk.precision
from export.packaging.packaging import package
from sdk import Decision, FrameError, ModelError
from sdk.model_file.known_answers import pattern_frame
from sdk.preprocess import Preprocessing
from tests.sdk.toy_student import CARD, LABELS, toy_int8_model, toy_model


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    return [pattern_frame("ring", 200 + 7 * i, 150 + 3 * i) for i in range(8)]


@pytest.fixture(scope="module")
def classifier(toy_path: Path) -> sdk.Classifier:
    return sdk.Classifier(toy_path)


def with_thresholds(tmp_path: Path, threshold: float) -> sdk.Classifier:
    path = tmp_path / "thresholds.onnx"
    card = replace(CARD, abstain_below=dict.fromkeys(LABELS, threshold))
    path.write_bytes(package(toy_model(), card))
    return sdk.Classifier(path)


def test_probabilities_are_the_softmax_of_the_logits_over_the_temperature(
    classifier: sdk.Classifier, toy_path: Path, frames: list[np.ndarray]
) -> None:
    plain = onnxruntime.InferenceSession(toy_path, providers=["CPUExecutionProvider"])
    for frame in frames:
        tensor = CARD.preprocessing.tensor(frame)
        logits, attention = plain.run(None, {"frame": tensor})
        scaled = logits[0].astype(np.float64) / CARD.temperature
        expected = np.exp(scaled - scaled.max())
        expected /= expected.sum()
        result = classifier.classify(frame)
        assert result.probabilities is not None
        assert list(result.probabilities) == list(LABELS)
        np.testing.assert_allclose(list(result.probabilities.values()), expected, rtol=1e-6)
        assert result.confidence == max(result.probabilities.values())
        np.testing.assert_allclose(result.attention, attention[0], rtol=1e-6)


def test_a_frame_and_its_array_give_the_same_bits(
    classifier: sdk.Classifier, frames: list[np.ndarray]
) -> None:
    frame = sdk.Frame(frames[0].tobytes(), width=200, height=150, format="GRAY8")
    by_frame, by_array = classifier.classify(frame), classifier.classify(frames[0])
    assert by_frame.probabilities == by_array.probabilities


def test_many_threads_get_what_one_thread_gets(
    classifier: sdk.Classifier, frames: list[np.ndarray]
) -> None:
    alone = [classifier.classify(frame).probabilities for frame in frames]
    start = threading.Barrier(8)

    def work(offset: int) -> None:
        start.wait()
        for step in range(40):
            at = (offset + step) % len(frames)
            assert classifier.classify(frames[at]).probabilities == alone[at]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(classifier._session.free) <= 8, "one slot a simultaneous call, no more"


def test_a_bad_frame_leaves_nothing_behind(
    classifier: sdk.Classifier, frames: list[np.ndarray]
) -> None:
    before = classifier.classify(frames[0]).probabilities
    slots = len(classifier._session.free)
    for bad in (np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(5), None):
        with pytest.raises(FrameError):
            classifier.classify(bad)  # type: ignore[arg-type]
    assert len(classifier._session.free) == slots
    assert classifier.classify(frames[0]).probabilities == before


def test_a_label_is_withheld_below_its_threshold(
    tmp_path: Path, frames: list[np.ndarray], classifier: sdk.Classifier
) -> None:
    sure = classifier.classify(frames[0])
    assert sure.decision is Decision.ACCEPT
    assert sure.label == max(sure.probabilities, key=sure.probabilities.get)
    assert sure.reasons == ()
    # a threshold of 1 is met by certainty alone, and no softmax of this toy is certain
    held = with_thresholds(tmp_path, 1.0).classify(pattern_frame("speckle", 320, 240))
    assert (held.decision, held.label) == (Decision.ABSTAIN, None)
    assert held.reasons == ("low-confidence",)
    assert held.probabilities is not None
    assert held.confidence == max(held.probabilities.values()) < 1


def test_a_rejected_frame_has_reasons_and_no_probabilities(classifier: sdk.Classifier) -> None:
    result = classifier.classify(np.zeros((600, 800), np.uint8))
    assert result.decision == "reject"
    assert result.reasons == ("no-signal",)
    assert (result.label, result.probabilities, result.attention) == (None, None, None)
    assert result.confidence == 0.0
    assert result.timing.inference_us == 0.0


def test_stage_times_add_up_to_no_more_than_the_total(
    classifier: sdk.Classifier, frames: list[np.ndarray]
) -> None:
    timing = classifier.classify(frames[0]).timing
    stages = timing.preprocess_us + timing.quality_us + timing.inference_us + timing.decision_us
    assert 0 < stages <= timing.total_us * 1.000001


def test_attention_is_read_only_and_belongs_to_its_result(
    classifier: sdk.Classifier, frames: list[np.ndarray]
) -> None:
    first = classifier.classify(frames[0])
    kept = first.attention.copy()
    classifier.classify(frames[5])
    np.testing.assert_array_equal(first.attention, kept)
    with pytest.raises(ValueError, match="read-only"):
        first.attention[0, 0] = 1.0


@pytest.mark.parametrize("name", ["logits", "attention"])
def test_an_output_that_is_not_finite_is_an_error(
    toy_path: Path, frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    classifier = sdk.Classifier(toy_path)
    original = type(classifier._session).run

    def damaged(self: object, slot: object) -> None:
        original(self, slot)
        getattr(slot, name).flat[1] = np.nan

    monkeypatch.setattr(type(classifier._session), "run", damaged)
    with pytest.raises(ModelError, match=name) as caught:
        classifier.classify(frames[0])
    assert caught.value.slug == "model-output-invalid"


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda attention: attention * 1.01, "a sum of 1.01"),
        (lambda attention: attention * 0, "a sum of 0"),
        (lambda attention: attention - attention.max() / 2, "a least value of -"),
    ],
    ids=["too much", "nothing", "negative"],
)
def test_attention_is_checked_on_each_frame(
    toy_path: Path, frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, damage, match: str
) -> None:  # type: ignore[no-untyped-def]
    classifier = sdk.Classifier(toy_path)
    original = type(classifier._session).run

    def damaged(self: object, slot: object) -> None:
        original(self, slot)
        slot.attention[:] = damage(slot.attention)

    classifier.classify(frames[0])
    monkeypatch.setattr(type(classifier._session), "run", damaged)
    with pytest.raises(ModelError, match=match) as caught:
        classifier.classify(frames[0])
    assert caught.value.slug == "model-output-invalid"


def test_an_output_that_the_runtime_leaves_alone_is_no_earlier_answer(
    toy_path: Path, frames: list[np.ndarray]
) -> None:
    classifier = sdk.Classifier(toy_path)
    classifier.classify(frames[0])
    unbound = np.empty_like(classifier._session.free[0].logits)
    binding = classifier._session.free[0].binding
    binding.bind_output("logits", "cpu", 0, np.float32, (1, 4), unbound.ctypes.data)
    with pytest.raises(ModelError, match="logits") as caught:
        classifier.classify(frames[1])
    assert caught.value.slug == "model-output-invalid"


def test_threads_infer_at_the_same_time(
    toy_path: Path, frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, inside = sdk.Classifier(toy_path), threading.Barrier(3, timeout=20)
    original = type(classifier._session).run

    def meeting(self: object, slot: object) -> None:
        inside.wait()  # broken unless three are here at once
        original(self, slot)

    monkeypatch.setattr(type(classifier._session), "run", meeting)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(classifier.classify, frames[:3]))
    assert len({id(result.attention) for result in found}) == 3
    assert len(classifier._session.free) == 3


def test_a_path_names_exactly_that_file(toy_path: Path, toy_int8_path: Path) -> None:
    assert sdk.Classifier(toy_path).precision == "fp32"
    assert sdk.Classifier(str(toy_int8_path)).precision == "int8"
    assert sdk.Classifier(toy_int8_path, precision="int8").precision == "int8"
    with pytest.raises(ModelError, match="holds 'fp32'") as caught:
        sdk.Classifier(toy_path, precision="int8")
    assert caught.value.slug == "model-precision"


@pytest.mark.parametrize("precision", ["fp16", "", None, 8])
def test_an_unknown_precision_is_refused(toy_path: Path, precision: object) -> None:
    with pytest.raises(ModelError, match="allowed are 'auto', 'fp32' and 'int8'"):
        sdk.Classifier(toy_path, precision=precision)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [0, -1, 257, True, 1.0, "1", None])
def test_an_impossible_number_of_threads_is_refused(toy_path: Path, threads: object) -> None:
    with pytest.raises(ModelError, match="threads is") as caught:
        sdk.Classifier(toy_path, threads=threads)  # type: ignore[arg-type]
    assert caught.value.slug == "model-threads"


def test_two_threads_of_inference_give_the_same_label(
    toy_path: Path, frames: list[np.ndarray], classifier: sdk.Classifier
) -> None:
    two = sdk.Classifier(toy_path, threads=2).classify(frames[0])
    assert two.label == classifier.classify(frames[0]).label


def test_the_default_student_is_loaded_once_by_whoever_comes_first(
    toy_as_default: Path, frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    original = sdk.Classifier.__init__

    def counted(self: sdk.Classifier, *args: object, **kwargs: object) -> None:
        made.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(sdk.Classifier, "__init__", counted)
    start = threading.Barrier(6)

    def work(_: int) -> str:
        start.wait()
        return sdk.classify(frames[0]).model_id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(work, range(6)))) == 1
    assert len(made) == 1


def test_auto_follows_the_table_of_cpu_features(
    toy_as_default: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for precision in ("fp32", "int8"):
        monkeypatch.setattr(sdk.precision, "choose_precision", lambda _, chosen=precision: chosen)
        assert sdk.Classifier().precision == precision
        assert sdk.Classifier(precision="fp32").precision == "fp32"


def test_a_model_the_runtime_refuses_is_a_model_error(tmp_path: Path) -> None:
    import onnx
    from onnx import helper, numpy_helper

    from sdk.model_file.digest import seal

    # of the standard, but onnxruntime has no pooling between tensors with a scale for each channel
    model = onnx.load_from_string(package(toy_int8_model(), replace(CARD, precision="int8")))
    del model.metadata_props[-1]
    scales = numpy_helper.from_array(np.full(6, 0.05, np.float32), "scales")
    zeros = numpy_helper.from_array(np.full(6, 128, np.uint8), "zeros")
    model.graph.initializer.extend([scales, zeros])
    place = next(i for i, node in enumerate(model.graph.node) if node.op_type == "Relu")
    for index, (operator, source, result) in enumerate([
        ("QuantizeLinear", "raw", "q0"), ("DequantizeLinear", "q0", "d0"),
        ("AveragePool", "d0", "p"), ("QuantizeLinear", "p", "q1"), ("DequantizeLinear", "q1", "d1"),
    ]):  # fmt: skip
        plain = operator == "AveragePool"
        names = [source] if plain else [source, "scales", "zeros"]
        extra = {"kernel_shape": [1, 1]} if plain else {"axis": 1}
        model.graph.node.insert(place + index, helper.make_node(operator, names, [result], **extra))
    model.graph.node[place + 5].input[0] = "d1"
    path = tmp_path / "unknown.onnx"
    path.write_bytes(seal(model.SerializeToString()))
    with pytest.raises(ModelError, match="QLinearAveragePool") as caught:
        sdk.Classifier(path)
    assert caught.value.slug == "model-not-runnable"


def test_nothing_is_printed(toy_path: Path, frames: list[np.ndarray], capfd) -> None:  # type: ignore[no-untyped-def]
    sdk.Classifier(toy_path).classify(frames[0])
    assert capfd.readouterr() == ("", "")


def test_a_label_is_given_at_exactly_its_threshold(
    tmp_path: Path, frames: list[np.ndarray], classifier: sdk.Classifier
) -> None:
    confidence = classifier.classify(frames[0]).confidence
    assert with_thresholds(tmp_path, confidence).classify(frames[0]).decision == "accept"
    above = float(np.nextafter(confidence, 1.0))
    assert with_thresholds(tmp_path, above).classify(frames[0]).decision == "abstain"


def test_each_label_is_held_against_its_own_threshold(
    tmp_path: Path, frames: list[np.ndarray], classifier: sdk.Classifier
) -> None:
    label = classifier.classify(frames[0]).label
    for held, decision in ((label, "abstain"), (None, "accept")):
        others = {name: 1.0 if (name == label) == (held is not None) else 0.0 for name in LABELS}
        path = tmp_path / "own.onnx"
        path.write_bytes(package(toy_model(), replace(CARD, abstain_below=others)))
        assert sdk.Classifier(path).classify(frames[0]).decision == decision


@pytest.mark.parametrize("size", [(900, 300), (300, 900)], ids=["tall", "wide"])
def test_letterbox_bars_are_no_part_of_what_is_judged(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "letterbox.onnx"
    recipe = replace(CARD.preprocessing, aspect="letterbox")
    path.write_bytes(package(toy_model(), replace(CARD, preprocessing=recipe)))
    # with its bars this flat frame has contrast enough
    assert sdk.Classifier(path).classify(np.full(size, 90, np.uint8)).reasons == ("uniform",)


def test_attention_that_the_runtime_leaves_alone_is_no_earlier_frames(
    toy_path: Path, frames: list[np.ndarray]
) -> None:
    classifier = sdk.Classifier(toy_path)
    classifier.classify(frames[0])
    slot = classifier._session.free[0]
    unbound = np.empty_like(slot.attention)
    shape = (1, *unbound.shape)
    slot.binding.bind_output("attention", "cpu", 0, np.float32, shape, unbound.ctypes.data)
    with pytest.raises(ModelError, match="'attention' holds NaN") as caught:
        classifier.classify(frames[1])
    assert caught.value.slug == "model-output-invalid"


def test_times_are_told_in_microseconds_stage_by_stage(
    toy_path: Path, frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = sdk.Classifier(toy_path)

    def slowed(kind: type, name: str, wait_s: float) -> None:
        original = getattr(kind, name)

        def slow(*given: object) -> object:
            time.sleep(wait_s)
            return original(*given)

        monkeypatch.setattr(kind, name, slow)

    slowed(Preprocessing, "_prepare", 0.05)
    slowed(type(classifier._session), "run", 0.2)
    for frame, waits_us in ((frames[0], (5e4, 2e5)), (np.zeros((60, 80), np.uint8), (5e4, 0.0))):
        before = time.perf_counter()
        told = classifier.classify(frame).timing
        around_us = (time.perf_counter() - before) * 1e6
        assert told.preprocess_us >= waits_us[0]
        assert told.inference_us >= waits_us[1]
        assert told.total_us == pytest.approx(sum(told[:4]), abs=0.01)
        assert sum(waits_us) <= told.total_us <= around_us
        assert 0 < told.quality_us < told.total_us - sum(waits_us)
        if not waits_us[1]:
            assert (told.inference_us, told.decision_us) == (0.0, 0.0)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux does")
def test_a_classifier_starts_no_thread_of_its_own(
    toy_path: Path, frames: list[np.ndarray], classifier: sdk.Classifier
) -> None:
    before = len(list(Path("/proc/self/task").iterdir()))
    sdk.Classifier(toy_path).classify(frames[0])
    assert len(list(Path("/proc/self/task").iterdir())) <= before


def test_the_slot_of_the_known_answers_serves_the_first_call(
    toy_path: Path, frames: list[np.ndarray]
) -> None:
    classifier = sdk.Classifier(toy_path)
    slots = list(classifier._session.free)
    classifier.classify(frames[0])
    assert len(slots) == 1
    assert classifier._session.free == slots
