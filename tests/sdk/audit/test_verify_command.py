"""`sonogaze verify` tells a person which answers differ, and what of the log was no record."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import sdk
from sdk.audit import AuditLog, ReplayReport
from sdk.audit.replaying import Difference
from sdk.cli.app import app
from sdk.cli.verify import print_report
from sdk.model_file.known_answers import pattern_frame

PICTURES = [np.roll(pattern_frame("ring", 160, 120), shift, 1) for shift in range(3)]


def test_lines_of_a_log_that_are_no_records_are_told_and_the_others_verified(
    toy_path: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with AuditLog(log) as audit:
        stream = sdk.Classifier(toy_path).stream(audit=audit)
        for number, picture in enumerate(PICTURES):
            Image.fromarray(picture).save(tmp_path / f"{number}.png")
            stream.push(picture)
    paths = [str(tmp_path / f"{number}.png") for number in range(3)]
    words = ["verify", "--model", str(toy_path), "--audit", str(log)]
    words += [word for path in paths for word in ("--frames", path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "3 of 3 answers are the same, bit for bit; 0 differ, 0 have no frame here; "
        "0 frames were not answered; 0 damaged lines\n"
    )
    with log.open("a") as file:
        file.write("torn\n")
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, "a log that a kill has torn is true as far as it goes"
    assert "; 1 damaged lines" in done.stdout


def test_each_difference_is_a_line_that_says_what_was_and_what_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = ReplayReport()
    report.facts.append(Difference("s", None, "precision", "int8", "fp32"))
    report.differences.append(Difference("s", 4, "stream.label", "head", None))
    report.records, report.same, report.alone, report.different = 3, 2, 1, 1
    print_report(report, as_json=False)
    facts, difference, counts = capsys.readouterr().out.splitlines()
    assert facts == "session s: precision was 'int8', now 'fp32'"
    assert difference == "session s, frame 4: stream.label was 'head', now None"
    assert counts.startswith(
        "2 of 3 answers are the same, bit for bit (1 of them without their smoothing); 1 differ"
    )


def test_the_report_as_json_is_one_object_with_all_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = ReplayReport(records=2, same=1, different=1)
    report.differences.append(Difference("s", 4, "stream.label", "head", None))
    print_report(report, as_json=True)
    assert json.loads(capsys.readouterr().out) == report.to_dict()
