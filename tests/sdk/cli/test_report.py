"""What `sonogaze report` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import sdk
from sdk.cli.app import app
from sdk.model_file.known_answers import pattern_frame
from sdk.sources import FrameInfo


def test_the_name_of_the_page_is_printed_as_a_terminal_can_bear_it(
    toy_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = sdk.Frame.from_array(pattern_frame("ring", 64, 48))
    info = FrameInfo("a.png", 0, 1, "image", None, "whole")
    monkeypatch.setattr("sdk.sources.open", lambda *_, **__: iter([(frame, info)]))
    page = tmp_path / "\x1b[7m.html"
    done = CliRunner().invoke(
        app, ["report", "--model", str(toy_path), "a.png", "-o", str(page), "--no-pictures"]
    )
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path}/\\x1b[7m.html\n")
    assert page.exists()
