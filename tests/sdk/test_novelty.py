"""A student that knows what is unlike its training withholds the label, and says why."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import sdk
from export.errors import ExportError
from export.packaging.graph_places import features_name, values_at
from export.packaging.novelty import Measures, with_novelty
from export.packaging.packaging import package
from export.packaging.prototypes import Prototypes, fit
from sdk import Decision, ModelError
from sdk.model_file import parse_model_file
from sdk.model_file.known_answers import pattern_frame
from sdk.model_file.stream_settings import StreamSettings
from sdk.novelty import UNLIKE_TRAINING, Novelty
from sdk.slot import Slot
from sdk.stream.smoothing import LabelFilter
from tests.sdk.test_screen_without_region import busy_screen
from tests.sdk.toy_student import CARD, CHANNELS, LABELS, toy_int8_model, toy_model

FRAMES = [pattern_frame("ring", 200 + 7 * i, 150 + 3 * i) for i in range(6)]
DIRECTIONS = np.zeros((2, CHANNELS))
DIRECTIONS[0, 1], DIRECTIONS[1, 3] = 0.9, 0.5
PROTOTYPES = Prototypes(np.ones((3, CHANNELS)) * [[0], [1], [2]], DIRECTIONS, scale=0.25)
MEASURES = Measures(PROTOTYPES)


def _inputs() -> np.ndarray:
    return np.concatenate([CARD.preprocessing.tensor(frame) for frame in FRAMES])


def _student(tmp_path: Path, above: float, least: float = 0.0) -> sdk.Classifier:
    path = tmp_path / f"{above}.onnx"
    card = replace(CARD, novelty=Novelty(above, 3), abstain_below=dict.fromkeys(LABELS, least))
    path.write_bytes(package(with_novelty(toy_model(), MEASURES), card))
    return sdk.Classifier(path)


def _distances() -> np.ndarray:
    (features,) = values_at(toy_model(), ["pooled"], _inputs())
    metric = np.eye(CHANNELS)
    metric[1, 1], metric[3, 3] = 1 - 0.9**2, 1 - 0.5**2
    gaps = features[:, None] - PROTOTYPES.means[None]
    return 0.25 * np.einsum("npi,ij,npj->np", gaps, metric, gaps).min(1)


def test_the_graph_computes_the_distance_from_the_nearest_prototype() -> None:
    model = with_novelty(toy_model(), MEASURES)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found = [session.run(["novelty"], {"frame": f[None]})[0].item() for f in _inputs()]
    np.testing.assert_allclose(found, _distances(), rtol=1e-4)
    assert MEASURES.of(toy_model(), _inputs())[:, 0].tolist() == found
    before = onnxruntime.InferenceSession(toy_model().SerializeToString())
    for frame in _inputs():
        pair = [s.run(["logits"], {"frame": frame[None]})[0] for s in (session, before)]
        np.testing.assert_array_equal(*pair)


def test_what_lies_beyond_the_threshold_gets_no_label_for_its_own_reason(tmp_path: Path) -> None:
    distances = _distances()
    limit = float(np.median(distances))
    clf = _student(tmp_path, limit)
    far = [bool(distance > limit) for distance in distances]
    assert 0 < sum(far) < len(far)
    plain = _student(tmp_path, 1e8)
    for frame, beyond in zip(FRAMES, far, strict=True):
        result, without = clf.classify(frame), plain.classify(frame)
        assert without.decision is Decision.ACCEPT
        assert (UNLIKE_TRAINING in result.reasons) is beyond
        assert (result.decision is Decision.ABSTAIN) is beyond
        assert result.label == (None if beyond else without.label)
        assert result.probabilities == without.probabilities
        assert result.confidence == without.confidence


def _expected(frame: sdk.Frame, limits: tuple[float, float], screen: bool) -> tuple[str, ...]:
    """Reasons in their order, from a runtime of its own and sums in plain Python."""
    tensor = CARD.preprocessing.tensor(frame)
    session = onnxruntime.InferenceSession(with_novelty(toy_model(), MEASURES).SerializeToString())
    logits, distance = session.run(["logits", "novelty"], {"frame": tensor})
    weights = [math.exp(value / CARD.temperature) for value in logits[0].tolist()]
    doubts = {
        "screen-without-region": screen,
        "low-confidence": max(weights) / math.fsum(weights) < limits[0],
        "unlike-training": distance.item() > limits[1],
    }
    return tuple(reason for reason, holds in doubts.items() if holds)


@pytest.mark.parametrize("limits", list(itertools.product((0.0, 1.0), (1e-9, 1e8))))
def test_all_that_holds_is_told_in_one_order(tmp_path: Path, limits: tuple[float, float]) -> None:
    clf = _student(tmp_path, limits[1], least=limits[0])
    for picture, screen in ((pattern_frame("ring", 320, 240), False), (busy_screen(), True)):
        frame = sdk.Frame.from_array(picture)
        expected = _expected(frame, limits, screen)
        assert len(expected) == screen + (limits[0] == 1.0) + (limits[1] < 1)
        alone, streamed = clf.classify(frame), clf.stream().push(frame)
        for result in (alone, streamed.frame_result, streamed):
            assert result.reasons == expected
            assert (result.label is None) is bool(expected)
            assert result.decision == ("abstain" if expected else "accept")


@pytest.mark.parametrize("distance", [np.nan, np.inf, -np.inf])
def test_a_distance_that_is_no_number_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, distance: float
) -> None:
    clf = _student(tmp_path, 1.0)
    original = type(clf._session).run

    def damaged(self: object, slot: Slot) -> None:
        original(self, slot)  # type: ignore[arg-type]
        assert slot.novelty is not None
        slot.novelty[:] = distance

    monkeypatch.setattr(type(clf._session), "run", damaged)
    with pytest.raises(ModelError, match="'novelty' holds NaN or Infinity") as caught:
        clf.classify(FRAMES[0])
    assert caught.value.slug == "model-output-invalid"
    with pytest.raises(ModelError, match="'novelty' holds NaN or Infinity") as caught:
        _student(tmp_path, 2.0)
    assert caught.value.slug == "model-output-invalid", "at load too"


def test_a_distance_that_the_runtime_leaves_alone_is_no_earlier_frames(tmp_path: Path) -> None:
    clf = _student(tmp_path, 1e8)
    clf.classify(FRAMES[0])
    unbound = np.empty(1, np.float32)
    binding = clf._session.free[0].binding
    binding.bind_output("novelty", "cpu", 0, np.float32, (1, 1), unbound.ctypes.data)
    with pytest.raises(ModelError, match="'novelty' holds NaN") as caught:
        clf.classify(FRAMES[1])
    assert caught.value.slug == "model-output-invalid"


def test_a_stream_shows_no_label_on_a_frame_that_is_unlike_and_hears_nothing_from_it(
    tmp_path: Path,
) -> None:
    bright = FRAMES[0]
    dim = bright // 2  # a change of gain is no cut
    plain, distances = _student(tmp_path, 1e8), []
    for picture in (bright, dim):
        plain.classify(picture)
        distances.append(plain._session.free[0].novelty.item())  # type: ignore[union-attr]
    clf = _student(tmp_path, sum(distances) / 2, least=0.3)
    like, unlike = (bright, dim) if distances[0] < distances[1] else (dim, bright)
    assert clf.classify(like).decision == "accept"
    assert clf.classify(unlike).reasons == (UNLIKE_TRAINING,)

    stream, expected = clf.stream(), LabelFilter(StreamSettings())
    for number, picture in enumerate([*[like] * 3, *[unlike] * 6, *[like] * 3]):
        told = stream.push(picture, number * 20_000)
        said = tuple((told.frame_result.probabilities or {}).values())
        state = expected.step(0.02, said if picture is like else None)
        assert tuple((told.probabilities or {}).values()) == pytest.approx(state)
        assert told.events == ()
        if picture is unlike:
            assert (told.decision, told.label) == ("abstain", None)
            assert told.reasons == (UNLIKE_TRAINING,)
    assert told.decision == "accept", "it comes back"


def test_a_student_without_it_answers_as_ever(toy_path: Path) -> None:
    clf = sdk.Classifier(toy_path)
    assert clf.metadata.novelty is None
    assert all(UNLIKE_TRAINING not in clf.classify(frame).reasons for frame in FRAMES)
    assert "sonogaze.novelty" not in clf.metadata.to_properties()


def test_int8_measures_before_its_last_rounding(tmp_path: Path) -> None:
    model = toy_int8_model()
    assert features_name(model) in {o for n in model.graph.node for o in n.output}
    file = package(
        with_novelty(model, MEASURES),
        replace(CARD, precision="int8", novelty=Novelty(1e6, 3)),
    )
    assert parse_model_file(file).metadata.novelty == Novelty(1e6, 3)


@pytest.mark.parametrize(
    ("section", "model", "told"),
    [
        (Novelty(1.0, 3), toy_model(), "attention"),
        (None, with_novelty(toy_model(), MEASURES), "outputs"),
    ],
)
def test_section_and_output_come_together(section, model, told) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=told) as caught:
        package(model, replace(CARD, novelty=section))
    assert caught.value.slug == "model-signature-mismatch"


@pytest.mark.parametrize(
    "value",
    [
        {"above": 0.0, "prototypes": 1}, {"above": -1.0, "prototypes": 1}, {"above": 1.0},
        {"above": 1.0, "prototypes": 0}, {"above": 1.0, "prototypes": 1.5}, [], {"above": "1",
        "prototypes": 1}, {"above": 1.0, "prototypes": 1, "more": 1},
    ],
)  # fmt: skip
def test_a_section_out_of_its_range_is_refused(value: object) -> None:
    with pytest.raises(ModelError, match=r"sonogaze\.novelty") as caught:
        Novelty.from_dict(value)
    assert caught.value.slug == "model-metadata-invalid"


def _distances_of(prototypes: Prototypes, features: np.ndarray) -> np.ndarray:
    gaps = features[:, None] - prototypes.means[None]
    along = gaps @ prototypes.directions.T
    return np.asarray(prototypes.scale * ((gaps**2).sum(2) - (along**2).sum(2)).min(1))


def test_prototypes_are_the_means_of_clusters_by_label() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0]])
    features = np.concatenate([c + rng.normal(0, 0.3, (40, 3)) for c in centres])
    found = fit(features, np.repeat([0, 0, 1], 40), per_label=2, shrinkage=0.1)
    for centre in centres:
        assert np.linalg.norm(found.means - centre, axis=1).min() < 0.5
    far = _distances_of(found, np.full((1, 3), 50.0))[0]
    assert far > 20 * _distances_of(found, features).mean()


def test_with_all_directions_the_distance_is_that_of_the_shrunken_covariance() -> None:
    rng = np.random.default_rng(1)
    mix = rng.normal(size=(5, 5))
    labels = np.repeat([0, 1], 60)
    features = rng.normal(size=(120, 5)) @ mix + 4 * labels[:, None]
    found = fit(features, labels, 1, shrinkage=0.3, directions=4)
    means = np.stack([features[labels == i].mean(0) for i in (0, 1)])
    within = features - means[labels]
    covariance = within.T @ within / 120
    covariance = 0.7 * covariance + 0.3 * np.trace(covariance) / 5 * np.eye(5)
    gaps = features[:, None] - means[None]
    expected = np.einsum("npi,ij,npj->np", gaps, np.linalg.inv(covariance), gaps).min(1) / 5
    np.testing.assert_allclose(_distances_of(found, features), expected, rtol=1e-6)


def test_a_label_with_a_single_frame_has_no_prototype() -> None:
    with pytest.raises(ExportError, match="at least two of each") as caught:
        fit(np.zeros((3, 2)), np.array([0, 0, 1]), 1, 0.5)
    assert caught.value.slug == "novelty-few"


def test_a_network_without_a_last_layer_can_have_none() -> None:
    model = toy_model()
    model.graph.node[-1].op_type = "Relu"
    del model.graph.node[-1].input[1:]
    with pytest.raises(ExportError, match="logits come from 'Relu'") as caught:
        features_name(model)
    assert caught.value.slug == "novelty-graph"
