"""Second tier: the page in a real browser, at desk and phone width and on paper.

`.ci/run` installs Debian's chromium and poppler-utils and sets SONOGAZE_SECOND_TIER=1, which turns
a missing tool from a skip into a failure.
"""

import html
import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from benchmarks.record.jobs import Run
from benchmarks.record.outcomes import Failure, Result
from benchmarks.record.types import Budget
from benchmarks.report.write import render
from tests.benchmarks.fakes import SUBJECTS, fake_quality, fake_record, fake_runs, renamed

PACKAGES = {"chromium": "chromium", "pdftotext": "poppler-utils"}
LIMITS = Budget({"": {"p99_ms": 5.0, "above_imports_and_frame_mb": 25.0, "accuracy": 0.99}})

#: Measures after the page is laid out; what sticks out of the window, or out of its own box.
MEASURE = """<script>
const out = [];
for (const e of document.querySelectorAll("main, main *:not(svg, svg *)")) {
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  const wide = e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0;
  const cut = wide && style.display != "inline" && style.overflowX != "auto";
  if (box.right > innerWidth + 1 || box.left < -1 || cut)
    out.push(e.tagName + "." + e.className + ":" + e.textContent.slice(0, 40));
}
if (document.documentElement.scrollWidth > innerWidth + 1) out.push("page");
parent.document.title += "measured " + innerWidth + " [" + out.join("|") + "]";
</script>"""


def long_names(count=12):
    """A record of many models with long and nasty names, one of them without any figure."""
    runs, subjects, quality = [], [SUBJECTS[1]], []
    for index in range(count):
        name = f"{index}_{'very-long-model-name-' * 5}<i>|`$x`-int8-qdq+fp32/onnxruntime"
        subjects.append(replace(SUBJECTS[0], name=name, family="user", weights="unknown"))
        quality += [replace(entry, subject=name) for entry in fake_quality()[1::2]]
        made = fake_runs(seed=index, count=60)[: 40 if index else 0]
        runs += renamed([run for run in made if run.job.name == "student-fp32/sdk"], name)
    subjects[1] = replace(subjects[1], unknown={"macs": "no rule counts " + "Operator" * 30})
    runs.append(Run(replace(runs[0].job, task="soak"), Result(Failure("E" * 900))))
    return fake_record(runs=runs, subjects=subjects, quality=quality)


RECORDS = {
    "plain": fake_record(),
    "many-long-names": long_names(),
    "nothing-measured": fake_record(runs=[], quality=[], complete=False),
}


def require(*tools):
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        reason = f"second tier: apt-get install {' '.join(PACKAGES[tool] for tool in missing)}"
        (pytest.fail if os.environ.get("SONOGAZE_SECOND_TIER") == "1" else pytest.skip)(reason)


def chromium(folder, *arguments):
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command = ["chromium", *quiet, f"--user-data-dir={folder}/profile", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def measured(tmp_path, page, widths=(1280, 390)):
    """Return what sticks out by width; in frames, as no window of the browser is below 500."""
    inner = html.escape(page.replace("</body>", MEASURE + "</body>"))
    style = "height:900px;border:0;display:block;width:"
    frames = [f'<iframe srcdoc="{inner}" style="{style}{width}px"></iframe>' for width in widths]
    (tmp_path / "page.html").write_text(f"<!doctype html><title></title><body>{''.join(frames)}")
    url = (tmp_path / "page.html").as_uri()
    dom = chromium(tmp_path, "--window-size=1400,1000", "--dump-dom", url)
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)[1]
    found = {int(w): text for w, text in re.findall(r"measured (\d+) \[(.*?)\]", title, re.DOTALL)}
    assert set(found) == set(widths)
    return found


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_is_cut_at_desk_and_phone_width(tmp_path, name):
    require("chromium")
    page = render(RECORDS[name], "report.html.j2", LIMITS)
    assert measured(tmp_path, page) == {1280: "", 390: ""}


def test_the_measurement_sees_a_table_that_sticks_out(tmp_path):
    require("chromium")
    page = render(RECORDS["plain"], "report.html.j2", LIMITS)
    broken = page.replace("</style>", "td { white-space: nowrap; min-width: 300px }</style>")
    found = measured(tmp_path, broken.replace('data-column="', 'style="min-width:500px" data-x="'))
    assert "TABLE" in found[1280]
    assert "TD" in found[390]


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_is_cut_on_paper(tmp_path, name):
    require("chromium", "pdftotext")
    page = render(RECORDS[name], "report.html.j2", LIMITS)
    (tmp_path / "page.html").write_text(page)
    pdf = tmp_path / "page.pdf"
    url = (tmp_path / "page.html").as_uri()
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", url)
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout
    width, height = map(
        float, re.search(r'<page width="([\d.]+)" height="([\d.]+)"', boxes).groups()
    )
    assert width > height  # A4, landscape
    words = re.findall(r'<word xMin="([\d.-]+)".*?xMax="([\d.-]+)".*?>(.*?)</word>', boxes)
    outside = [word for low, high, word in words if float(low) < 0 or float(high) > width]
    assert outside == []
    # every cell that the page has is on the paper: numbers are words of their own
    shown = " ".join(word for _, _, word in words)
    for value in re.findall(r'class="interval">\(([^ ]+) to', page):
        assert value in shown


def test_the_first_sheet_holds_verdict_serial_warnings_and_the_line_to_sign(tmp_path):
    require("chromium", "pdftotext")
    (tmp_path / "page.html").write_text(render(RECORDS["plain"], "report.html.j2", LIMITS))
    pdf, url = tmp_path / "page.pdf", (tmp_path / "page.html").as_uri()
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", url)
    command = ["pdftotext", "-l", "1", str(pdf), "-"]
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for word in ("Budget not met", "Device serial", "Operator", "Warnings", "Date", "Signature"):
        assert word in first
    assert "Summary" not in first
