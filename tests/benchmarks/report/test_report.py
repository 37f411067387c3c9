import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchmarks.record.types import Budget, Difference, Identity, RunWarning, Share
from benchmarks.report import plots, text
from benchmarks.report.cover import cover
from benchmarks.report.escape import markdown_cell, parted
from benchmarks.report.summary import summary
from benchmarks.report.view import View
from benchmarks.report.write import render, write_all
from benchmarks.scenarios import scenario_name
from benchmarks.subjects.catalogue import default_students
from export.files import file_sha256
from tests.benchmarks.fakes import (
    SUBJECTS,
    edited,
    fake_record,
    fake_runs,
    renamed,
    with_failure,
)

RECORD = fake_record()
SCENARIOS = ("single_stream", "paced-30fps")
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


NASTY = (
    "a|b",
    "`code` ```",
    "<b>bold</b>&amp;",
    "**stars** _under_ ~~gone~~",
    "[link](http://example.org)",
    "two\nlines\r\n",
    "back\\slash \\| pipe",
    "$x^2$ \x1b[31mred",
    "max |Δ logit|",
)


def cells_of(markdown):
    """Return the text of each row's cells as an independent parser of GitHub's tables sees it."""
    rows = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level >= 4:
            kinds = {child.type for child in token.children} - {"text", "text_special"}
            assert not kinds, (token.content, kinds)
            rows[-1].append("".join(child.content for child in token.children))
    return rows


def test_markdown_tables_show_each_cell_as_it_stands_whatever_it_holds():
    head = "| " + " | ".join(map(markdown_cell, NASTY)) + " |"
    table = head + "\n|" + "---|" * len(NASTY) + "\n" + head + "\n"
    plain = ["".join(c if c.isprintable() else " " for c in one).strip() for one in NASTY]
    assert cells_of(table) == [plain, plain]


@given(st.lists(st.text(), min_size=2, max_size=4))
@example(["__0__", "_1_2"])
def test_no_text_breaks_a_markdown_table(texts):
    row = "| " + " | ".join(map(markdown_cell, texts)) + " |"
    found = cells_of(row + "\n|" + "---|" * len(texts) + "\n" + row + "\n")
    assert [len(cells) for cells in found] == [len(texts)] * 2


def test_the_whole_markdown_report_has_rows_as_wide_as_their_heads():
    tables = MarkdownIt("gfm-like", {"linkify": False}).parse(render(RECORD, "report.md.j2"))
    widths, rows = [], []
    for token in tables:
        if token.type == "table_open":
            rows = []
            widths.append(rows)
        elif token.type == "tr_open":
            rows.append(0)
        elif token.type in ("td_open", "th_open"):
            rows[-1] += 1
    assert len(widths) >= 8
    assert all(len(set(rows)) == 1 for rows in widths)
    assert "max \\|Δ logit\\|" in render(fake_record(numerics=NUMERICS), "report.md.j2")


NUMERICS = [Difference("a", "b", 4, max_abs_logit=0.1, mean_abs_logit=0.05, label_changes=0)]


def test_an_interval_stands_below_its_value_and_nothing_else_is_taken_for_one():
    assert "interval" in parted("1.02* (0.9 to 1.1)")
    assert parted("teacher (committed logits)") == "teacher (committed logits)"
    assert parted("<i> (1 to 2)").startswith('<span class="value">&lt;i&gt;</span>')


def test_warnings_stand_before_every_figure():
    for template in ("report.html.j2", "report.md.j2"):
        page = render(RECORD, template)
        first = min(page.index("Summary"), page.index("Latency"))
        assert 0 < page.index("Warnings") < first
        assert page.index("virtualised") < page.index("Summary")


@pytest.mark.parametrize(
    ("record", "budget", "slug", "words"),
    [
        (RECORD, None, "none", "No budget was given: the figures are not judged."),
        (RECORD, {"p99_ms": 1000.0}, "passed", "Budget met: all 1 limits."),
        (RECORD, {"p99_ms": 0.1, "peak_mb": 500.0}, "failed", "1 of 2 limits missed."),
        (fake_record(complete=False), None, "incomplete", "Not complete: the run was interrupted"),
        (
            fake_record(complete=False),
            {"p99_ms": 1000.0},
            "incomplete",
            "met, but the run was interrupted",
        ),
    ],
)
def test_the_verdict_says_what_the_budget_and_the_run_come_to(record, budget, slug, words):
    limits = Budget({"": budget}) if budget else None
    page = render(record, "report.html.j2", limits)
    assert f'class="verdict {slug}"' in page
    assert words in page
    assert words in render(record, "report.md.j2", limits)


