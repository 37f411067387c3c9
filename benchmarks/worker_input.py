"""What travels to a fresh process: a job, and where its inputs lie. Standard library alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.onnx_facts.types import Shapes
from benchmarks.record.jobs import FrameShape, Job
from benchmarks.subjects.spec import Subject

#: Seconds after which a worker is taken for hung.
TIMEOUT_S = 180.0


@dataclass(frozen=True)
class WorkerInput:
    """One fresh process. Only ``job`` is recorded: the rest says where the harness put files.

    Attributes:
        job: what to do.
        subject: what to measure; None for imports alone, a probe and the pixel kernel.
        timeout_s: after which the process is killed.
        frame: of ``ring`` and ``screen``.
        ring: .npy file of screens.
        screen: .npy file of one of them.
        tensor: .npy file of one frame through the subject's preprocessing.
        tensors: .npy file of all sample frames through it.
        images: JSON file with the paths of labelled frames.
        imports: modules that the process imports before anything else.
        model: path of the file that a probe looks at.
        shapes: sizes that a user gave for its inputs.
    """

    job: Job
    subject: Subject | None = None
    timeout_s: float = TIMEOUT_S
    frame: FrameShape | None = None
    ring: str = ""
    screen: str = ""
    tensor: str = ""
    tensors: str = ""
    images: str = ""
    imports: tuple[str, ...] = ()
    model: str = ""
    shapes: Shapes = field(default_factory=dict)

    @property
    def measured(self) -> Subject:
        """Return the subject.

        Raises:
            ValueError: the job has none.
        """
        if self.subject is None:
            raise ValueError(f"{self.job.task}: needs a subject")
        return self.subject

    @property
    def shown(self) -> FrameShape:
        """Return the shape of the frames.

        Raises:
            ValueError: the job has none.
        """
        if self.frame is None:
            raise ValueError(f"{self.job.task}: needs the shape of its frames")
        return self.frame

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WorkerInput:
        """Return what `json_form.to_json` wrote; the harness alone writes it."""
        subject, frame = data.get("subject"), data.get("frame")
        named = {
            "job": Job(**data["job"]),
            "subject": Subject.from_json(subject) if subject else None,
            "frame": FrameShape(**frame) if frame else None,
        }
        return cls(**{**data, **named})
