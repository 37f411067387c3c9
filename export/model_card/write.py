"""Write a release's model card: Markdown, and pictures beside it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sdk
from export.data.dataset import FrameRecord, find_data_root, load_records
from export.display import Show, silent
from export.errors import ExportError
from export.files import write_text
from export.model_card import charts, sheets
from export.model_card.sheets import Sheet
from export.model_card.text import render
from sdk import ModelError
from sdk.model_file import read_model_file

PICTURES = Path("img", "model-card")
MAX_PICTURE_BYTES = 150_000
NO_FRAMES = (
    "*This card shows no frames: {why}. With the data, `sonogaze-export card` adds mistakes and "
    "attention maps.*"
)
NO_ATTENTION = "*No attention maps: no file of this student lies beside {report}.*"


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
    drawings, lines = _planned(report, report_path)
    written = []
    for done, (name, draw) in enumerate(drawings.items()):
        show("card", done, len(drawings), name)
        path = folder / f"{name}.png"
        sheet = draw(path)
        if sheet.path is None:
            path.unlink(missing_ok=True)  # of an earlier card
            lines.append(f"*No picture of {name}: {sheet.text}.*")
            continue
        written.append(path)
        lines += [f"![{name}]({(PICTURES / path.name).as_posix()})", f"*{sheet.text}*"]
    source = "sdk/models/release.json" if _is_default(report_path) else report_path.name
    write_text(destination, render(report, lines, source))
    show("card", len(drawings), len(drawings), "written")
    return [destination, *written]


def _planned(
    report: dict[str, Any], report_path: Path
) -> tuple[dict[str, Callable[[Path], Sheet]], list[str]]:
    """Return the pictures of a card by name, each by what draws it, and a line for each missing."""
    drawings: dict[str, Callable[[Path], Sheet]] = {
        "reliability": lambda path: Sheet(path, charts.reliability(report, path)),
        "confusion": lambda path: Sheet(path, charts.confusion(report, path)),
    }
    if all("risk_coverage" in score for score in report["scores"]["fp32"].values()):
        drawings["risk-coverage"] = lambda path: Sheet(path, charts.risk_coverage(report, path))
    records, model = _records(report), _model_file(report, report_path.parent)
    if not records:
        return drawings, [NO_FRAMES.format(why="the data set was not at hand when it was made")]
    drawings["mistakes"] = lambda path: sheets.mistakes(report, records, path)
    if model is None:
        return drawings, [NO_ATTENTION.format(report=report_path.name)]
    drawings["attention"] = lambda path: sheets.attention(report, records, model, path)
    return drawings, []


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


def _model_file(report: dict[str, Any], folder: Path) -> Path | None:
    """Return the fp32 file beside the report that holds the report's student, if there is one."""
    for path in sorted(folder.glob("*.onnx")):
        try:
            metadata = read_model_file(path).metadata
        except ModelError:
            continue
        if metadata.precision == "fp32" and metadata.student_id == report["student_id"]:
            return path
    return None


def _is_default(path: Path) -> bool:
    return path.resolve() == Path(str(sdk.__file__)).parent / "models" / path.name
