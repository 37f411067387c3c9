from dataclasses import replace

import pytest

from benchmarks.report.quantised import quantised_against_fp32
from benchmarks.report.summary import summary
from benchmarks.report.view import View
from tests.benchmarks.fakes import SUBJECTS, fake_record, fake_runs, renamed

FP32 = SUBJECTS[0]
INT8 = "student-int8/sdk"


def sentences(int8_bytes, factor):
    """Return what is said of an int8 file of this size that takes ``factor`` times as long."""
    int8 = replace(FP32, name=INT8, precision="int8", auto=False, file_bytes=int8_bytes)
    runs = fake_runs(0) + renamed(fake_runs(0, factor), INT8)
    record = fake_record(runs=runs, subjects=[FP32, int8])
    return list(quantised_against_fp32(View(record))), "\n".join(summary(View(record)))


@pytest.mark.parametrize(
    ("int8_bytes", "factor", "words"),
    [
        (150_000, 3.0, "larger and slower (3.00 x the time), so use the fp32 file"),
        (150_000, 1.0, "larger and no faster, so use the fp32 file"),
        (150_000, 0.5, "larger, and fp32 takes 2.00 x its time"),
        (40_000, 3.0, "saves space and takes 3.00 x the time, so use it only to save space"),
        (40_000, 0.5, "smaller, and fp32 takes 2.00 x its time"),
        (40_000, 1.0, "smaller and as fast"),
    ],
)
def test_an_int8_file_is_held_against_its_fp32_twin_in_size_and_time(int8_bytes, factor, words):
    (sentence,), text = sentences(int8_bytes, factor)
    assert words in sentence
    assert "student-int8 is a file of" in sentence
    assert sentence in text


def test_an_int8_file_without_an_fp32_twin_is_not_judged():
    record = fake_record()
    alone = replace(FP32, name=INT8, precision="int8")
    assert list(quantised_against_fp32(View(replace(record, subjects=[alone])))) == []
    assert list(quantised_against_fp32(View(record))) == []
