"""A stream: times, errors, resets, and that it says what its frames say."""

from __future__ import annotations

import os
import pickle
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk import FrameError, SdkError
from sdk.cli import rows
from sdk.model_file.known_answers import pattern_frame

RING = pattern_frame("ring", 320, 240)
NOISE = np.random.default_rng(1)


def living(picture: np.ndarray = RING) -> np.ndarray:
    return np.clip(picture + NOISE.normal(0, 5, picture.shape), 0, 255).astype(np.uint8)


def test_the_first_frame_is_answered_as_classify_does(classifier: sdk.Classifier) -> None:
    alone = classifier.classify(RING)
    first = classifier.stream().push(RING)
    assert (first.decision, first.label) == (alone.decision, alone.label)
    assert first.probabilities == alone.probabilities == first.frame_result.probabilities
    np.testing.assert_array_equal(first.attention, alone.attention)
    assert first.model_id == alone.model_id
    assert (first.index, first.timestamp_us, first.events) == (0, 0, ())


def test_an_answer_is_drawn_as_smoothed(classifier: sdk.Classifier) -> None:
    frame = sdk.Frame.from_array(RING)
    stream = classifier.stream()
    answer = stream.push(frame)
    np.testing.assert_array_equal(answer.draw(frame), answer.frame_result.draw(frame))
    held = replace(answer, decision=sdk.Decision.ABSTAIN, label=None, reasons=("low-confidence",))
    assert not np.array_equal(held.draw(frame), answer.frame_result.draw(frame))


def test_a_line_names_no_likeliest_label_where_all_are_alike(classifier: sdk.Classifier) -> None:
    answer = classifier.stream().push(RING)
    shares = dict.fromkeys(answer.probabilities or {}, 1 / 4)
    held = replace(answer, decision=sdk.Decision.ABSTAIN, label=None, reasons=("unlike-training",))
    info = sdk.sources.FrameInfo("a.mp4", 0, None, "video", 0, "whole")
    assert "likeliest" in rows.text_of(held, info)
    assert "likeliest" not in rows.text_of(replace(held, probabilities=shares), info)


def test_frames_without_times_are_one_period_apart(classifier: sdk.Classifier) -> None:
    stream = classifier.stream(fps=60)
    times = [stream.push(living()).timestamp_us for _ in range(61)]
    assert times[:4] == [0, 16667, 33333, 50000]
    assert times[60] == 1_000_000, "thirds don't add up"


@pytest.mark.parametrize("bad", [100, 99, -1])
def test_a_time_that_does_not_rise_is_an_error_and_the_stream_goes_on(
    classifier: sdk.Classifier, bad: int
) -> None:
    stream = classifier.stream()
    before = stream.push(living(), 100)
    with pytest.raises(FrameError, match=rf"timestamp_us is {bad}, it must be above 100") as caught:
        stream.push(living(), bad)
    assert caught.value.slug == "timestamp-not-rising"
    after = stream.push(living(), 33_433)
    assert (before.index, after.index) == (0, 1)
    assert (stream.stats().frames, stream.stats().bad_timestamps) == (2, 1)
    stream.reset()
    assert stream.push(living(), bad).timestamp_us == bad, "a step of the clock"


@pytest.mark.parametrize("bad", [1.5, "3", True, 2**70, float("nan")])
def test_a_time_is_a_whole_number(classifier: sdk.Classifier, bad: object) -> None:
    with pytest.raises(FrameError) as caught:
        classifier.stream().push(RING, bad)  # type: ignore[arg-type]
    assert caught.value.slug == "timestamp-invalid"
    assert classifier.stream().push(RING, np.int64(5)).timestamp_us == 5


def test_a_gap_starts_anew(classifier: sdk.Classifier) -> None:
    stream = classifier.stream()
    stream.push(living(), 0)
    assert stream.push(living(), 900_000).events == ()
    after = stream.push(living(), 1_900_001)
    assert after.events == ("gap",)
    assert after.probabilities == after.frame_result.probabilities


def test_a_cut_a_freeze_and_another_layout_start_anew(classifier: sdk.Classifier) -> None:
    stream = classifier.stream()
    for _ in range(5):
        smoothed = stream.push(living())
    assert smoothed.probabilities != smoothed.frame_result.probabilities
    cut = stream.push(255 - RING)
    assert cut.events == ("cut",)
    assert cut.probabilities == cut.frame_result.probabilities
    answers = [stream.push(255 - RING) for _ in range(14)]
    assert [a.events for a in answers].count(("freeze",)) == 1
    assert answers[-1].lasting == ("freeze",)
    assert answers[-1].probabilities == answers[-1].frame_result.probabilities
    assert stream.push(RING[:, :300].copy()).events == ("layout-changed",)
    assert stream.stats().events == {
        "cut": 1, "freeze": 1, "black": 0, "doppler": 0, "layout-changed": 1, "gap": 0,
    }  # fmt: skip


def test_a_rejected_frame_has_no_label_and_the_next_one_is_back(classifier: sdk.Classifier) -> None:
    stream = classifier.stream()
    for _ in range(3):
        stream.push(living())
    black = stream.push(np.zeros_like(RING))
    assert (black.decision, black.label, black.probabilities) == ("reject", None, None)
    assert (black.confidence, black.reasons) == (0.0, ("no-signal",))
    assert "black" in black.events
    assert stream.push(living()).decision != "reject"


