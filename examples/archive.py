"""Classify an archive of clips on many cores or machines with Ray Data; it can be resumed.

One classifier a worker answers whole clips as streams. Each clip ends in one small file of its own,
written whole, so a run that was killed goes on where it stopped, and counts add up: every clip is
answered, failed, or still to do. On a cluster all machines must see CLIPS and OUT.

Usage: ``pip install 'ray[data]'``, then ``python examples/archive.py CLIPS OUT [WORKERS]``.
"""

import hashlib
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import sdk
import sdk.sources

# what a worker is asked next; Ray hands a killed worker's clip to another one
CLIPS_AT_ONCE = 1


def outcome_file(out: Path, clip: str) -> Path:
    """Return where a clip's outcome is kept; its name tells the clip's size and time as well."""
    stat = os.stat(clip)
    told = f"{clip}\0{stat.st_size}\0{stat.st_mtime_ns}"
    return out / f"{hashlib.sha256(told.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"


class ClipWorker:
    """Lives in one worker: the student is loaded once, and every clip gets a stream of its own."""

    def __init__(self, out: str, model: str | None) -> None:
        self._out = Path(out)
        self._classifier = sdk.Classifier(model, threads=1)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Answer one clip and keep its outcome."""
        clip = row["clip"]
        outcome: dict[str, Any] = {"clip": clip, "model_id": self._classifier.model_id}
        counts: Counter[str] = Counter()
        try:
            stream = self._classifier.stream()
            for frame, info in sdk.sources.open(clip):
                answer = stream.push(frame, info.timestamp_us)
                counts[answer.label or answer.decision.value] += 1
        except sdk.SdkError as error:  # a bad clip is an outcome, not the end of the archive
            outcome["error"] = error.slug
        outcome |= {"frames": sum(counts.values()), "answers": dict(counts), "worker": os.getpid()}
        target = outcome_file(self._out, clip)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        part.write_text(json.dumps(outcome), encoding="utf-8")
        os.replace(part, target)
        return {"clip": clip}


def classify_archive(clips: list[str], out: Path, workers: int, model: str | None = None) -> int:
    """Classify what isn't yet, and return how many clips that were."""
    import ray

    todo = [clip for clip in clips if not outcome_file(out, clip).exists()]
    if todo:
        rows = ray.data.from_items([{"clip": clip} for clip in todo], override_num_blocks=len(todo))
        done = rows.map(
            ClipWorker,
            fn_constructor_args=(str(out), model),
            compute=ray.data.ActorPoolStrategy(
                size=workers, max_tasks_in_flight_per_actor=CLIPS_AT_ONCE
            ),
            num_cpus=1,
        )
        # not count(), which knows the answer without asking any worker
        assert sum(1 for _ in done.iter_rows()) == len(todo)
    return len(todo)


def main(arguments: list[str]) -> None:
    folder, out = Path(arguments[0]), Path(arguments[1])
    workers = int(arguments[2]) if len(arguments) > 2 else os.cpu_count() or 1
    out.mkdir(parents=True, exist_ok=True)
    clips = sorted(str(path.resolve()) for path in folder.rglob("*") if path.is_file())
    new = classify_archive(clips, out, workers, os.environ.get("ARCHIVE_MODEL"))
    outcomes = [json.loads(outcome_file(out, clip).read_text(encoding="utf-8")) for clip in clips]
    failed = Counter(outcome["error"] for outcome in outcomes if "error" in outcome)
    answers: Counter[str] = Counter()
    for outcome in outcomes:
        answers.update(outcome["answers"])
    used = len({outcome["worker"] for outcome in outcomes})
    print(f"{len(clips)} clips: {len(clips) - failed.total()} answered, {failed.total()} failed")
    print(f"{new} of them now, by {used} workers in all")
    print(f"{answers.total()} frames: {dict(sorted(answers.items()))}")
    if failed:
        print(f"failed: {dict(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
