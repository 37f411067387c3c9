"""The story a student file tells of itself, and the only place that writes or reads it.

Every entry is a `metadata_props` pair of the ONNX file, its key prefixed with `sonogaze.`. The
format is described in docs/model-file.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._shown import shown
from ..errors import ModelError
from ..fields import (
    dump_json,
    free_json,
    invalid,
    json_list,
    json_object,
    number,
    numbers_by_label,
    parse_json,
    string,
    text,
)
from ..novelty import Novelty
from ..preprocess import Preprocessing
from ..quality import QualityThresholds
from .digest import DIGEST_KEY
from .known_answers import KnownAnswers
from .stream_settings import StreamSettings

PREFIX = "sonogaze."
FORMAT_VERSION = 1
PRECISIONS = ("fp32", "int8")
_MAX_LABELS = 1000
_MAX_ATTRIBUTION = 16_384
_KEYS = (
    "format_version",
    "student_id",
    "precision",
    "labels",
    "preprocessing",
    "calibration",
    "quality",
    "known_answers",
    "provenance",
    "attribution",
)
# a file without them is as valid as ever
_OPTIONAL = ("novelty", "stream")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become probabilities, and when a label is withheld.

    Attributes:
        temperature: logits are divided by it before the softmax; > 0 (Guo et al., 2017,
            arXiv:1706.04599).
        abstain_below: for each label, the probability below which that label is withheld.
    """

    temperature: float
    abstain_below: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {"temperature": self.temperature, "abstain_below": dict(self.abstain_below)}

    @classmethod
    def from_dict(cls, value: Any, labels: tuple[str, ...]) -> Calibration:
        """Read the calibration of a model file.

        Raises:
            ModelError: `model-metadata-invalid`.
        """
        field = PREFIX + "calibration"
        entries = json_object(value, field, frozenset({"temperature", "abstain_below"}))
        return cls(
            number(entries["temperature"], f"{field}.temperature", low=1e-3, high=1e3),
            numbers_by_label(
                entries["abstain_below"], f"{field}.abstain_below", labels, low=0.0, high=1.0
            ),
        )


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """Everything a student file says of itself.

    Attributes:
        student_id: names the student, whatever its precision.
        precision: `fp32` or `int8`.
        labels: one a logit, in order.
        preprocessing: the recipe from frame to tensor.
        calibration: from logits to a decision.
        quality: thresholds of the gate.
        known_answers: what this file must compute.
        provenance: free-form JSON object; `training_data` in it lists objects with `name` and
            `licence`.
        attribution: the credit that the licences of the training data ask for.
        stream: how a stream smooths; None in a file that leaves it to the defaults.
        novelty: when a frame is unlike the training frames; None for a student that can't say.
    """

    student_id: str
    precision: str
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    calibration: Calibration
    quality: QualityThresholds
    known_answers: KnownAnswers
    provenance: Mapping[str, Any]
    attribution: str
    stream: StreamSettings | None = None
    novelty: Novelty | None = None

    def to_properties(self) -> dict[str, str]:
        """Return the `metadata_props` of the file, without the digest."""
        values = {
            "format_version": str(FORMAT_VERSION),
            "student_id": self.student_id,
            "precision": self.precision,
            "labels": dump_json(list(self.labels)),
            "preprocessing": dump_json(self.preprocessing.to_dict()),
            "calibration": dump_json(self.calibration.to_dict()),
            "quality": dump_json(self.quality.to_dict()),
            "known_answers": dump_json(self.known_answers.to_dict()),
            "provenance": dump_json(dict(self.provenance)),
            "attribution": self.attribution,
        }
        if self.novelty is not None:
            values["novelty"] = dump_json(self.novelty.to_dict())
        if self.stream is not None:
            values["stream"] = dump_json(self.stream.to_dict())
        return {PREFIX + key: values[key] for key in (*_KEYS, *_OPTIONAL) if key in values}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ModelMetadata:
        """Read the `metadata_props` of a file.

        Raises:
            ModelError: `model-not-a-student`, `model-unknown-version`, `model-metadata-invalid`
                or `preprocessing-invalid`.
        """
        _check_version(properties)
        # what other tools wrote beside ours says nothing to us
        own = {key: value for key, value in properties.items() if key.startswith(PREFIX)}
        own.pop(DIGEST_KEY, None)
        optional = {PREFIX + key for key in _OPTIONAL}
        required = {key: value for key, value in own.items() if key not in optional}
        json_object(required, "metadata_props", frozenset(PREFIX + key for key in _KEYS))
        texts = {key: properties[PREFIX + key] for key in _KEYS}
        labels = _read_labels(parse_json(texts["labels"], PREFIX + "labels"))

        def parsed(key: str) -> Any:
            return parse_json(texts[key], PREFIX + key)

        novelty, stream = own.get(PREFIX + "novelty"), own.get(PREFIX + "stream")

        return cls(
            student_id=string(texts["student_id"], PREFIX + "student_id", longest=64),
            precision=_read_precision(texts["precision"]),
            labels=labels,
            preprocessing=Preprocessing.from_dict(parsed("preprocessing")),
            calibration=Calibration.from_dict(parsed("calibration"), labels),
            quality=QualityThresholds.from_dict(parsed("quality")),
            known_answers=KnownAnswers.from_dict(parsed("known_answers"), len(labels)),
            provenance=_read_provenance(parsed("provenance")),
            attribution=text(
                texts["attribution"], PREFIX + "attribution", longest=_MAX_ATTRIBUTION
            ),
            stream=None
            if stream is None
            else StreamSettings.from_dict(parse_json(stream, PREFIX + "stream")),
            novelty=None
            if novelty is None
            else Novelty.from_dict(parse_json(novelty, PREFIX + "novelty")),
        )


def _check_version(properties: Mapping[str, str]) -> None:
    key = PREFIX + "format_version"
    if not any(name.startswith(PREFIX) for name in properties):
        raise ModelError(
            "model-not-a-student",
            f"model file: an ONNX model without {PREFIX}* metadata; "
            "`sonogaze-export quantize` and `release` write files that have it, and "
            "export.packaging.packaging.package gives it to a network of your own",
        )
    if properties.get(key) != str(FORMAT_VERSION):
        raise ModelError(
            "model-unknown-version",
            f"model file: {key} is {shown(properties.get(key))}, this version of the package reads "
            f"{str(FORMAT_VERSION)!r}; install the version of the package that wrote the file",
        )


def _read_labels(value: object) -> tuple[str, ...]:
    field = PREFIX + "labels"
    labels = tuple(
        string(item, field, longest=64) for item in json_list(value, field, low=2, high=_MAX_LABELS)
    )
    if len(set(labels)) != len(labels):
        raise invalid(field, list(labels), "unique labels")
    return labels


def _read_precision(value: str) -> str:
    if value not in PRECISIONS:
        raise invalid(PREFIX + "precision", value, f"one of {list(PRECISIONS)}")
    return value


def _read_provenance(value: object) -> dict[str, Any]:
    field = PREFIX + "provenance"
    provenance = json_object(value, field)
    data_sets = json_list(
        provenance.get("training_data"), f"{field}.training_data", low=1, high=100
    )
    for item in data_sets:
        entry = json_object(item, f"{field}.training_data")
        string(entry.get("name"), f"{field}.training_data.name", longest=200)
        string(entry.get("licence"), f"{field}.training_data.licence", longest=200)
    free_json(provenance, field)
    return provenance