def test_a_frame_that_fails_is_as_if_it_had_never_come(classifier: sdk.Classifier) -> None:
    pictures = [living() for _ in range(4)]
    stream, other = classifier.stream(), classifier.stream()
    for picture in pictures:
        with pytest.raises(FrameError):
            stream.push(np.zeros((4, 4, 3), np.uint8))
        shrunk = bytearray(100 * 90)
        other_size = sdk.Frame(shrunk, width=100, height=90, format="GRAY8")
        del shrunk[50:]
        with pytest.raises(FrameError):
            stream.push(other_size)
        smooth, plain = stream.push(picture), other.push(picture)
        assert smooth.probabilities == plain.probabilities
        assert stream._statistics.difference == other._statistics.difference
        assert (smooth.events, smooth.timestamp_us) == (plain.events, plain.timestamp_us)
    assert stream.stats().failed == 8
    assert stream.stats().last_error == "buffer-truncated"


def test_a_given_region_is_for_frames_without_one(classifier: sdk.Classifier) -> None:
    region, own = sdk.Region.rectangle(40, 20, 200, 150), sdk.Region.rectangle(0, 0, 100, 90)
    stream = classifier.stream(region=region)
    frame = sdk.Frame.from_array(RING, region=region)
    assert stream.push(RING).frame_result.probabilities == classifier.classify(frame).probabilities
    frame = sdk.Frame.from_array(RING, region=own)
    assert stream.push(frame).frame_result.probabilities == classifier.classify(frame).probabilities
    with pytest.raises(FrameError, match="region"):
        stream.push(RING[:50, :50].copy())


def test_streams_share_weights_and_nothing_else(classifier: sdk.Classifier) -> None:
    one, other = classifier.stream(), classifier.stream()
    for _ in range(3):
        one.push(living())
    first = other.push(RING)
    assert first.index == 0
    assert first.probabilities == first.frame_result.probabilities
    assert one.classifier is other.classifier is classifier


def test_a_region_is_found_held_and_told(classifier: sdk.Classifier) -> None:
    from export.data.phantom import phantom_cine

    stream = classifier.stream(region="auto")
    screen = np.full((480, 640), 30, np.uint8)
    answers = []
    for frame in phantom_cine("head", seed=3, frames=30, height=300, width=400):
        screen[100:400, 150:550] = frame.pixels
        answers.append(stream.push(screen))
    assert {answer.region_origin for answer in answers} == {"found"}
    assert len({answer.region for answer in answers[22:]}) == 1
    left, top, width, height = sdk.Frame.from_array(screen, region=answers[-1].region).region_box
    assert left >= 150 - 8
    assert top >= 100 - 8
    assert left + width <= 550 + 8
    assert top + height <= 400 + 8
    assert answers[-1].attention_on(screen).shape == (480, 640)


@pytest.mark.parametrize(
    "wrong",
    [{"fps": 0}, {"fps": 2000}, {"fps": "30"}, {"fps": float("nan")}, {"fps": True},
     {"region": (1, 2, 3, 4)}, {"region": "Auto"}],
)  # fmt: skip
def test_wrong_settings_are_named(classifier: sdk.Classifier, wrong: dict) -> None:
    with pytest.raises(SdkError, match=next(iter(wrong))) as caught:
        classifier.stream(**wrong)
    assert caught.value.slug == "stream-setting"


def test_two_calls_at_once_are_refused_and_never_wait(
    classifier: sdk.Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = classifier.stream()
    inside, go_on = threading.Event(), threading.Event()
    classify = type(classifier)._classify

    def slow(*arguments: object) -> object:
        inside.set()
        go_on.wait(10)
        return classify(*arguments)

    monkeypatch.setattr(type(classifier), "_classify", slow)
    thread = threading.Thread(target=stream.push, args=(RING,))
    thread.start()
    inside.wait(10)
    for call in (lambda: stream.push(RING), stream.reset):
        with pytest.raises(SdkError) as caught:
            call()
        assert caught.value.slug == "stream-busy"
    assert stream.stats().frames == 0, "stats never wait"
    go_on.set()
    thread.join()
    assert stream.stats().frames == 1


def test_an_answer_is_immutable_and_pickled_by_value(classifier: sdk.Classifier) -> None:
    answer = classifier.stream().push(RING)
    with pytest.raises(AttributeError):
        answer.label = "other"  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(answer))
    assert again.to_dict() == answer.to_dict()
    assert again.probabilities == answer.probabilities


def test_stats_tell_ages_latencies_and_decisions(classifier: sdk.Classifier) -> None:
    stream = classifier.stream(fps=0.1)
    nothing = stream.stats()
    assert (nothing.frames, nothing.since_frame_s, nothing.latency_p50_us) == (0, None, None)
    latencies = [stream.push(living()).latency_us for _ in range(9)]
    stats = stream.stats()
    assert stats.latency_p50_us == pytest.approx(sorted(latencies)[4], rel=0.05)
    assert stats.latency_p99_us == pytest.approx(max(latencies), rel=0.05)
    assert 0 <= stats.since_answer_s <= stats.since_frame_s
    assert sum(stats.decisions.values()) == stats.frames == 9
    assert stats.late == 0, "ten seconds a frame"
    assert stats.to_dict()["frames"] == 9


def test_a_child_goes_on_with_its_parents_stream(
    classifier: sdk.Classifier, tmp_path: Path
) -> None:
    stream = classifier.stream()
    pictures = [living() for _ in range(3)]
    stream.push(pictures[0])
    told = tmp_path / "told"
    if (child := os.fork()) == 0:
        told.write_text(repr(dict(stream.push(pictures[1]).probabilities or {})))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert told.read_text() == repr(dict(stream.push(pictures[1]).probabilities or {}))
