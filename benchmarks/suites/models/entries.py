"""What the record says of each subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.onnx_facts.types import ModelFacts
from benchmarks.record.types import SubjectEntry
from benchmarks.subjects.catalogue import automatic_precision
from benchmarks.subjects.spec import Subject


def subject_entries(
    subjects: Sequence[Subject], threads: tuple[int, ...], facts: Mapping[str, ModelFacts]
) -> list[SubjectEntry]:
    """Return the entries; what is unknown stands with its reason.

    Args:
        subjects: of the run.
        threads: thread counts that it measures.
        facts: of each subject's path. A subject without a file (PyTorch's teacher) has the counts
            of the file of the same model and precision, but not its bytes.
    """
    twins = {(s.model, s.precision): facts[s.path] for s in subjects if s.path}
    chosen = automatic_precision()
    return [
        _entry(
            subject,
            threads,
            facts.get(subject.path) or twins.get((subject.model, subject.precision)),
            auto=subject.runtime == "sdk" and subject.precision == chosen,
        )
        for subject in subjects
    ]


def _entry(
    subject: Subject, threads: tuple[int, ...], facts: ModelFacts | None, auto: bool
) -> SubjectEntry:
    of_file = facts if subject.path else None
    unknown = dict(facts.unknown) if facts else {}
    if subject.weights == "unknown":
        unknown["weights"] = "a user's file does not say whether it was trained"
    return SubjectEntry(
        name=subject.name,
        family=subject.family,
        runtime=subject.runtime,
        precision=subject.precision,
        weights=subject.weights,
        threads=threads,
        preprocessing=subject.preprocessing if subject.takes_frames else None,
        feed=subject.feed,
        auto=auto,
        file_bytes=of_file.file_bytes if of_file else None,
        sha256=of_file.sha256 if of_file else None,
        parameters=facts.parameters if facts else None,
        macs=facts.macs if facts else None,
        activations=facts.activations if facts else None,
        files=of_file.files if of_file else None,
        operators=facts.operators if facts else None,
        unknown=unknown,
    )
