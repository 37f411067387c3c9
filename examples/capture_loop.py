"""A capture loop as on a cart: a grabber's BGRA screen, one region of it, 30 frames a second.

The grabber here is synthetic: it draws a moving phantom into one reused screen buffer.

Usage: ``python examples/capture_loop.py [SECONDS]``.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

import sdk
from export.data.phantom import phantom_cine

FPS = 30
LEFT, TOP, WIDTH, HEIGHT = 260, 90, 1400, 900


def grabber(seconds: float) -> Iterator[np.ndarray]:
    """Yield the same 1920x1080 BGRA buffer, filled anew for each frame, as grabbers do."""
    screen = np.zeros((1080, 1920, 4), np.uint8)
    count = max(1, round(seconds * FPS))
    for frame in phantom_cine("abdomen", seed=18, frames=count, height=HEIGHT, width=WIDTH):
        screen[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH, :3] = frame.pixels[..., None]
        yield screen


def main(arguments: list[str]) -> None:
    classifier = sdk.Classifier()
    region = sdk.Region.rectangle(LEFT, TOP, WIDTH, HEIGHT)
    due = time.perf_counter()
    for screen in grabber(float(arguments[0]) if arguments else 1.0):
        frame = sdk.Frame(screen, width=1920, height=1080, format="BGRA32", region=region)
        result = classifier.classify(frame)
        print(f"{result.decision:8} {result.label or '-':10} {result.timing.total_us:6.0f} us")
        due += 1 / FPS
        time.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    main(sys.argv[1:])
