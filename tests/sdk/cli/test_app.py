"""The commands there are, and what they do where nothing more is asked for."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

import sdk.cli.app
from sdk.cli.app import app
from sdk.cli.classify import Asked


def test_these_are_the_commands() -> None:
    commands: Any = typer.main.get_command(app)
    assert set(commands.commands) == {"classify", "info", "verify", "report", "live"}


def test_whoever_asks_for_nothing_more_gets_lines_of_text_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = []
    monkeypatch.setattr(sdk.cli.app, "Classifier", lambda *given: given)
    monkeypatch.setattr(sdk.cli.app, "classify_files", lambda *given: told.append(given) or 0)
    assert CliRunner().invoke(app, ["classify", "a.png"]).exit_code == 0
    nothing = Asked({"region": None, "color": None}, None, False, False, False, None, None)
    assert told == [((None, "auto"), ["a.png"], nothing)]
