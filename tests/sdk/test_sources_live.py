"""Live sources: the newest frame counts, drops are counted, errors are typed, nothing hangs."""

from __future__ import annotations

import gc
import http.server
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk import FrameError, Region, SourceError, sources
from sdk.sources.live.jpegs import Cutter

GREY = np.random.default_rng(1).integers(0, 255, (24, 32, 1)).astype(np.uint8)
JPEGS = [simplejpeg.encode_jpeg(np.roll(GREY, i, 1), 80, "GRAY", "") for i in range(6)]


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "sonogaze-source"]


# --- cutting


@given(st.data())
def test_images_are_cut_wherever_the_pieces_end(data: st.DataObject) -> None:
    stream = b"".join(JPEGS)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    cutter, found = Cutter(), []
    for first, last in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += cutter.feed(stream[first:last])
    assert found == JPEGS
    assert cutter.skipped_bytes == 0


def test_bytes_between_images_are_passed_over_and_counted() -> None:
    cutter = Cutter()
    assert cutter.feed(b"abc" + JPEGS[0] + b"\r\n\xff\xd8x" + JPEGS[1]) == JPEGS[:2]
    assert cutter.skipped_bytes == 3 + 5


@settings(max_examples=200)
@given(st.binary(max_size=200), st.integers(0, 5))
def test_any_bytes_leave_the_cutter_ready_for_the_next_image(noise: bytes, place: int) -> None:
    cutter = Cutter()
    cutter.feed(noise.replace(b"\xff\xd8", b""))
    assert JPEGS[place] in cutter.feed(JPEGS[place] + JPEGS[place]) or b"\xff" in noise


def test_an_image_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonogaze.sources.live.jpegs.MAX_JPEG_BYTES", 5000)
    cutter = Cutter()
    cutter.feed(JPEGS[0][:-2] + bytes(3000))
    with pytest.raises(SourceError) as caught:
        cutter.feed(bytes(3000))
    assert caught.value.slug == "source-too-large"


# --- pipes


def test_every_image_of_a_pipe_comes_until_it_ends() -> None:
    with sources.mjpeg(io.BytesIO(b"".join(JPEGS)), queue=6) as live:
        found = list(live)
    assert [bytes(frame._data) for frame, _ in found] == JPEGS
    assert [info.index for _, info in found] == list(range(6))
    assert {(info.kind, info.frame_count) for _, info in found} == {("mjpeg", None)}


def test_the_newest_frame_counts_and_drops_are_counted() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file, sources.mjpeg(file) as live:
        os.write(writing, b"".join(JPEGS))
        os.close(writing)
        wait_for(lambda: live.stats().received == 6)
        (frame, info), *rest = list(live)
        stats = live.stats()
    assert (bytes(frame._data), info.index, rest) == (JPEGS[5], 5, [])
    assert (stats.received, stats.delivered, stats.dropped) == (6, 1, 5)


def test_a_silent_pipe_is_a_timeout_and_close_returns_at_once() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file:
        live = sources.mjpeg(file, timeout_s=0.1)
        for _ in range(2):
            with pytest.raises(SourceError) as caught:
                next(live)
            assert caught.value.slug == "source-timeout"
            assert not live.ended
        os.write(writing, JPEGS[0])
        assert next(live)[1].index == 0
        began = time.monotonic()
        live.close()
        live.close()
        assert time.monotonic() - began < 3
        with pytest.raises(StopIteration):
            next(live)
    os.close(writing)
    assert not threads()


def test_a_source_that_nobody_holds_ends_its_thread() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file:
        live = sources.mjpeg(file)
        assert threads()
        del live
        gc.collect()
        wait_for(lambda: not threads())
    os.close(writing)


def test_a_frame_that_is_none_is_an_error_once_and_the_next_one_comes() -> None:
    progressive = simplejpeg.encode_jpeg(GREY, 80, "GRAY", "")
    bad = progressive.replace(b"\xff\xc0", b"\xff\xc2")
    with sources.mjpeg(io.BytesIO(JPEGS[0] + bad + JPEGS[1]), queue=3) as live:
        next(live)
        with pytest.raises(FrameError) as caught:
            next(live)
        assert caught.value.slug == "jpeg-unsupported"
        assert not live.ended
        assert bytes(next(live)[0]._data) == JPEGS[1]


