"""A subject under test, as plain data that travels to a fresh process."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Runtime = Literal["sdk", "onnxruntime", "openvino", "pytorch"]

#: What a process of that runtime imports before any model is there: the memory baseline.
IMPORTS: dict[str, tuple[str, ...]] = {
    "sdk": ("numpy", "onnxruntime"),
    "onnxruntime": ("numpy", "onnxruntime"),
    "openvino": ("numpy", "openvino"),
    # the architecture comes from export, which imports the SDK: counted as imports, not as model
    "pytorch": ("numpy", "torch", "export.models.teacher"),
}


@dataclass(frozen=True)
class Subject:
    """One model in one runtime at one precision.

    Attributes:
        model: short name of the model, as ``student`` or ``teacher``.
        family: ``teacher``, ``student`` or ``user``.
        runtime: ``sdk`` is the whole `sdk.Classifier`; the others are the model alone behind the
            SDK's preprocessing.
        precision: ``fp32`` or ``int8`` of a student and the teacher; of a foreign file what
            `onnx_facts.weights.precision` finds.
        path: the .onnx file; for PyTorch the file whose weights the builder takes, or empty.
        builder: ``package.module:function`` that builds the PyTorch module.
        weights: ``trained`` or ``untrained``: untrained ones tell speed and memory, not quality;
            ``unknown`` of a user's file, which cannot say.
        preprocessing: `sdk.Preprocessing` as a dict; empty for the SDK, which reads it in the file.
        feed: how a foreign file is fed, see `onnx_facts.feeds`; empty for a student and a teacher.
        scores: whether the first output is a row of scores, for a softmax and for comparing.
        facts: `onnx_facts.facts.ModelFacts` as a dict where they were found with the feed.
    """

    model: str
    family: Literal["teacher", "student", "user"]
    runtime: Runtime
    precision: str
    path: str = ""
    builder: str = ""
    weights: Literal["trained", "untrained", "unknown"] = "trained"
    preprocessing: dict[str, Any] = field(default_factory=dict)
    feed: dict[str, Any] = field(default_factory=dict)
    scores: bool = True
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return ``model-precision/runtime``, unique in a run."""
        return f"{self.model}-{self.precision}/{self.runtime}"

    @property
    def takes_frames(self) -> bool:
        """Return whether frames can be fed to it; else its inputs are made up."""
        return not self.feed or bool(self.feed["frame"])

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Subject:
        """Return the subject that `to_dict` wrote."""
        return cls(**data)
