"""What `compare` prints: columns, the headline, and its answer in words."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import commands
from benchmarks.compare import NOTICEABLE, Change, Comparison, compare
from benchmarks.comparison_text import comparison_lines
from benchmarks.errors import BenchError
from benchmarks.headline import answer, exceeding
from benchmarks.record.store import write_record
from benchmarks.stats.intervals import Interval
from tests.benchmarks.fakes import fake_record

STREAM = "student-fp32/sdk|single_stream|threads=1|end_to_end|p50"
PACED = "student-fp32/sdk|paced-30fps|threads=1|end_to_end|p50"
PIXELS = "kernel/avx2|preprocess|sdk|geomean"
OTHER = "student-fp32/sdk|cold_start|total|p50"


def change(key=STREAM, verdict="unclear", unseen=0.2, low=0.8, high=1.2, value=1.0, **more):
    wide = Interval(value, low / 2, high * 2)
    found = Interval(value, low, high)
    made = Change(key, "ms", 1.0, value, found, verdict, "lower", True, unseen, wide, 0.5)
    return replace(made, **more)


def comparison(*changes):
    return Comparison(list(changes), [], [], len(changes), 0.999, False)


def cells(line):
    return re.split(r"\s{2,}", line)


EXTREME = [
    change(),
    change(OTHER, "worse", low=58.149, high=70.5, value=63.84),
    change(OTHER + "0", "worse", low=9.5, high=10.5, value=9.9, before=1e-9, after=123456.789),
    change(OTHER + "1", "better", low=0.0, high=math.inf, value=1e300),
    change(OTHER + "2", "worse", low=1e200, high=math.inf, value=1e250),
    change(OTHER + "3", "better", ratio=None, widened=None, visible=None),
]


@pytest.mark.parametrize("every", [False, True])
def test_columns_never_run_together_whatever_their_width(every):
    lines = [line for line in comparison_lines(comparison(*EXTREME), every) if "  " in line]
    assert len(lines) >= 1 + len(EXTREME)
    assert {len(cells(line)) for line in lines} == {6 if every else 4}
    starts = {line.index("student-fp32") for line in lines[1:]}
    assert starts == {lines[0].index("figure")}


def test_an_interval_beyond_the_cut_off_is_told_by_its_numbers():
    text = "\n".join(comparison_lines(comparison(*EXTREME), every=False))
    assert "63.84 (58.15 to 70.50)  " in text
    assert "9.900 (9.500 to over 10)  " in text
    assert "over 1,000,000 (over 1,000,000 to over 1,000,000)  " in text


def test_an_unclear_headline_whose_95_percent_excludes_1_shows_what_judged_it():
    row, plain = (
        list(comparison_lines(comparison(one), every=False))[1]
        for one in (change(low=1.02, high=1.09, value=1.05), change(low=0.98, high=1.09))
    )
    assert "1.050 (1.020 to 1.090), judged by 0.510 to 2.180  " in row
    assert "judged by" not in plain


def test_only_what_became_worse_or_better_is_listed_below_the_headline():
    others = [change(f"{OTHER}{v}", v) for v in ("worse", "better", "same", "unclear", "unjudged")]
    lines = list(comparison_lines(comparison(change(), *others), every=False))
    assert lines[2].startswith("6 figures compared: 1 worse, 1 better, 1 same, 2 unclear, 1 unj")
    assert [cells(line)[-1] for line in lines[3:-1]] == [f"{OTHER}worse", f"{OTHER}better"]
    assert lines[-1] == "1 figure became worse."


def test_a_figure_where_more_is_better_says_so():
    made = change("a/b|single_stream|threads=1|throughput|mean", "worse", better="higher")
    (line,) = [
        line for line in comparison_lines(comparison(made), every=False) if "throughput" in line
    ]
    assert "1.000 -> 1.000 ms, more is better  " in line


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([change(verdict="same", unseen=0.03)], ", and the call as a whole is the same."),
        ([change(verdict="better", unseen=0.0)], ", and the call as a whole is not slower."),
        ([change(unseen=0.0)], ", and the call as a whole is not slower."),
        ([change(PIXELS, "same", 0.0)], ", and frame to tensor is the same."),
        ([change(PIXELS)], "; frame to tensor a slowdown of up to 20 % can't be ruled out."),
        ([change(OTHER)], "."),
        (
            [change(unseen=0.1601), change(PACED, "same", 0.04)],
            "; back to back a slowdown of up to 16.1 % can't be ruled out.",
        ),
        (
            [change(unseen=0.05), change(PACED, unseen=0.06)],
            "; paced at 30 fps a slowdown of up to 6 %, back to back one of up to 5 % can't be "
            "ruled out.",
        ),
        (
            [change(verdict="same"), change(STREAM.replace("student", "t"), unseen=math.inf)],
            "; t-fp32/sdk, back to back, a slowdown of up to 900 % and more can't be ruled out.",
        ),
        ([change(unseen=None)], "; back to back a slowdown of up to 900 % and more can't be r"),
    ],
)
def test_the_last_line_answers_in_words(changes, told):
    *_, last = comparison_lines(comparison(*changes), every=False)
    assert last.startswith(f"No figure became worse{told}")


def test_what_became_worse_is_the_answer_wherever_it_is():
    changes = [change(verdict="same"), change(OTHER, "worse"), change(OTHER + "2", "worse")]
    assert answer(comparison(*changes)) == "2 figures became worse."


def test_a_slowdown_beyond_the_limit_must_be_excluded_by_each_headline_figure():
    changes = [change(unseen=0.1), change(PACED, unseen=0.11), change(OTHER, unseen=9.0)]
    (told,) = exceeding(comparison(*changes), 10)
    assert told.startswith("student-fp32/sdk, whole call, paced, 30 fps, p50: a slowdown of up to")
    assert told.endswith("11 % is not excluded")
    assert list(exceeding(comparison(*changes), 11)) == []
    assert len(list(exceeding(comparison(change(unseen=None)), 900))) == 1
    assert len(list(exceeding(comparison(change(OTHER)), 900))) == 1


@pytest.mark.parametrize("limit", [0, -1, 901, math.nan, math.inf])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(BenchError, match=r"--no-slower-than .*: allowed are percent") as caught:
        list(exceeding(comparison(change()), limit))
    assert caught.value.slug == "option-invalid"


def test_no_worse_figure_is_not_enough_for_a_gate_that_asks_for_a_bound(tmp_path):
    paths = [str(tmp_path / f"{name}.json") for name in ("a", "b")]
    records = fake_record(1), fake_record(2)
    for path, record in zip(paths, records, strict=True):
        write_record(record, Path(path))
    runner = CliRunner()
    wide = max(c.unseen for c in compare(*records).changes if c.id in (STREAM, PACED))
    assert wide > NOTICEABLE / 5
    for limit, status in ((100 * wide / 2, 1), (50.0, 0)):
        arguments = ["compare", *paths, "--no-slower-than", str(limit)]
        result = runner.invoke(commands.app, arguments)
        assert result.exit_code == status, result.output
        assert (" is not excluded" in result.stderr) == bool(status)
        assert (
            "No slower than 50 %, with 95 % confidence: each of the 3 headline figures."
            in result.stdout
        ) != bool(status)
    same = [paths[0], paths[0], "--no-slower-than", "50"]
    assert runner.invoke(commands.app, ["compare", *same]).exit_code == 1
