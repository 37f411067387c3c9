import io

from rich.console import Console

from benchmarks.progress import progress_bar


def test_a_log_file_gets_a_line_every_tenth():
    text = io.StringIO()
    with progress_bar(Console(file=text)) as advance:
        advance("prepare", 0, 0)
        for done in range(201):
            advance("measure", done, 200)
    lines = text.getvalue().splitlines()
    assert lines[:2] == ["prepare", "0 of 200 processes done"]
    assert lines[-1] == "200 of 200 processes done"
    assert len(lines) == 12


def test_a_terminal_shows_the_step_and_the_count():
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=120)
    with progress_bar(console) as advance:
        advance("paced  student-fp32/sdk", 3, 7)
    assert "paced  student-fp32/sdk" in text.getvalue()
    assert "3/7" in text.getvalue()


def test_a_step_before_the_processes_are_counted_shows_no_count():
    text = io.StringIO()
    with progress_bar(Console(file=text, force_terminal=True, width=120)) as advance:
        advance("prepare frames and models", 0, 0)
    assert "prepare frames and models" in text.getvalue()
    assert "0/" not in text.getvalue()
