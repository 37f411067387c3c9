"""The directive `commands`: a reference of a command-line tool, made from its typer app.

```{commands} sonogaze sdk.cli.app:app
```
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Commands(SphinxDirective):
    """Describe each command of a tool: what it does, its arguments and its options."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return one section for each command."""
        tool, place = self.arguments
        module, name = place.split(":")
        group: Any = typer.main.get_command(getattr(import_module(module), name))
        return self.parse_text_to_nodes(sections(tool, group), allow_section_headings=True)


def sections(tool: str, group: Any) -> str:
    """Write a group's commands as Markdown; those of a group within it follow the group's own."""
    parts = []
    for command in group.commands.values():
        if not command.hidden:
            parts.append(section(tool, command))
            if hasattr(command, "commands"):
                parts.append(sections(f"{tool} {command.name}", command))
    return "\n\n".join(parts)


def section(tool: str, command: Any) -> str:
    """Write one command as Markdown."""
    context = typer.Context(command, info_name=f"{tool} {command.name}")
    usage = " ".join([f"{tool} {command.name}", *command.collect_usage_pieces(context)])
    lines = [f"### {tool} {command.name}", command.help or "", f"```text\n{usage}\n```"]
    rows = [_row(parameter, context) for parameter in command.params]
    rows = [row for row in rows if row]
    if rows:
        lines.append("\n".join(["| | |", "|---|---|", *rows]))
    return "\n\n".join(lines)


def _row(parameter: Any, context: Any) -> str:
    if parameter.param_type_name == "argument":
        names = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
        text = parameter.help or ""
    else:
        names, text = parameter.get_help_record(context)
    text = " ".join(text.split())
    for mark in "|[<":  # they would begin a cell, a link or a tag
        text = text.replace(mark, f"\\{mark}")
    return f"| `{names}` | {text} |"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
