"""Screenshots of a page to look at: wide, phone, dark, and paper as PNG.

    python -m tests.sdk.pages.shots PAGE OUT

PAGE is a file or an address on this machine; needs Debian's chromium and poppler-utils.
"""

from __future__ import annotations

import argparse
import html
import subprocess
import tempfile
from pathlib import Path

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
DARK = "--blink-settings=preferredColorScheme=0"


def chromium(*arguments: str, timeout_s: float = 120) -> str:
    """Run the browser with a profile of its own, and return its standard output."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["chromium", *QUIET, f"--user-data-dir={profile}", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def shoot(page: str, out: Path, *, live: bool = False, height: int = 2600) -> list[Path]:
    """Write the pictures; `live` waits for what a page asks for."""
    out.mkdir(parents=True, exist_ok=True)
    wait = ["--virtual-time-budget=200"] if live else []
    shots = {
        "wide": [f"--window-size=1280,{height}"],
        "dark": [DARK, f"--window-size=1280,{height}"],
    }
    made = []
    for name, options in shots.items():
        made.append(out / f"{name}.png")
        chromium(*options, *wait, f"--screenshot={made[-1]}", page)
    if live:
        return made
    # no window of the browser is narrower than 500
    source = html.escape(Path(page.removeprefix("file://")).read_text(encoding="utf-8"))
    framed = out / "phone.html"
    style = f"width:390px;height:{2 * height}px;border:0"
    framed.write_text(f'<body style="margin:0"><iframe style="{style}" srcdoc="{source}"></iframe>')
    made.append(out / "phone.png")
    chromium(f"--window-size=500,{2 * height}", f"--screenshot={made[-1]}", framed.as_uri())
    chromium("--no-pdf-header-footer", f"--print-to-pdf={out / 'paper.pdf'}", page)
    command = ["pdftoppm", "-r", "60", "-png", str(out / "paper.pdf"), str(out / "paper")]
    subprocess.run(command, check=True)
    return [*made, *sorted(out.glob("paper-*.png"))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page")
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    at_file = not asked.page.startswith("http")
    page = Path(asked.page).resolve().as_uri() if at_file else asked.page
    for path in shoot(page, asked.out, live=not at_file, height=2600 if at_file else 900):
        print(path)
