"""`sonogaze live`: loopback alone, whoever looks costs the classifier nothing, and it ends."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import simplejpeg
from sonogaze.sources.choices import Wanted
from typer.testing import CliRunner

import sdk
import sdk.cli.live
import sdk.live.pace
from sdk.cli.app import app
from sdk.errors import FrameError, SourceError
from sdk.live import LiveServer, Paced, View, Watched, watch
from sdk.live.server import MOST_CONNECTIONS, _Handler
from sdk.model_file.known_answers import pattern_frame
from sdk.sources import FrameInfo, LiveSource
from sdk.sources.live.source import Receiver

RING = pattern_frame("ring", 320, 240)


@pytest.fixture
def stream(toy_path):
    return sdk.Classifier(toy_path).stream()


@pytest.fixture
def view():
    made = View(lambda: {"asked": 1}, fps=1000)
    yield made
    made.close()


@pytest.fixture
def server(view):
    with LiveServer(view) as made:
        yield made


def shown(view, stream, count=1):
    for _ in range(count):
        frame = sdk.Frame.from_array(RING)
        view.show(frame, stream.push(frame))


def get(server, path=None, host=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    try:
        headers = {"Host": host} if host is not None else {}
        connection.request("GET", path or f"/{server.token}/", headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def eventually(holds, timeout_s=20.0):
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_listens_on_loopback_alone(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert server.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "", "[::1]:80"])
def test_a_name_that_is_rebound_to_loopback_gets_nothing(server, host):
    assert get(server, host=host)[0] == 421
    assert get(server, host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/data", "/x/", "/{}x/", "/{}/../live.py", "/{}/server.py", "/{}/data?after=-1"]
)
def test_without_the_token_or_for_another_file_there_is_nothing(server, path):
    status, _, body = get(server, path.format(server.token))
    assert status == 404
    assert server.token.encode() not in body


def test_tokens_are_of_one_run(view):
    with LiveServer(view) as one:
        other = LiveServer(view)
        other.server_close()
        assert len(one.token) >= 20
        assert one.token != other.token


def test_the_page_may_load_from_here_alone_and_be_framed_by_nobody(server):
    for name in ("", "live.css", "live.js"):
        status, headers, body = get(server, f"/{server.token}/{name}")
        assert status == 200
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert b"http:" not in body
        assert b"https:" not in body


def test_other_methods_are_refused(server):
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as link:
        link.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 501 " in link.recv(100)


def test_data_hold_answer_pictures_and_numbers_and_are_numbered(server, view, stream):
    shown(view, stream)
    status, _, body = get(server, f"/{server.token}/data?after=0")
    assert status == 200
    data = json.loads(body)
    assert data["answer"]["label"] == "head"
    assert data["answer"]["region_origin"] == "whole"
    assert data["numbers"] == {"asked": 1}
    assert data["ended"] is None
    assert (data["width"], data["height"]) == (320, 240)
    assert data["image"] != data["attention"]
    assert get(server, f"/{server.token}/data?after={data['number']}")[0] == 204


def test_the_picture_is_of_the_newest_frame_and_untouched(view, stream):
    shown(view, stream, 3)
    frame = sdk.Frame.from_array(np.ascontiguousarray(RING[::-1]))
    view.show(frame, stream.push(frame))
    data = json.loads(view.page(0, 20))
    picture = simplejpeg.decode_jpeg(base64.b64decode(data["image"]), "GRAY")[..., 0]
    assert np.abs(picture.astype(int) - RING[::-1]).mean() < 8  # of the JPEG
    assert np.abs(picture.astype(int) - RING).mean() > 12


def test_nothing_is_drawn_while_nobody_looks(stream):
    asked = []
    view = View(lambda: asked.append(1) or {}, fps=1000)
    shown(view, stream, 5)
    time.sleep(0.1)
    assert asked == []
    assert view.page(0, 20) is not None
    assert asked
    view.close()


def test_drawing_that_hangs_delays_no_answer(stream):
    hangs = threading.Event()
    view = View(lambda: hangs.wait(60) and {}, fps=1000)
    looking = threading.Thread(target=view.page, args=(0, 60), daemon=True)
    looking.start()
    shown(view, stream)  # its drawing hangs
    done = threading.Event()

    def go_on():
        shown(view, stream, 20)
        done.set()

    threading.Thread(target=go_on, daemon=True).start()
    assert done.wait(20)
    hangs.set()
    looking.join(20)
    view.close()


def test_tabs_that_read_nothing_or_close_delay_nobody_and_are_let_go(
    server, view, stream, monkeypatch
):
    monkeypatch.setattr(_Handler, "timeout", 0.5)
    monkeypatch.setattr(view, "_data", lambda number, *_: b"x" * 30_000_000)
    links = []
    for _ in range(8):
        link = socket.create_connection(("127.0.0.1", server.server_port))
        host = f"127.0.0.1:{server.server_port}"
        link.sendall(f"GET /{server.token}/data?after=0 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        links.append(link)
    for link in links[:4]:
        link.close()
    shown(view, stream, 10)
    assert len(get(server, f"/{server.token}/data?after=0")[2]) == 30_000_000
    eventually(lambda: server._room._value == MOST_CONNECTIONS)
    for link in links[4:]:
        link.close()


def test_more_connections_than_allowed_are_hung_up_and_room_comes_back(server):
    links = []
    for _ in range(MOST_CONNECTIONS):
        links.append(socket.create_connection(("127.0.0.1", server.server_port), timeout=20))
    eventually(lambda: server._room._value == 0)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as late:
        assert late.recv(10) == b""
    assert server.refused == 1
    for link in links:
        link.close()
    eventually(lambda: server._room._value == MOST_CONNECTIONS)
    assert get(server)[0] == 200


def test_the_end_reaches_who_looks_and_ends_every_wait(view, stream):
    shown(view, stream)
    number = json.loads(view.page(0, 20))["number"]
    view.end("The source has ended")
    assert json.loads(view.page(number, 20))["ended"] == "The source has ended"
    waits = threading.Thread(target=view.page, args=(10**9, 60))
    waits.start()
    view.close()
    waits.join(20)
    assert not waits.is_alive()


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.mark.parametrize(
    ("cost_s", "shown_at_most", "shown_at_least"), [(0.0, 50, 50), (0.1, 27, 25), (1.0, 10, 10)]
)
def test_a_clip_keeps_its_pace_and_drops_what_is_overtaken(
    monkeypatch, cost_s, shown_at_most, shown_at_least
):
    clock = Clock()
    monkeypatch.setattr(sdk.live.pace, "time", clock)
    frame = sdk.Frame.from_array(RING)
    made = ((frame, FrameInfo("a", i, 50, "video", i * 50_000, "whole")) for i in range(50))
    paced, seen = Paced(made, 30.0), 0
    for _, info in paced:
        if cost_s == 0.0:
            assert clock.now - 100 == pytest.approx(info.timestamp_us / 1e6)
        clock.now += cost_s
        seen += 1
    assert shown_at_least <= seen <= shown_at_most
    assert seen + paced.dropped == 50


def test_a_live_source_that_pauses_or_sends_rubbish_goes_on(stream, view):
    receiver = Receiver("here", "mjpeg", Wanted(None, None, None), 8)
    good = simplejpeg.encode_jpeg(RING[..., None], 90, "GRAY", "")

    def bad():
        raise FrameError("jpeg-invalid", "no JPEG")

    def run(given):
        given.frame(lambda: sdk.Frame(good, format="MJPEG"), 1_000_000)
        given.frame(bad)
        time.sleep(0.3)
        given.frame(lambda: sdk.Frame(good, format="MJPEG"), 500_000)  # the clock stepped back
        given.box.end(SourceError("source-disconnected", "gone"))

    watched = Watched(stream, LiveSource(receiver, run, 0.1), "here")
    with pytest.raises(SourceError, match="gone"):
        watch(watched, view)
    numbers = watched.numbers()
    assert numbers["frames"] == 2
    assert numbers["unreadable"] == 2  # the rubbish, and the end
    json.dumps(numbers, allow_nan=False)


def command(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "sdk.cli", "live", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell's background jobs ignore it, and so would this one
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finished(process):
    try:
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    return out.decode(), error.decode()


JPEG = simplejpeg.encode_jpeg(np.ascontiguousarray(RING[..., None]), 90, "GRAY", "")


def test_the_command_ends_with_its_source(toy_path):
    process = command("-", "--model", str(toy_path))
    url = process.stdout.readline().decode().strip()
    process.stdin.write(JPEG * 2)
    process.stdin.flush()
    place, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(place, timeout=30)
    number, data = 0, {}
    while not data.get("answer"):
        connection.request("GET", f"/{path}data?after={number}")
        reply = connection.getresponse()
        body = reply.read()
        data = json.loads(body) if body else {}
        number = data.get("number", number)
    assert data["answer"]["label"] == "head"
    assert data["numbers"]["source"] == "standard input"
    connection.close()
    out, error = finished(process)  # closes standard input
    assert (process.returncode, out) == (0, "")
    assert " frames, " in error
    assert "Traceback" not in error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_cleanly(toy_path, number):
    process = command("-", "--model", str(toy_path))
    assert process.stdout.readline().startswith(b"http://127.0.0.1:")
    process.stdin.write(JPEG)
    process.stdin.flush()
    os.kill(process.pid, number)
    try:
        assert process.wait(30) == 0
        error = process.stderr.read().decode()
    finally:
        with contextlib.suppress(OSError):
            finished(process)
    assert "Traceback" not in error


def test_a_port_that_is_taken_is_an_error(toy_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = command("-", "--model", str(toy_path), "--port", port)
        out, error = finished(process)
    assert (process.returncode, out) == (3, "")
    assert f"no port {port}" in error


def test_a_source_that_is_none_is_an_error(toy_path):
    process = command("none.mp4", "--model", str(toy_path))
    out, error = finished(process)
    assert (process.returncode, out) == (1, "")
    assert error.startswith("source-not-found: ")


def test_who_looks_is_told_the_error_that_the_source_ended_in(stream, monkeypatch):
    def breaks_off():
        yield sdk.Frame.from_array(RING), FrameInfo("a", 0, None, "video", 0, "whole")
        raise SourceError("source-malformed", "half a frame")

    told = []
    monkeypatch.setattr(View, "end", lambda self, text: told.append(text))
    with pytest.raises(SourceError, match="half a frame"):
        sdk.cli.live._serve(Watched(stream, Paced(breaks_off(), 1000.0), "a"), 0)
    assert told == ["The source ended in an error: half a frame"]


def test_a_programs_own_handler_of_sigterm_stays(toy_path):
    def own(*_):
        pass

    before = signal.signal(signal.SIGTERM, own)
    try:
        done = CliRunner().invoke(app, ["live", "none.mp4", "--model", str(toy_path)])
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done.exit_code == 1
    assert done.stderr.startswith("source-not-found: ")
