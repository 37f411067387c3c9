"""The background form: drops counted, callbacks that misbehave, always closable."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk import FrameError, SdkError
from sdk.model_file.known_answers import pattern_frame
from sdk.stream import BackgroundStream

RING = pattern_frame("ring", 160, 120)
LONG_S = 20.0


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


class Gate:
    """Holds the worker inside a classification until it is opened."""

    def __init__(self, classifier: sdk.Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.open = threading.Event(), threading.Event()
        classify = type(classifier)._classify

        def held(*arguments: object) -> object:
            self.inside.set()
            assert self.open.wait(LONG_S)
            return classify(*arguments)

        monkeypatch.setattr(type(classifier), "_classify", held)


@pytest.fixture
def gate(classifier: sdk.Classifier, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(classifier, monkeypatch)


def test_the_latest_frame_wins_and_the_rest_are_counted(
    classifier: sdk.Classifier, gate: Gate
) -> None:
    got: list[int] = []
    with classifier.stream().background(lambda answer: got.append(answer.timestamp_us)) as live:
        live.put(RING, 1)
        gate.inside.wait(LONG_S)
        for time_us in range(2, 12):
            assert live.put(RING, time_us)
        assert (live.stats().dropped, live.stats().waiting) == (9, 1)
        gate.open.set()
    assert got == [1, 11]
    stats = live.stats()
    assert (stats.frames, stats.dropped, stats.waiting, stats.undelivered) == (2, 9, 0, 0)


def test_a_queue_that_drops_keeps_the_newest_in_their_order(
    classifier: sdk.Classifier, gate: Gate
) -> None:
    with classifier.stream().background(capacity=3) as live:
        live.put(RING, 1)
        gate.inside.wait(LONG_S)
        for time_us in range(2, 12):
            assert live.put(RING, time_us)
        assert (live.stats().dropped, live.stats().waiting) == (7, 3)
        gate.open.set()
    assert [answer.timestamp_us for answer in live] == [1, 9, 10, 11]


def test_a_queue_that_waits_drops_nothing(classifier: sdk.Classifier) -> None:
    live = classifier.stream().background(capacity=3, when_full="wait")
    feeder = threading.Thread(
        target=lambda: [live.put(RING, t) for t in range(40)] + [live.close()]
    )
    feeder.start()
    assert [answer.timestamp_us for answer in live] == list(range(40))
    feeder.join()
    assert live.stats().dropped == 0


def test_a_wait_may_end_and_then_the_frame_is_dropped(
    classifier: sdk.Classifier, gate: Gate
) -> None:
    with classifier.stream().background(capacity=1, when_full="wait") as live:
        live.put(RING, 1)
        gate.inside.wait(LONG_S)
        assert live.put(RING, 2, timeout_s=0.01)
        assert not live.put(RING, 3, timeout_s=0.01)
        assert live.stats().dropped == 1
        gate.open.set()


def test_pixels_are_copied_before_put_returns(classifier: sdk.Classifier, gate: Gate) -> None:
    screen = RING.copy()
    alone = classifier.metadata.preprocessing.tensor(RING)
    with classifier.stream().background() as live:
        live.put(screen, 1)
        gate.inside.wait(LONG_S)
        live.put(screen, 2)
        screen[:] = 0
        gate.open.set()
        until(lambda: live.stats().frames == 2, "both are answered")
    answers = list(live)
    assert alone.any()
    assert [answer.decision for answer in answers] == [answers[0].decision] * 2
    assert answers[1].frame_result.probabilities is not None, "not the black that came later"


@pytest.mark.parametrize(
    ("name", "color"), [("BGRA32", None), ("NV12", "bt601-limited"), ("I420", "bt709-full")]
)
def test_a_copy_has_the_frames_own_pixels_in_every_layout(
    classifier: sdk.Classifier, name: str, color: str | None
) -> None:
    from sdk.stream.copies import CopyPool

    rng = np.random.default_rng(2)
    size = {"BGRA32": 64 * 60, "NV12": 64 * 60 * 3 // 2, "I420": 64 * 60 * 3 // 2}[name]
    region = sdk.Region.rectangle(2, 4, 11, 40)
    width = 16 if name == "BGRA32" else 64
    data = rng.integers(0, 256, size, dtype=np.uint8)
    frame = sdk.Frame(data, width=width, height=60, format=name, color=color, region=region)
    pool, recipe = CopyPool(2), classifier.metadata.preprocessing
    copied, buffer = pool.copy(frame)
    np.testing.assert_array_equal(recipe.tensor(copied), recipe.tensor(frame))
    assert copied.region == region
    pool.give(buffer)
    assert pool.copy(frame)[1] is buffer, "used again"


def test_released_pixels_are_not_copied_and_released_once(
    classifier: sdk.Classifier, gate: Gate
) -> None:
    released: list[int] = []
    with classifier.stream().background() as live:
        for number in range(4):
            live.put(RING, number, release=lambda number=number: released.append(number))
            if number == 0:
                gate.inside.wait(LONG_S)
        assert released == [1, 2], "dropped ones at once"
        gate.open.set()
    assert released == [1, 2, 0, 3]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_callbacks_that_raise_are_counted_and_called_again(
    classifier: sdk.Classifier, error: type[BaseException]
) -> None:
    called: list[int] = []

    def callback(answer: sdk.stream.StreamResult) -> None:
        called.append(answer.index)
        raise error

    with classifier.stream().background(callback, capacity=8, when_full="wait") as live:
        for number in range(8):
            live.put(RING, number, release=(lambda: 1 / 0) if number == 3 else None)
    assert called == list(range(8))
    assert live.stats().callback_errors == 9
    assert live.stats().last_error == error.__name__


def test_a_callback_that_never_returns_stops_nothing_but_itself(
    classifier: sdk.Classifier,
) -> None:
    hang = threading.Event()
    live = classifier.stream().background(lambda _: hang.wait(), capacity=4, when_full="wait")
    for number in range(200):
        live.put(RING, number)
    until(lambda: live.stats().frames == 200, "the worker goes on")
    assert live.latest is not None
    assert live.latest.timestamp_us == 199
    assert live.stats().undelivered == 200 - 1 - 64
    begun = time.monotonic()
    assert not live.close(timeout_s=0.2), "it says that a thread is stuck"
    assert time.monotonic() - begun < LONG_S / 2
    hang.set()
    assert live.close()


def test_a_frame_that_fails_is_counted_and_the_next_one_answered(
    classifier: sdk.Classifier,
) -> None:
    shrinking = bytearray(160 * 120)
    with classifier.stream().background(capacity=2, when_full="wait") as live:
        frame = sdk.Frame(shrinking, width=160, height=120, format="GRAY8")
        del shrinking[100:]
        live.put(frame, 1, release=lambda: None)
        with pytest.raises(FrameError):
            live.put(frame, 2)
        live.put(RING, 3)
    assert [answer.timestamp_us for answer in live] == [3]
    assert (live.stats().failed, live.stats().last_error) == (1, "buffer-truncated")


def test_a_clock_that_steps_back_is_told_to_the_grabber_which_resets(
    classifier: sdk.Classifier,
) -> None:
    with classifier.stream().background(capacity=8, when_full="wait") as live:
        live.put(RING, 5_000_000)
        with pytest.raises(FrameError) as caught:
            live.put(RING, 1_000)
        assert caught.value.slug == "timestamp-not-rising"
        until(lambda: live.stats().frames == 1, "answered before the reset drops it")
        live.reset()
        live.put(RING, 1_000)
        live.put(RING, 3_600_000_000)
    assert [a.timestamp_us for a in live] == [5_000_000, 1_000, 3_600_000_000]
    assert live.stats().events["gap"] == 1
    assert live.stats().bad_timestamps == 1


def test_a_frame_without_a_time_goes_on_from_the_last_one_that_had_one(
    classifier: sdk.Classifier,
) -> None:
    with classifier.stream().background(capacity=8, when_full="wait") as live:
        live.put(RING, 40_000)
        live.put(RING)
        live.put(RING)
        live.put(RING, 40_000 + 3_600_000_000)
    first, second, third, last = [answer.timestamp_us for answer in live]
    assert first < second < third < last
    assert third - first < LONG_S * 1e6, "not the machine's clock, which began elsewhere"
    assert live.stats().bad_timestamps == live.stats().failed == 0


def test_a_reset_while_a_frame_is_taken_is_of_the_frames_after_it(
    classifier: sdk.Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = classifier.stream().background()
    take = live._next_frame

    def take_and_reset() -> object:
        taken = take()
        if taken is not None and taken[0].time_us == 7_000_000:
            live.reset()
        return taken

    monkeypatch.setattr(live, "_next_frame", take_and_reset)
    with live:
        for time_us in (5_000_000, 7_000_000, 1_000):
            live.put(RING, time_us)
            until(lambda: live.stats().waiting == 0, "taken")
            until(lambda: live.stats().frames + live.stats().failed > 0, "worked on")
            if time_us == 7_000_000:
                until(lambda: live._restart or live.stats().frames == 2, "reset")
    assert [answer.timestamp_us for answer in live] == [5_000_000, 7_000_000, 1_000]
    assert live.stats().bad_timestamps == 0


def test_closed_is_closed_and_may_be_closed_again(classifier: sdk.Classifier, gate: Gate) -> None:
    live = classifier.stream().background()
    live.put(RING, 1)
    gate.inside.wait(LONG_S)
    live.put(RING, 2)
    assert not live.close(timeout_s=0.01, drain=False), "still inside"
    gate.open.set()
    assert live.close()
    assert live.close()
    for call in (lambda: live.put(RING, 3), live.reset):
        with pytest.raises(SdkError) as caught:
            call()
        assert caught.value.slug == "stream-closed"
    assert (live.stats().frames, live.stats().dropped) == (1, 1)
    assert len(list(live)) == 1


def test_it_may_be_closed_by_its_own_callback(classifier: sdk.Classifier) -> None:
    closed: list[bool] = []
    live: list[BackgroundStream] = []
    live.append(classifier.stream().background(lambda _: closed.append(live[0].close())))
    live[0].put(RING)
    until(lambda: closed == [True], "closed")


def test_a_forked_child_is_told_whose_it_is(classifier: sdk.Classifier, tmp_path: Path) -> None:
    told = tmp_path / "told"
    with classifier.stream().background() as live:
        live.put(RING)
        if (child := os.fork()) == 0:
            slugs = []
            for call in (lambda: live.put(RING), live.close, lambda: next(iter(live))):
                try:
                    call()
                except SdkError as error:
                    slugs.append(error.slug)
            told.write_text(f"{slugs} {live.stats().waiting >= 0}")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        live.put(RING)
    assert told.read_text() == f"{['stream-forked'] * 3} True"
    assert live.stats().frames + live.stats().dropped == 2


def test_the_interpreters_end_closes_what_is_open_with_a_callback_that_hangs() -> None:
    code = """if True:
    import sdk, time, numpy as np
    live = sdk.Classifier().stream().background(lambda _: time.sleep(1000))
    for _ in range(50): live.put(np.full((60, 80), 90, np.uint8))
    print("done")
    """
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_ten_times_too_fast_drops_exactly_and_keeps_nothing(classifier: sdk.Classifier) -> None:
    seen: list[float] = []
    screen = np.zeros((480, 640), np.uint8)
    screen[:120, :160] = RING
    slow = threading.Event()

    def callback(answer: sdk.stream.StreamResult) -> None:
        seen.append(answer.latency_us)
        slow.wait(0.02)

    threads = threading.active_count()
    with classifier.stream(fps=30).background(callback) as live:
        for number in range(600):
            live.put(screen, number)
    stats = live.stats()
    assert stats.frames + stats.dropped == 600
    assert stats.failed == stats.callback_errors == 0
    assert len(live._pool._free) <= 3
    assert len(seen) + stats.undelivered == stats.frames
    assert threading.active_count() == threads
    gc.collect()


@pytest.mark.parametrize(
    "wrong",
    [{"capacity": 0}, {"capacity": 5000}, {"capacity": True}, {"when_full": "block"},
     {"on_result": 3}],
)  # fmt: skip
def test_wrong_settings_are_named_and_start_no_thread(
    classifier: sdk.Classifier, wrong: dict
) -> None:
    threads = threading.active_count()
    with pytest.raises(SdkError, match=next(iter(wrong))) as caught:
        classifier.stream().background(**wrong)
    assert caught.value.slug == "stream-setting"
    assert threading.active_count() == threads
