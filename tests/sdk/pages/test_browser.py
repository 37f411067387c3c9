"""Second tier: report and live view in a real browser, wide, on a phone, dark and on paper."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest
from typer.testing import CliRunner

import sdk
from sdk.cli.app import app
from sdk.live import LiveServer, View
from sdk.model_file.known_answers import pattern_frame
from tests.benchmarks.report.test_layout import chromium, measured, require
from tests.sdk.pages.shots import DARK
from tests.sdk.video_files import written

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
# what a keyboard reaches, in the order of the page, and whether it can be seen where it stands
REACHED = """<script>
const found = [...document.querySelectorAll("a[href], [tabindex='0'], button")].map((e) => {
  e.focus();
  const box = e.getBoundingClientRect();
  return (document.activeElement === e && box.width > 0 ? "" : "lost:") + e.tagName;
});
const ground = getComputedStyle(document.body).backgroundColor;
document.title = "reached " + found.join(",") + " on " + ground;
</script>"""


@pytest.fixture(scope="module")
def page(toy_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    name = f"{'a-long-name-' * 12}.mp4"
    ring = pattern_frame("ring", 320, 240)
    frames = [np.roll(ring, 4 * i, axis=1) if i % 8 < 6 else np.zeros_like(ring) for i in range(80)]
    written(folder / name, "mp4v", frames)
    words = ["report", str(folder / name), "-o", str(folder / "a.html"), "--model", str(toy_path)]
    assert CliRunner().invoke(app, words).exit_code == 0
    return (folder / "a.html").read_text()


def title_of(tmp_path, page, *options):
    (tmp_path / "page.html").write_text(page.replace("</body>", REACHED + "</body>"))
    dom = chromium(tmp_path, *options, "--dump-dom", (tmp_path / "page.html").as_uri())
    return re.search(r"<title>(.*?)</title>", dom)[1]


def test_nothing_is_cut_at_desk_and_phone_width(tmp_path, page):
    require("chromium")
    assert measured(tmp_path, POLICY.sub("", page)) == {1280: "", 390: ""}


def test_a_keyboard_reaches_every_key_frame_and_table(tmp_path, page):
    require("chromium")
    title = title_of(tmp_path, POLICY.sub("", page))
    assert "lost:" not in title
    assert title.count("A,") == 1 + page.count('href="#key-')
    assert title.count("DIV") == 2


def test_the_page_is_dark_where_the_reader_asks_for_it(tmp_path, page):
    require("chromium")
    page = POLICY.sub("", page)
    assert title_of(tmp_path, page).endswith("on rgb(255, 255, 255)")
    assert title_of(tmp_path, page, DARK).endswith("on rgb(17, 17, 19)")


def test_the_policy_of_the_page_lets_no_script_run(tmp_path, page):
    require("chromium")
    assert "reached" not in title_of(tmp_path, page)


def test_all_that_the_page_says_is_on_paper(tmp_path, page):
    require("chromium", "pdftotext")
    (tmp_path / "page.html").write_text(page)
    pdf = tmp_path / "page.pdf"
    url = (tmp_path / "page.html").as_uri()
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", url)
    command = ["pdftotext", "-bbox", str(pdf), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    width = float(re.search(r'<page width="([\d.]+)"', boxes)[1])
    words = re.findall(r'<word xMin="([\d.-]+)".*?xMax="([\d.-]+)".*?>(.*?)</word>', boxes)
    assert [word for low, high, word in words if float(low) < 0 or float(high) > width] == []
    shown = " ".join(word for _, _, word in words)
    for told in ("Not a diagnostic device.", "no-signal", "Timings", "SHA-256", "onnxruntime"):
        assert told in shown
    assert shown.count("no-signal") >= page.count('<td class="words">reject: no-signal')


def test_a_browser_shows_the_newest_answer(tmp_path, toy_path):
    require("chromium")
    stream = sdk.Classifier(toy_path).stream()
    view = View(lambda: NUMBERS)
    frame = sdk.Frame.from_array(pattern_frame("ring", 320, 240))
    view.show(frame, stream.push(frame))
    view.end("The source has ended")  # or the page would ask for ever
    with LiveServer(view) as server:
        dom = chromium(tmp_path, "--virtual-time-budget=3000", "--dump-dom", server.url)
    assert re.search(r'<h2 id="label"[^>]*>head</h2>', dom)
    assert re.search(r'<img id="image"[^>]*src="data:image/jpeg;base64,[^"]{500}', dom)
    assert re.search(r'<img id="attention"[^>]*src="data:image/jpeg;base64,[^"]{500}', dom)
    assert '<dd id="dropped">7</dd>' in dom
    assert re.search(r'<p id="state"[^>]*>The source has ended</p>', dom)
    assert "<title>here: sonogaze live</title>" in dom


NUMBERS = {
    "source": "here", "model": "m", "frames": 1, "dropped": 7, "unreadable": 0, "late": 0,
    "latency_p50_us": 1.0, "latency_p99_us": None, "since_frame_s": 0.1, "trouble": None,
}  # fmt: skip