# --- HTTP


class Server:
    """An HTTP server on loopback that answers every request with the given bytes."""

    def __init__(self, answer: Callable[[Any], None]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/stream?a=1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def multipart(images: list[bytes], length: bool, boundary: bytes = b"frame") -> bytes:
    parts = b""
    for image in images:
        header = b"Content-Length: %d\r\n" % len(image) if length else b""
        parts += b"--" + boundary + b"\r\nContent-Type: image/jpeg\r\n" + header + b"\r\n"
        parts += image + b"\r\n"
    return parts


def answering(body: bytes, kind: str = "multipart/x-mixed-replace; boundary=frame") -> Any:
    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    servers: list[Server] = []

    def start(answer: Any) -> str:
        servers.append(Server(answer))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("length", [True, False])
def test_motion_jpeg_over_http_is_cut_at_its_boundaries(serve: Any, length: bool) -> None:
    url = serve(answering(multipart(JPEGS, length)))
    region = Region.rectangle(0, 0, 8, 8)
    with sources.mjpeg(url, queue=6, region=region, give_up_s=5) as live:
        found = [next(live) for _ in range(6)]
    assert [bytes(frame._data) for frame, _ in found] == JPEGS
    assert {(info.region_origin, info.path) for _, info in found} == {("given", url)}


def test_a_connection_that_ends_is_made_again(serve: Any) -> None:
    url = serve(answering(multipart(JPEGS[:2], True)))
    with sources.open(url) as live:
        seen = {next(live)[1].index for _ in range(4)}
        assert live.stats().connections >= 2
    assert len(seen) == 4


def test_a_server_that_stays_away_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    began = time.monotonic()
    with (
        sources.mjpeg(url, give_up_s=0.5) as live,
        pytest.raises(SourceError, match="refused") as caught,
    ):
        next(live)
    assert caught.value.slug == "source-disconnected"
    assert live.ended
    assert time.monotonic() - began < 5


def test_an_answer_that_is_no_motion_jpeg_is_refused(serve: Any) -> None:
    for answer in (answering(b"<html>", "text/html"), lambda h: h.send_error(404)):
        with sources.mjpeg(serve(answer)) as live, pytest.raises(SourceError) as caught:
            next(live)
        assert caught.value.slug == "source-unsupported"


@pytest.mark.parametrize(
    "parts",
    [b"--frame\r\nContent-Length: -1\r\n\r\n", b"--frame\r\nContent-Length: 99999999999\r\n\r\n",
     b"--frame\r\n" + b"X: y\r\n" * 100, b"x" * 20_000, b"--frame--\r\n", b"",
     b"--frame\r\nContent-Length: 500\r\n\r\nshort"],
)  # fmt: skip
def test_parts_that_make_no_sense_end_the_connection(serve: Any, parts: bytes) -> None:
    url = serve(answering(parts))
    with sources.mjpeg(url, give_up_s=0.3) as live, pytest.raises(SourceError) as caught:
        next(live)
    assert caught.value.slug == "source-disconnected"


def test_another_machine_is_refused_unless_it_is_allowed() -> None:
    for source in ("http://192.0.2.1/", "igtl://192.0.2.1"):
        with pytest.raises(SourceError) as caught:
            sources.open(source)
        assert caught.value.slug == "source-remote"


@pytest.mark.parametrize(
    "url", ["http://", "http://a:b/", "https://localhost/", "http://u:p@localhost/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.mjpeg(url)
    assert caught.value.slug == "source-option"


@pytest.mark.parametrize(
    "options", [{"queue": 0}, {"queue": True}, {"timeout_s": 0}, {"timeout_s": float("nan")},
                {"give_up_s": -1}, {"remote": 1}, {"speed": 2}],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SourceError) as caught:
        sources.mjpeg(io.BytesIO(), **options)
    assert caught.value.slug == "source-option"


# --- callbacks


def test_a_scanners_images_are_copied_and_described() -> None:
    with sources.callback(queue=4) as live:
        buffer = bytearray(GREY.tobytes())
        live.new_processed_image(buffer, 32, 24, len(buffer), 250.0, 5_000_000, 0.0, [])
        buffer[:] = bytes(len(buffer))
        live.put(bytes(32 * 24 * 4), 32, 24, bits_per_pixel=32, timestamp_ns=45_000_000)
        live.put(b"", 32, 24, overlay=True)
        live.end()
        (grey, first), (colour, second) = list(live)
    assert np.array_equal(np.frombuffer(grey._data, np.uint8), GREY.reshape(-1))
    assert grey._key.pixel_size == (0.25, 0.25)
    assert (str(grey.format), str(colour.format)) == ("GRAY8", "BGRA32")
    assert (first.timestamp_us, second.timestamp_us) == (0, 40_000)
    assert live.stats().ignored == 1


def test_an_image_that_is_none_is_raised_where_frames_are_taken() -> None:
    with sources.callback(queue=8) as live:
        live.put(bytes(10), 32, 24, bits_per_pixel=8)
        live.put(bytes(10), 32, 24)
        live.put("text", 32, 24)
        live.put(bytes(4), 2, 2)
        slugs = []
        for _ in range(3):
            with pytest.raises(FrameError) as caught:
                next(live)
            slugs.append(caught.value.slug)
        assert slugs == ["buffer-truncated", "format-missing", "data-type"]
        assert next(live)[0].width == 2


def test_a_scanners_clock_that_steps_back_is_bridged() -> None:
    with sources.callback(queue=4) as live:
        for time_ns in (10**9, 2 * 10**9, 10**9, 3 * 10**9):
            live.put(bytes(4), 2, 2, timestamp_ns=time_ns)
        live.end()
        first, second, bridged, last = [info.timestamp_us for _, info in live]
    assert (first, second, last) == (0, 10**6, 2 * 10**6)
    assert second is not None
    assert bridged is not None
    assert second < bridged < last


def test_counts_add_up_with_many_who_put_and_take() -> None:
    with sources.callback(queue=3, timeout_s=5) as live:

        def put() -> None:
            for _ in range(500):
                live.put(bytes(4), 2, 2)

        putters = [threading.Thread(target=put) for _ in range(4)]
        taken: list[int] = []
        takers = [
            threading.Thread(target=lambda: taken.extend(i.index for _, i in live))
            for _ in range(2)
        ]
        for thread in [*takers, *putters]:
            thread.start()
        for thread in putters:
            thread.join()
        live.end()
        for thread in takers:
            thread.join()
        stats = live.stats()
    assert stats.received == 2000
    assert stats.delivered == len(taken) == 2000 - stats.dropped


# --- cameras


def test_a_camera_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SourceError) as caught:
        sources.open("/dev/video251")
    assert caught.value.slug == "source-unreadable"


class FakeCapture:
    """Stands for OpenCV's V4L2 reader: no kernel module gives a device here."""

    fourcc, arrays = b"YUYV", [np.full((24, 32, 2), 7, np.uint8)] * 3

    def __init__(self, device: Any, backend: int, wishes: list[int]) -> None:
        self.left = list(self.arrays)

    def isOpened(self) -> bool:
        return True

    def get(self, what: int) -> float:
        import cv2

        sides = {cv2.CAP_PROP_FRAME_WIDTH: 32, cv2.CAP_PROP_FRAME_HEIGHT: 24}
        return sides.get(what, int.from_bytes(self.fourcc, "little"))

    def read(self) -> tuple[bool, Any]:
        return (True, self.left.pop()) if self.left else (False, None)

    def release(self) -> None:
        pass


def test_a_cameras_own_pixels_come_out_with_the_colour_that_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cv2.VideoCapture", FakeCapture)
    with sources.camera(0, color="bt709-limited", queue=4, format="YUYV", size=(32, 24)) as live:
        frame, info = next(live)
        assert (str(frame.format), info.color, info.kind) == ("YUYV", "bt709-limited", "camera")
        assert bytes(frame._data) == bytes([7]) * 32 * 24 * 2
        next(live), next(live)
        with pytest.raises(SourceError, match="no more"):
            next(live)
    with sources.camera(0, queue=4) as live, pytest.raises(FrameError) as caught:
        next(live)
    assert caught.value.slug == "color-missing"


def test_a_cameras_unknown_pixels_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.VideoCapture", FakeCapture)
    monkeypatch.setattr(FakeCapture, "fourcc", b"H264")
    with sources.camera(0) as live, pytest.raises(SourceError, match="H264") as caught:
        next(live)
    assert caught.value.slug == "source-unsupported"


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
