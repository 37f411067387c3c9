import io
import re

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


def test_each_line_between_the_first_and_the_last_says_how_long_it_still_takes(monkeypatch):
    text, now = io.StringIO(), [100.0]
    monkeypatch.setattr("benchmarks.progress.monotonic", lambda: now[0])
    with progress_bar(Console(file=text)) as advance:
        for done in range(44):
            advance("measure", done, 43)
            now[0] += 3.0
    lines = text.getvalue().splitlines()
    left = [re.search(r"done, about (\d+) (min|s) left$", line) for line in lines[1:-1]]
    assert all(left)
    seconds = [int(match[1]) * (60 if match[2] == "min" else 1) for match in left]
    done = [int(line.split()[0]) for line in lines[1:-1]]
    assert all(abs(s - 3 * (43 - d)) <= 30 for s, d in zip(seconds, done, strict=True))
    assert seconds == sorted(seconds, reverse=True)
    assert "left" not in lines[0] + lines[-1]


def test_a_bar_still_knows_the_time_that_is_left_after_a_step_of_minutes():
    text, now = io.StringIO(), [0.0]
    console = Console(file=text, force_terminal=True, width=120, get_time=lambda: now[0])
    with progress_bar(console) as advance:
        for done, seconds in enumerate((3, 3, 300, 3)):
            advance("soak", done, 43)
            now[0] += seconds
        advance("soak", 4, 43)
    assert "1:06:18" in text.getvalue()  # 39 steps, as long as those between: 306 / 3 s


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
