"""A subject under test, as plain data that travels to a fresh process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.onnx_facts.types import Feed, FeedInput, ModelFacts
from benchmarks.record.jobs import Recipe

Runtime = Literal["sdk", "onnxruntime", "openvino", "ncnn", "litert", "pytorch"]

#: What a process of that runtime imports before any model is there: the memory baseline.
IMPORTS: dict[Runtime, tuple[str, ...]] = {
    "sdk": ("numpy", "onnxruntime"),
    "onnxruntime": ("numpy", "onnxruntime"),
    "openvino": ("numpy", "openvino"),
    "ncnn": ("numpy", "ncnn"),
    "litert": ("numpy", "ai_edge_litert.interpreter"),
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
        precision: ``fp32`` or ``int8`` of a student and the teacher; of a user's file what
            `onnx_facts.weights.precision` finds.
        path: the .onnx file; for PyTorch the file whose weights the builder takes, or empty.
        builder: ``package.module:function`` that builds the PyTorch module.
        weights: ``trained`` or ``untrained``: untrained ones tell speed and memory, not quality;
            ``unknown`` of a user's file, which cannot say.
        preprocessing: of the frames that it is timed on.
        feed: how a user's file is fed; None for a student and a teacher.
        scores: whether the first output is a row of scores, for a softmax and for comparing.
        facts: of the file, where they were found with the feed.
        converted: the file that the runtime reads instead of ``path``.
        unavailable: why there is none; its measurements fail with this reason.
    """

    model: str
    family: Literal["teacher", "student", "user"]
    runtime: Runtime
    precision: str
    path: str = ""
    builder: str = ""
    weights: Literal["trained", "untrained", "unknown"] = "trained"
    preprocessing: Recipe | None = None
    feed: Feed | None = None
    scores: bool = True
    facts: ModelFacts | None = None
    converted: str = ""
    unavailable: str = ""

    @property
    def name(self) -> str:
        """Return ``model-precision/runtime``, unique in a run."""
        return f"{self.model}-{self.precision}/{self.runtime}"

    @property
    def takes_frames(self) -> bool:
        """Return whether frames can be fed to it; else its inputs are made up."""
        return self.feed is None or self.feed.frame

    @property
    def recipe(self) -> Recipe:
        """Return the preprocessing.

        Raises:
            ValueError: it has none.
        """
        if self.preprocessing is None:
            raise ValueError(f"{self.name}: needs preprocessing")
        return self.preprocessing

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Subject:
        """Return what `json_form.to_json` wrote."""
        feed, facts = data.get("feed"), data.get("facts")
        named = {
            "feed": feed_from_json(feed) if feed else None,
            "facts": ModelFacts(**facts) if facts else None,
        }
        return cls(**{**data, **named})


def feed_from_json(data: Mapping[str, Any]) -> Feed:
    """Return what `json_form.to_json` wrote of a feed."""
    return Feed(**{**data, "inputs": [FeedInput(**one) for one in data["inputs"]]})
