"""A cart's loop: a grabber's screen at 30 frames a second, answered in the background.

The grabber here is synthetic: it draws a moving phantom into one reused screen buffer.

Usage: ``python examples/stream.py [SECONDS]``.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

import sdk
from export.data.phantom import phantom_cine

FPS = 30


def grabber(seconds: float) -> Iterator[np.ndarray]:
    """Yield the same 1280x720 BGRA buffer, filled anew for each frame, as grabbers do."""
    screen = np.full((720, 1280, 4), 24, np.uint8)
    count = max(1, round(seconds * FPS))
    for frame in phantom_cine("abdomen", seed=18, frames=count, height=600, width=800):
        screen[60:660, 240:1040, :3] = frame.pixels[..., None]
        yield screen
        time.sleep(1 / FPS)


def show(answer: sdk.stream.StreamResult) -> None:
    print(f"{answer.decision:8} {answer.label or '-':10} {' '.join(answer.events)}")


def main(arguments: list[str]) -> None:
    stream = sdk.Classifier().stream(fps=FPS, region="auto")
    with stream.background(on_result=show) as live:
        for screen in grabber(float(arguments[0]) if arguments else 1.0):
            live.put(sdk.Frame.from_array(screen, format="BGRA32"))
    stats = live.stats()
    print(f"{stats.frames} answered, {stats.dropped} dropped, {stats.late} late")
    print(f"p99 {(stats.latency_p99_us or 0) / 1000:.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
