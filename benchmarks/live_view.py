"""What lookers cost the classifier: a stream at 30 frames a second, with nobody, 1 and 16 clients.

    python -m benchmarks.live_view

The clients ask as fast as they are answered and run in the same process, which is worse than any
browser. Frames are 1920x1080 BGRA with a region.
"""

from __future__ import annotations

import http.client
import json
import threading
import time

import numpy as np

import sdk
from export.data.phantom import phantom_frame
from sdk.live import LiveServer, View

_FRAMES, _FPS = 240, 30


def _frame() -> sdk.Frame:
    screen = np.zeros((1080, 1920, 4), np.uint8)
    pixels = phantom_frame("femur", seed=2, height=900, width=1400).pixels
    screen[90:990, 260:1660, :3] = pixels[..., None]
    region = sdk.Region.rectangle(260, 90, 1400, 900)
    return sdk.Frame.from_array(screen, format="BGRA32", region=region)


def _look(server: LiveServer, stop: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    number = 0
    while not stop.is_set():
        try:
            connection.request("GET", f"/{server.token}/data?after={number}")
            page = connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
            continue
        if page:
            number = json.loads(page)["number"]
    connection.close()


def measure(classifier: sdk.Classifier, frame: sdk.Frame, clients: int) -> str:
    """Return a line: latencies of the stream, and what handing over cost."""
    stream, view, stop = classifier.stream(fps=_FPS), View(dict), threading.Event()
    handed_us = []
    with LiveServer(view) as server:
        for _ in range(clients):
            threading.Thread(target=_look, args=(server, stop), daemon=True).start()
        due = time.perf_counter()
        for _ in range(_FRAMES):
            answer = stream.push(frame)
            begun = time.perf_counter()
            view.show(frame, answer)
            handed_us.append((time.perf_counter() - begun) * 1e6)
            due += 1 / _FPS
            time.sleep(max(0.0, due - time.perf_counter()))
        stop.set()
    stats = stream.stats()
    p50, p99 = ((value or 0.0) / 1e3 for value in (stats.latency_p50_us, stats.latency_p99_us))
    handed = np.percentile(handed_us, (50, 99))
    return (
        f"{clients:2} clients: answer p50 {p50:.2f} ms, p99 {p99:.2f} ms; "
        f"hand over p50 {handed[0]:.0f} us, p99 {handed[1]:.0f} us; {stats.late} late"
    )


def main() -> None:
    """Print a line for each number of clients."""
    classifier, frame = sdk.Classifier(), _frame()
    for clients in (0, 1, 16, 0):
        print(measure(classifier, frame, clients), flush=True)


if __name__ == "__main__":
    main()