def test_a_budget_of_the_record_itself_is_judged_anew():
    record = fake_record(budget=Budget({"": {"p99_ms": 0.1}}))
    assert "Budget not met" in render(record, "report.md.j2")


def test_the_first_page_names_serial_and_operator_or_leaves_a_line_for_them():
    page = render(RECORD, "report.html.j2")
    assert page.count("not given: ....") == 2
    assert all(f"<div>{word}</div>" in page for word in ("Name", "Date", "Signature"))
    known = fake_record(identity=Identity("SN-42<>", "A. Nurse"))
    for template in ("report.html.j2", "report.md.j2"):
        shown = render(known, template)
        assert "not given" not in shown
        assert "A. Nurse" in shown
    assert "SN-42&lt;&gt;" in render(known, "report.html.j2")
    assert "SN-7" in render(RECORD, "report.md.j2", identity=Identity("SN-7"))


def test_the_kernel_in_use_stands_on_the_first_page():
    assert "| Compiled kernel | avx2 |" in render(RECORD, "report.md.j2")


def test_a_subject_whose_processes_failed_is_a_row_that_says_so():
    runs = with_failure(fake_runs(), "no such operator | Foo", "teacher-fp32/onnxruntime")
    page = render(fake_record(runs=runs), "report.md.j2")
    assert "| teacher-fp32/onnxruntime (untrained) | failed |" in page
    assert "no such operator \\| Foo" in page
    assert "processes failed of teacher-fp32/onnxruntime" in page


def test_what_is_not_known_of_a_model_is_a_dash_with_its_reason():
    reason = {"macs": "no rule counts com.microsoft::Foo as it stands here"}
    subject = replace(
        SUBJECTS[0], macs=None, parameters=None, weights="unknown", family="user", unknown=reason
    )
    page = render(fake_record(subjects=[subject, SUBJECTS[1]]), "report.md.j2")
    assert re.search(r"\| student-fp32 \| 100 kB \| – \| – \|", page)
    assert "| student-fp32 | MACs | no rule counts com.microsoft::Foo as it stands here |" in page
    assert "student-fp32/sdk (training unknown)" in page


@pytest.mark.filterwarnings(
    "ignore:Glyph .* missing from font:UserWarning"
)  # Matplotlib's own font
@pytest.mark.parametrize("name", ["$a^{b$", "_hidden", "x" * 180, "{brace}%", "ä\u4e2d"])
def test_any_models_name_can_be_plotted(name):
    subject = replace(SUBJECTS[0], name=f"{name}-fp32/sdk", family="user")
    runs = renamed(fake_runs(), subject.name)
    page = render(fake_record(runs=runs, subjects=[subject], quality=[]), "report.html.j2")
    assert page.count("<svg") == 3


def test_names_from_outside_are_escaped():
    evil = "<script>alert(1)</script>"
    subject = replace(SUBJECTS[0], name=f"{evil}-fp32/sdk", family="user")
    runs = renamed(fake_runs(), subject.name)
    page = render(fake_record(runs=runs, subjects=[subject], quality=[]), "report.html.j2")
    assert evil not in page
    assert "&lt;script&gt;" in page


def test_no_text_of_a_record_turns_a_line_about_or_reaches_a_terminal():
    nasty = "a\x1b[31mb\u202ec"
    record = replace(
        RECORD,
        input=replace(RECORD.input, description=nasty),
        machine=replace(RECORD.machine, cpu_model=nasty),
        warnings=[RunWarning("other-load", nasty, nasty)],
    )
    for template in ("report.html.j2", "report.md.j2"):
        page = render(record, template)
        assert not {"\x1b", "\u202e"} & set(page)
        assert page.count("31mb c") >= 4


def test_a_long_name_is_no_axis_label_which_would_be_cut(monkeypatch):
    titles = []
    monkeypatch.setattr(
        plots.drawing, "svg", lambda figure: titles.append(figure.axes[0]) or "<svg></svg>"
    )
    subject = replace(SUBJECTS[0], name="x" * 180 + "-fp32/sdk")
    runs = renamed(fake_runs(), subject.name)
    view = View(fake_record(runs=runs, subjects=[subject], quality=[]))
    assert plots.paced_against_back_to_back(view)
    assert titles[0].get_ylabel() == "latency (ms)"
    assert "xxx" in titles[0].get_title(loc="left")


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
    assert summary(View(record)) == ["No student behind the SDK was measured."]


