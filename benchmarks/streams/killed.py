"""Senders that are killed and started again under a running stream: Motion JPEG and OpenIGTLink."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import sdk
import sdk.sources
from benchmarks.streams.cine import moving
from benchmarks.streams.memory import anonymous_kib
from export.data.phantom import phantom_frame
from sdk.stream import BackgroundStream, StreamResult, StreamStats

_SENDER = Path(__file__).with_name("sender.py")
_FPS = 30.0
_DOWN_S = 1.5  # longer than `gap_s`
_WAIT_S = 60.0
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def write_frames(folder: Path, kind: str) -> None:
    """Write what a sender sends: a cine as Motion JPEG, or as OpenIGTLink messages."""
    still = phantom_frame("femur", seed=1, height=240, width=320).pixels
    pack = _jpeg_part if kind == "http" else _igtl_message
    if kind == "http":
        (folder / "head").write_bytes(_HEAD)
    for number, picture in enumerate(islice(moving(still, 30, _FPS, np.random.default_rng(0)), 30)):
        (folder / f"frame-{number:03}").write_bytes(pack(picture))


def _jpeg_part(picture: Any) -> bytes:
    import simplejpeg

    image = simplejpeg.encode_jpeg(np.ascontiguousarray(picture[..., None]), colorspace="GRAY")
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(image)}\r\n\r\n"
    return head.encode() + bytes(image) + b"\r\n"


def _igtl_message(picture: Any) -> bytes:
    import pyigtl

    return bytes(pyigtl.ImageMessage(picture[None], device_name="Probe").pack())


class Sender:
    """A process that sends, on one port, however often it is killed."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [sys.executable, "-S", str(_SENDER), str(folder), str(self.port), str(_FPS)]
        self.start()

    def start(self) -> None:
        """Start to send."""
        self._process = subprocess.Popen(self._command)

    def kill(self) -> None:
        """Kill it with SIGKILL: it says no goodbye."""
        self._process.kill()
        self._process.wait()


class Taker:
    """Puts a live source's frames into a background stream, in a thread, as the pages say."""

    def __init__(self, source: sdk.sources.LiveSource, live: BackgroundStream) -> None:
        self._source, self._live = source, live
        self.pushed = 0
        self.ended_with: str | None = None
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def _take(self) -> None:
        while True:
            try:
                frame, info = next(self._source)
            except StopIteration:
                return
            except sdk.SdkError as error:
                if self._source.ended:
                    self.ended_with = error.slug
                    return
                continue
            self._live.put(frame, info.timestamp_us)
            self.pushed += 1


def killed(classifier: sdk.Classifier, kind: str, kills: int) -> dict[str, Any]:
    """Kill a sender so many times, and tell how the stream took it.

    Args:
        classifier: answers.
        kind: `http` or `igtl`.
        kills: 1 or more.
    """
    begun_anew: list[bool] = []

    def look(answer: StreamResult) -> None:
        if "gap" in answer.events:
            begun_anew.append(_is_first(answer))

    stream = classifier.stream(fps=_FPS)
    with tempfile.TemporaryDirectory() as folder:
        write_frames(Path(folder), kind)
        sender = Sender(Path(folder))
        source = sdk.sources.open(f"{kind}://127.0.0.1:{sender.port}/")
        assert isinstance(source, sdk.sources.LiveSource)
        with source, stream.background(look) as live:
            taker = Taker(source, live)
            back_s, kib = _kill_often(sender, kills, lambda: live.stats().frames)
            sender.kill()
            source.close()
            taker.thread.join(_WAIT_S)
        received = source.stats()
    stats = live.stats()
    return {
        "kind": kind,
        "kills": kills,
        "down_s": _DOWN_S,
        "back_s": back_s,
        "anonymous_kib": kib,
        "received": received._asdict(),
        "pushed": taker.pushed,
        "stats": stats.to_dict(),
        "held": _held(kills, begun_anew, taker, received, stats),
    }


def _is_first(answer: StreamResult) -> bool:
    """Return whether a stream's answer is that to its frame alone, as after a start."""
    frame = answer.frame_result
    found, alone = answer.probabilities or {}, dict(frame.probabilities or {})
    if set(frame.reasons) - {"low-confidence"}:
        # such a frame is evidence for no label (docs/stream.md, Smoothing)
        alone = dict.fromkeys(alone, 1 / len(alone))
    return bool(alone) and all(abs(found[label] - alone[label]) < 1e-6 for label in alone)


def _held(
    kills: int,
    begun_anew: list[bool],
    taker: Taker,
    received: sdk.sources.LiveStats,
    stats: StreamStats,
) -> dict[str, bool]:
    """Return what must hold of a source and its stream, and whether it did."""
    taken = received.received - received.dropped
    return {
        # a machine that stands still makes more of both
        "a connection for each start": received.connections > kills,
        "a gap for each kill": len(begun_anew) == stats.events["gap"] >= kills,
        "the smoothing began anew after each": all(begun_anew),
        "no frame was refused or failed": stats.failed == stats.bad_timestamps == 0,
        "pushed = answered + dropped": taker.pushed == stats.frames + stats.dropped,
        # the newest may still be held when the source is closed
        "received = taken + dropped": taken in (taker.pushed, taker.pushed + 1),
        "the source never ended by itself": taker.ended_with is None,
    }


def _kill_often(
    sender: Sender, kills: int, answered: Callable[[], int]
) -> tuple[list[float], list[int]]:
    """Return how long after each start the first answer came, and memory then."""
    back_s, kib = [], []
    _wait_for(answered, 15)
    for _ in range(kills):
        sender.kill()
        time.sleep(_DOWN_S)
        before, begun_s = answered(), time.monotonic()
        sender.start()
        _wait_for(answered, before + 1)
        back_s.append(time.monotonic() - begun_s)
        _wait_for(answered, before + 15)
        kib.append(anonymous_kib())
    return back_s, kib


def _wait_for(answered: Callable[[], int], count: int) -> None:
    end_s = time.monotonic() + _WAIT_S
    while answered() < count:
        if time.monotonic() > end_s:
            raise TimeoutError(f"{answered()} answers within {_WAIT_S:g} s, expected {count}")
        time.sleep(0.005)
