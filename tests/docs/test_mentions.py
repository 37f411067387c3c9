"""Every command, option, module, name and path that the pages mention exists."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import typer

import benchmarks.commands
import export.commands
import sdk.cli.app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# what stands in these is a record of what was, or was written by a tool
PAGES = [page for page in PAGES if "results/" not in str(page) and page.name != "model-card.md"]
APPS = {
    "sonogaze": sdk.cli.app.app,
    "sonogaze-export": export.commands.app,
    "sonogaze-bench": benchmarks.commands.app,
}
# pages may be ahead of a renaming
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
TOOL = re.compile(r"(?:^|\s|\$ )(sonogaze(?:-export|-bench)?) ([a-z]+(?: .*)?)$")
DOTTED = re.compile(r"^(?:python -m )?((?:sdk|export|benchmarks)(?:\.\w+)+)(?:\(.*\))?(?: .*)?$")
PLACE = re.compile(r"^(?:sdk|export|benchmarks|cpp_ext|docs|examples|tests)/[\w./-]+$")


def commands(text: str) -> list[tuple[str, str]]:
    """Return (tool, words) of every command on a page, in fences and in a line of text."""
    fences = [block for kind, block in FENCE.findall(text) if kind in ("console", "text", "")]
    lines = "\n".join(fences).replace("\\\n", " ").splitlines()
    lines += CODE.findall(FENCE.sub("", text))
    return [found.groups() for line in lines if (found := TOOL.search(line))]


def fault_of(tool: str, words: str) -> str | None:
    """Return what a command names and the tool doesn't have."""
    group = typer.main.get_command(APPS[tool])
    name, *rest = shlex.split(re.split(r"\s+#|[>;|…]", words)[0].replace("[", "").replace("]", ""))
    if name not in group.commands:
        return name
    known = {option for parameter in group.commands[name].params for option in parameter.opts}
    options = [word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    missing = [o for o in options if o not in known]
    return missing[0] if missing else None


def exists(dotted: str) -> bool:
    """Say whether a dotted name is a module, or something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            # a field of a dataclass is on its instances only
            if part in getattr(thing, "__dataclass_fields__", {}):
                return True
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True
    return False


def _pages(pages: list[Path]) -> list[object]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


@pytest.mark.parametrize("page", _pages(PAGES))
def test_every_command_and_option_exists(page):
    for tool, words in commands(page.read_text(encoding="utf-8")):
        assert fault_of(tool, words) is None, f"{tool} {words}"


@pytest.mark.parametrize("page", _pages(PAGES))
def test_every_module_name_import_and_path_exists(page):
    text = page.read_text(encoding="utf-8")
    for kind, block in FENCE.findall(text):
        if kind in ("python", "pycon"):
            for line in re.findall(
                r"^(?:>>> )?((?:from \S+ )?import [^#\n]+)", block, re.MULTILINE
            ):
                exec(line, {})
    for code in CODE.findall(FENCE.sub("", text)):
        if found := DOTTED.match(code):
            name = found[1]
            assert exists(name) or (ROOT / name).exists() or name.endswith((".py", ".toml")), code
        if PLACE.match(code):
            assert (ROOT / code).exists(), code


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("release --recipe default --seed 1", None),
        ("release --recipe default --sead 1", "--sead"),
        ("relase --recipe default", "relase"),
    ],
)
def test_a_command_that_is_not_there_is_found(words, fault):
    assert fault_of("sonogaze-export", words) == fault


def test_a_name_that_is_not_there_is_found():
    assert exists("sdk.Frame.from_array")
    assert exists("export.gaze.controls")
    assert not exists("sdk.Frame.of_array")
    assert not exists("export.nothing.here")


def test_commands_are_found_on_the_pages():
    found = [c for page in PAGES for c in commands(page.read_text(encoding="utf-8"))]
    assert len(found) > 40
    assert {tool for tool, _ in found} == set(APPS)
