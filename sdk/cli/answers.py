"""How frames are answered: each by itself, or smoothed along its file."""

from __future__ import annotations

from ..classifier import Classifier
from ..frame import Frame
from ..result import Result
from ..sources import FrameInfo
from ..stream import Stream, StreamResult
from .options import DEFAULT_FPS

Answer = Result | StreamResult


class Answers:
    """Answers the frames of one file after another."""

    def __init__(self, classifier: Classifier, *, smooth: bool, fps: float | None) -> None:
        """Prepare.

        Args:
            classifier: the student.
            smooth: whether to answer through a `Stream`, a new one for each file.
            fps: of frames without times, in a stream.
        """
        self._classifier, self._smooth, self._fps = classifier, smooth, fps or DEFAULT_FPS
        self._stream: Stream | None = None

    def new_file(self) -> None:
        """Forget the frames so far."""
        self._stream = self._classifier.stream(fps=self._fps) if self._smooth else None

    def answer(self, frame: Frame, info: FrameInfo) -> Answer:
        """Classify a frame."""
        if self._stream is None:
            return self._classifier.classify(frame)
        return self._stream.push(frame, info.timestamp_us)


def of_frame(answer: Answer) -> Result:
    """Return what was said of the frame by itself."""
    return answer.frame_result if isinstance(answer, StreamResult) else answer
