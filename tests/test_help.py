"""The help of every command of the three tools shows what is written, brackets and all."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import benchmarks.commands
import export.cli
import export.commands
import sdk.cli.app

APPS = {
    "sonogaze": sdk.cli.app.app,
    "sonogaze-export": export.commands.app,
    "sonogaze-bench": benchmarks.commands.app,
}


def _commands() -> Iterator[tuple[str, list[str]]]:
    for tool, app in APPS.items():
        group = typer.main.get_command(app)
        yield tool, []
        for name, command in getattr(group, "commands", {}).items():
            yield tool, [name]
            yield from ((tool, [name, inner]) for inner in getattr(command, "commands", {}))


def _plain(text: str) -> str:
    """Without line breaks, which fall where the terminal ends; a hyphen may stand before one."""
    return re.sub(r"\s+", "", text)


def _texts(tool: str, words: list[str]) -> list[str]:
    command = typer.main.get_command(APPS[tool])
    for word in words:
        command = command.commands[word]
    found = [p.help for p in command.params if getattr(p, "help", None)]
    return found + [paragraph for paragraph in (command.help or "").split("\n\n") if paragraph]


COMMANDS = list(_commands())


@pytest.mark.parametrize(("tool", "words"), COMMANDS, ids=lambda x: "-".join(x) if x else "")
def test_help_shows_every_text_as_it_is_written(tool, words):
    shown = CliRunner().invoke(APPS[tool], [*words, "--help"])
    assert shown.exit_code == 0
    for text in _texts(tool, words):
        assert _plain(text) in _plain(shown.output), text


def test_there_are_texts_with_brackets_to_be_eaten():
    texts = [text for tool, words in COMMANDS for text in _texts(tool, words)]
    assert len(COMMANDS) > 18
    assert sum("[objectives.NAME]" in text for text in texts) >= 3
    assert any("[gaze.NAME]" in text for text in texts)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["teacher", "--recipe", "smoke", "--gaze", "nobody"], "no [gaze.nobody] in the recipe"),
        (["distill", "--recipe", "[bold]none"], "no recipe '[bold]none'"),
        (["release", "--waive-gate", "[red]x=y"], "no gate '[red]x' to waive"),
    ],
)
def test_a_message_keeps_its_brackets_and_is_one_line(
    words, told, tmp_path, phantom_folder, monkeypatch, capsys
):
    monkeypatch.setenv("SONOGAZE_DATA", str(phantom_folder))
    command = ["sonogaze-export", *words, "-o", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as caught:
        export.cli.main()
    assert caught.value.code == 2  # a wrong choice is wrong usage
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert told in line


@pytest.fixture(scope="module")
def phantom_folder(tmp_path_factory) -> Path:
    """A small data set."""
    folder: Path = tmp_path_factory.mktemp("help") / "set"
    shown = CliRunner().invoke(export.commands.app, ["phantom", str(folder), "--count", "160"])
    assert shown.exit_code == 0
    return folder
