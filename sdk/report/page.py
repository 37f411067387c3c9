"""The HTML file: one template, everything escaped, and nothing that a browser would fetch."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._files import atomic_write
from ..classifier import Classifier
from ..sources.base import optional_import
from . import facts
from .collected import Collected
from .plot import plot_of
from .timeline import MOST_SPANS

_FOLDER = Path(__file__).parent / "templates"


def require_renderer() -> None:
    """Refuse at once, before a long clip is read, where the page couldn't be made.

    Raises:
        SourceError: `dependency-missing` or `dependency-broken`.
    """
    optional_import("jinja2", "jinja2", "report")
    optional_import("PIL.Image", "Pillow", "images")


def write_page(path: Path, classifier: Classifier, clip: facts.Clip, collected: Collected) -> None:
    """Write a report; the file is whole or it isn't there.

    Args:
        path: to write.
        classifier: that answered.
        clip: that was read.
        collected: with at least one frame.

    Raises:
        OSError: it cannot be written.
    """
    text = render(classifier, clip, collected)
    with atomic_write(path, own_folder=False) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def render(classifier: Classifier, clip: facts.Clip, collected: Collected) -> str:
    """Return a report as HTML."""
    jinja2 = optional_import("jinja2", "jinja2", "report")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_encodable,
    )
    environment.filters["data_uri"] = _data_uri
    plot = plot_of(collected.timeline, collected.key_frames)
    page = environment.get_template("report.html.j2").render(
        clip=clip,
        plot=plot,
        timeline=collected.timeline,
        most_spans=MOST_SPANS,
        keys=collected.key_frames,
        whole_frames=collected.regions["whole"],
        error=collected.error,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        labels=classifier.labels,
        attribution=classifier.metadata.attribution,
        timings=facts.timing_rows(collected),
        groups=[
            ("Clip", facts.clip_facts(clip, collected, plot.seconds)),
            ("Answers", facts.answer_facts(collected)),
            ("Student", facts.student_facts(classifier)),
            ("Training data", facts.data_facts(classifier.metadata.provenance)),
            ("Machine", facts.machine_facts()),
        ],
    )
    return str(page)


def _encodable(value: Any) -> Any:
    # names of files may hold bytes that aren't text, as lone surrogates, which UTF-8 cannot
    if type(value) is str and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
