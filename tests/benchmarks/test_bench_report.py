import re
from html.parser import HTMLParser

import pytest
from bench_fakes import SUBJECTS, fake_record, fake_runs

from benchmarks.budget import Line
from benchmarks.report import text
from benchmarks.report.sowhat import so_what
from benchmarks.report.view import View
from benchmarks.report.write import render, write_all

RECORD = fake_record()
HTML = render(RECORD, "report.html.j2")


class Tags(HTMLParser):
    VOID = frozenset({"meta", "br", "path", "use", "rect", "line", "circle"})

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_is_well_formed_and_fetches_nothing():
    tags = Tags()
    tags.feed(HTML)
    assert tags.open == []
    names = {name for name, _ in tags.seen}
    assert not names & {"script", "link", "img", "iframe", "object", "embed"}
    links = [v for _, a in tags.seen for k, v in a.items() if k in ("src", "href", "xlink:href")]
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"@import|url\((?!#)", HTML)


def test_the_page_has_every_plot_of_a_full_record():
    assert HTML.count("<svg") == 5
    for title in ("tails and all", "Paced against", "Memory", "Size and", "Latency and accuracy"):
        assert title in HTML


def test_ids_inside_the_plots_do_not_repeat_with_another_meaning():
    defined = re.findall(r'<(?:path|clipPath|g) id="((?:m|p|C|D)[0-9a-f_-]{8,})"', HTML)
    bodies = {}
    for name in set(defined):
        shapes = re.findall(rf'<path id="{name}"[^>]*d="([^"]*)"', HTML)
        bodies[name] = {shape.strip() for shape in shapes}
    assert all(len(shapes) <= 1 for shapes in bodies.values())


def test_markdown_tables_have_as_many_cells_as_their_head():
    blocks = re.findall(r"(?:^\|.*\|\n)+", render(RECORD, "report.md.j2"), re.MULTILINE)
    assert len(blocks) >= 8
    for block in blocks:
        widths = {line.count(" | ") for line in block.splitlines() if "---" not in line}
        assert len(widths) == 1, block
        assert re.fullmatch(r"\|(---\|)+", block.splitlines()[1])


def test_names_from_outside_are_escaped():
    evil = "<script>alert(1)</script>"
    subject = {**SUBJECTS[0], "name": f"{evil}-fp32/sdk", "family": "user"}
    runs = fake_runs()
    for run in runs:
        run["job"]["name"] = run["job"]["name"].replace("student-fp32/sdk", subject["name"])
    page = render(fake_record(runs=runs, subjects=[subject], quality=[]), "report.html.j2")
    assert evil not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("runs", [[], fake_runs()[:1], fake_runs()[2:3]])
def test_a_partial_record_still_makes_a_report_that_says_so(tmp_path, runs):
    record = fake_record(runs=runs, complete=False, quality=[])
    paths = write_all(record, tmp_path)
    assert [path.name for path in paths] == ["record.json", "report.md", "report.html"]
    for path in paths[1:]:
        assert "interrupted" in path.read_text()


def test_a_run_without_a_student_makes_a_report(tmp_path):
    record = fake_record(subjects=SUBJECTS[1:], quality=[])
    write_all(record, tmp_path)
    assert so_what(View(record)) == ["No student behind the SDK was measured."]


def test_so_what_says_what_was_measured_and_calls_the_ratio_by_its_name():
    lines = "\n".join(so_what(View(RECORD)))
    assert "0 of 1000 frames came later" in lines
    assert "12.0 x the time" in lines
    assert "no achievement" in lines
    assert "96.0 % (95.0 to 97.0) of 300 frames" in lines


def test_untrained_weights_are_called_so_in_the_table():
    assert "teacher-fp32/onnxruntime (untrained)" in HTML


def test_a_missed_budget_stands_out():
    lines = [Line("s", "p99_ms", 5.0, 7.0, False), Line("s", "accuracy", 0.9, None, False)]
    page = render(RECORD, "report.html.j2", lines)
    assert page.count('class="missed"') == 2
    assert "not measured" in page
    assert "**no**" in render(RECORD, "report.md.j2", lines)


def test_too_few_samples_are_marked_in_the_table():
    few = fake_record(runs=fake_runs(count=60))
    assert re.search(r"\d\* \(", render(few, "report.md.j2"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (0.1234, "0.123"),
        (1.0, "1.00"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (9.999e-7, "1.0e-06"),
        (-0.05, "-0.0500"),
    ],
)
def test_numbers_have_three_figures(value, shown):
    assert text.number(value) == shown


def test_sizes_counts_and_ratios_are_readable():
    assert text.byte_size(96_123) == "96.1 kB"
    assert text.byte_size(13_519_520) == "13.5 MB"
    assert text.count(3_334_121) == "3.33 M"
    assert text.times(12.0, 1.0) == "12.0 x"
    assert text.times(12.0, 0.0) == "–"
    assert text.percent({"value": None, "low": None, "high": None}) == "–"
