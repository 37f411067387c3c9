"""Write a release's model card: Markdown, and pictures beside it."""

import json
from pathlib import Path
from typing import Any

from export.data.dataset import FrameRecord, find_data_root, load_records
from export.display import Show, silent
from export.errors import ExportError
from export.files import write_text
from export.model_card import charts, sheets
from export.model_card.text import render

PICTURES = Path("img", "model-card")
MAX_PICTURE_BYTES = 150_000
NO_DATA = (
    "The data were not at hand when this card was made: it shows no frames. With them, "
    "`sonogaze-export card` adds the worst mistakes and where the student looked."
)


def write_card(report_path: Path, destination: Path, show: Show = silent) -> list[Path]:
    """Write the card at `destination`, and its pictures in `img/model-card/` beside it.

    Charts come from the report. Frames are shown where the data folder and the student's file
    (beside the report) are, and where the frames' licence allows it.

    Returns:
        The files written.

    Raises:
        ExportError: `card-report` when the report is missing, no JSON, or of an older format.
    """
    report = read_report(report_path)
    folder = destination.parent / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    steps: list[tuple[str, Any]] = [
        ("reliability", lambda path: charts.reliability(report, path)),
        ("confusion", lambda path: charts.confusion(report, path)),
    ]
    records = _records(report)
    model = report_path.parent / f"{report['provenance']['recipe']}-fp32.onnx"
    if records and model.is_file():
        steps += [
            ("mistakes", lambda path: sheets.mistakes(report, records, model, path)),
            ("attention", lambda path: sheets.attention(report, records, model, path)),
        ]
    lines, written = [], []
    for done, (name, draw) in enumerate(steps):
        show("card", done, len(steps), name)
        path = folder / f"{name}.png"
        caption = draw(path)
        if caption is None:  # nothing to show
            path.unlink(missing_ok=True)
            continue
        written.append(path)
        lines += [f"![{name}]({(PICTURES / path.name).as_posix()})", f"*{caption}*"]
    if not records or not model.is_file():
        lines.append(NO_DATA)
    source = "sdk/models/release.json" if _is_default(report_path) else report_path.name
    write_text(destination, render(report, lines, source))
    show("card", len(steps), len(steps), "written")
    return [destination, *written]


def read_report(path: Path) -> dict[str, Any]:
    """Return a release's report that tells all that a card shows.

    Raises:
        ExportError: `card-report`.
    """
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExportError(
            "card-report",
            f"{path} is no report that can be read ({error.strerror}); `sonogaze-export release` "
            "writes it where no gate fails",
        ) from error
    except (ValueError, RecursionError) as error:
        raise ExportError("card-report", f"{path} is no report of a release: {error}") from error
    needed = ("student_id", "labels", "provenance", "gates", "scores", "teacher_scores")
    missing = [name for name in needed if not isinstance(report, dict) or name not in report]
    if missing:
        raise ExportError(
            "card-report", f"{path} lacks {missing}; make it by `sonogaze-export release`"
        )
    try:
        render(report, [], "")  # before any picture is written
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise ExportError(
            "card-report",
            f"{path} lacks what a card tells ({error!r}); make it by `sonogaze-export release`",
        ) from error
    return report


def _records(report: dict[str, Any]) -> dict[str, FrameRecord]:
    """Return the data set's records by id, or none where its frames are not at hand."""
    root = find_data_root()
    if root is None:
        return {}
    try:
        return {r.id: r for r in load_records(root, report["labels"])}
    except ExportError:
        return {}  # the folder holds another data set


def _is_default(path: Path) -> bool:
    return path.resolve() == Path(__file__).resolve().parents[2] / "sdk" / "models" / path.name
