"""A program without a clock: classify the screens of a .npy file over and over.

    python -m benchmarks.selfcheck.classify_loop STUDENT RING QUERIES

External tools time it (`benchmarks.selfcheck.external_tools`); nothing of the suite runs in it.
"""

from __future__ import annotations

import sys

import numpy as np

import sdk


def main(student: str, ring: str, queries: int) -> None:
    """Classify ``queries`` BGRA frames of the ring ``(n, height, width, 4)``, in turn.

    Raises:
        ValueError: a frame is rejected, so that nothing would be inferred.
    """
    classifier = sdk.Classifier(student)
    screens = list(np.load(ring))
    for index in range(queries):
        frame = sdk.Frame.from_array(screens[index % len(screens)], format="BGRA32")
        if classifier.classify(frame).decision == "reject":
            raise ValueError("a frame was rejected: there is nothing to time")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
