"""Classify the frames of many files, and go on when one of them is bad."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sdk import sources
from sdk.classifier import Classifier
from sdk.errors import SdkError
from sdk.frame import Region
from sdk.result import Result
from sdk.sources import FrameInfo


def classify_files(
    classifier: Classifier, files: list[Path], region: Region | None, *, as_json: bool
) -> int:
    """Classify every frame and print each result as soon as it is there.

    Args:
        classifier: the student.
        files: images and DICOM files.
        region: the part of every frame to look at, or None.
        as_json: one JSON object a line on standard output, instead of text; errors go there too.

    Returns:
        0 when every file was read to its end, else 1.
    """
    failed = False
    # on a screen, rich prints the lines above its bar; elsewhere standard output is for them alone
    results = None if sys.stdout.isatty() else sys.stdout
    quiet = nullcontext() if results is None else redirect_stdout(sys.stderr)
    with _progress() as progress, quiet:
        task = progress.add_task("", total=None)
        for number, path in enumerate(files, start=1):
            progress.reset(task, total=None, description=f"{number} of {len(files)}: {path.name}")
            try:
                for frame, info in sources.open(path, region=region):
                    result = classifier.classify(frame)
                    line = _json(result, info) if as_json else _text(result, info)
                    _write(results or sys.stdout, line)
                    progress.update(task, total=info.frame_count, completed=info.index + 1)
            except SdkError as error:
                failed = True
                if as_json:
                    _write(results or sys.stdout, _json_error(path, error))
                else:
                    _write(sys.stderr, f"{path}: {error.slug}: {error}")
    return 1 if failed else 0


def _progress() -> Progress:
    """Make a bar that never mixes with results sent to a file or a pipe."""
    to_screen = sys.stdout.isatty()
    errors_to_screen = sys.stderr is not None and sys.stderr.isatty()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=not to_screen),
        transient=True,
        redirect_stdout=to_screen,
        redirect_stderr=errors_to_screen,
        disable=not (to_screen or errors_to_screen),
    )


def _text(result: Result, info: FrameInfo) -> str:
    where = info.path if info.frame_count == 1 else f"{info.path}[{info.index}]"
    if result.label is not None:
        said = f"{result.label} {result.confidence:.1%}"
    else:
        said = f"{result.decision.value}: {', '.join(result.reasons)}"
        if result.probabilities is not None:
            likeliest = max(result.probabilities, key=result.probabilities.__getitem__)
            said += f" (likeliest {likeliest} {result.confidence:.1%})"
    return f"{where}: {said}  {result.timing.total_us / 1000:.2f} ms"


def _json(result: Result, info: FrameInfo) -> str:
    described: dict[str, Any] = {
        "path": info.path,
        "index": info.index,
        "frame_count": info.frame_count,
        "kind": info.kind,
        "timestamp_us": info.timestamp_us,
        "region_origin": info.region_origin,
    }
    return json.dumps(described | {"result": result.to_dict()}, allow_nan=False)


def _json_error(path: Path, error: SdkError) -> str:
    return json.dumps({"path": str(path), "error": {"slug": error.slug, "message": str(error)}})


def _write(stream: TextIO | None, line: str) -> None:
    if stream is None:
        return
    # a file name may hold what the terminal cannot show, or bytes that aren't text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