def test_the_summary_says_what_was_measured_and_calls_the_ratio_by_its_name():
    lines = "\n".join(summary(View(RECORD)))
    interval = r"\(95 % interval [01]\.\d+ to 1\.\d+\) at p50, \d+\.\d+ ms at p99: .*"
    assert re.search(rf"Back to back, .* takes [01]\.\d+ ms {interval}compare", lines)
    assert re.search(rf"Paced at 30 frames a second, .* takes 1\.\d+ ms {interval}cart", lines)
    assert "0 of 1000 results came after the next frame was due." in lines
    assert "On the test set it is right on" in lines
    assert "On the external set it is right on" in lines
    assert "12.0 x the time" in lines
    assert "no achievement" in lines
    assert "96.0 % (95.0 to 97.0) of 300 frames" in lines


def test_within_how_long_frames_are_answered_is_told_from_when_they_were_due():
    figures = {f.id: f.value for f in RECORD.figures}
    key = "student-fp32/sdk|paced-30fps|threads=1|response|"
    p99, slowest = (text.number(figures[key + end]) for end in ("p99", "max"))
    (line,) = [line for line in summary(View(RECORD)) if "99 of 100" in line]
    assert f"within {p99} ms of when they were due" in line
    assert f"the slowest within {slowest} ms" in line


def test_the_first_page_shows_both_latencies_side_by_side_after_the_warnings():
    first = HTML.split('<section class="summary">')[0]
    figures = {f.id: f.value for f in RECORD.figures}
    ends = (f"student-fp32/sdk|{one}|threads=1|end_to_end|p50" for one in SCENARIOS)
    back, paced = (f"{text.number(figures[end])} ms" for end in ends)
    assert f"{back} back to back (" in first.split("Warnings")[1]
    assert f"{paced} paced at 30 frames a second (" in first.split("Warnings")[1]


def test_the_report_names_the_scenarios_in_words():
    page = render(RECORD, "report.md.j2", Budget({"": {"p99_ms": 1.0, "peak_mb": 1.0}}))
    assert "## Latency back to back" in page
    assert "| student-fp32/sdk | paced, 30 fps | 1." in page
    assert "| p99_ms | paced, 30 fps |" in page
    assert "| peak_mb | – |" in page


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("single_stream", "back to back"),
        ("paced-60fps", "paced, 60 fps"),
        ("multi_stream-30fps-2streams", "2 streams, 30 fps each"),
        ("memory", ""),
    ],
)
def test_a_scenario_has_one_name(key, words):
    assert scenario_name(key) == words


def test_a_released_student_shows_its_networks_parameters_beside_the_files():
    path = default_students()["fp32"]
    own = replace(SUBJECTS[0], sha256=file_sha256(path), parameters=103_240)
    page = render(fake_record(subjects=[own, SUBJECTS[1]]), "report.md.j2")
    assert "| student-fp32 | 100 kB | 103 k | 82,372 |" in page
    assert "| teacher-fp32 | 13.0 MB | 3.30 M | – |" in page


def test_untrained_weights_are_called_so_in_the_table():
    assert "teacher-fp32/onnxruntime (untrained)" in HTML


def test_a_missed_budget_stands_out():
    limits = Budget({"": {"p99_ms": 0.001}, "student-fp32/sdk": {"file_bytes": 1}})
    page = render(RECORD, "report.html.j2", limits)
    assert page.count('class="missed"') == 2
    assert "≤ 1 bytes" in page
    assert "| 100,000 bytes | 100,000 bytes | NO |" in render(RECORD, "report.md.j2", limits)
    none = Budget({"no-such/subject": {"accuracy": 0.9}})
    assert "| ≥ 90.0 % | not measured | – | NO |" in render(RECORD, "report.md.j2", none)


def test_too_few_samples_are_marked_in_the_table():
    few = fake_record(runs=fake_runs(count=60))
    assert re.search(r"\d\\\* \(", render(few, "report.md.j2"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (0.1234, "0.123"),
        (1.0, "1.00"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (132_456.0, "132,456"),
        (1.5e9, "1,500,000,000"),
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
    assert text.count(16) == "16"
    assert text.times(12.0, 1.0) == "12.0 x"
    assert text.times(12.0, 0.0) == "–"
    assert text.percent(Share(None, None, None)) == "–"


def test_summary_and_first_page_say_on_which_screens_was_timed():
    small = edited(fake_record(), lambda d: d["input"]["frame"].update(width=640, height=480))
    view = View(small)
    assert any("on a 640x480 BGRA32 frame" in line for line in summary(view))
    assert dict(cover(view, Identity()))["Frames"].endswith("timed on 640x480 BGRA32 screens")
