"""Classify one frame of an image or DICOM file, or of a synthetic phantom if none is named.

Usage: ``python examples/classify_frame.py [FILE]``.
"""

import sys

import sdk
from sdk import sources


def main(arguments: list[str]) -> None:
    if arguments:
        frame, _ = next(iter(sources.open(arguments[0])))
    else:
        from export.data.phantom import phantom_frame

        frame = sdk.Frame.from_array(phantom_frame("head", seed=2).pixels)
    result = sdk.classify(frame)
    if result.label is not None:
        print(f"{result.label} ({result.confidence:.0%})")
    else:
        print(f"{result.decision}: {', '.join(result.reasons)}")


if __name__ == "__main__":
    main(sys.argv[1:])
