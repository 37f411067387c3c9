"""What `sonogaze classify` prints of frames, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sdk
from sdk.cli.app import app
from sdk.model_file.known_answers import pattern_frame
from sdk.sources import FrameInfo


def test_what_a_library_prints_is_no_result(
    toy_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noisy(*_: object, **__: object) -> Iterator[tuple[sdk.Frame, FrameInfo]]:
        print("from a library")
        frame = sdk.Frame.from_array(pattern_frame("ring", 320, 240))
        yield frame, FrameInfo("a.png", 0, 1, "image", None, "whole")

    monkeypatch.setattr("sdk.sources.open", noisy)
    done = CliRunner().invoke(app, ["classify", "--model", str(toy_path), "a.png"])
    (line,) = done.stdout.splitlines()
    assert line.startswith("a.png: head ")
    assert done.stderr == "from a library\n"
