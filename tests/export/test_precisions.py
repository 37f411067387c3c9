"""What a release says of int8 where it is not worth having."""

import re

import pytest

from export.release import precisions
from export.release.precisions import remarks
from tests.sdk.toy_student import toy_student


@pytest.fixture
def paths(tmp_path):
    files = {}
    for precision in ("fp32", "int8"):
        files[precision] = tmp_path / f"toy-{precision}.onnx"
        files[precision].write_bytes(toy_student(precision))
    return files


def _sized(paths, fp32: int, int8: int):
    for precision, size in (("fp32", fp32), ("int8", int8)):
        paths[precision].write_bytes(b"\0" * size)


@pytest.mark.parametrize(
    ("fp32_ms", "int8_ms", "told"),
    [(0.2, 0.6, ["int8 takes 3.0 times as long as fp32"]), (0.2, 0.2, []), (0.2, 0.1, [])],
)
def test_a_slower_int8_is_told_with_both_times(paths, monkeypatch, fp32_ms, int8_ms, told):
    _sized(paths, 200, 100)
    times = {"fp32": fp32_ms, "int8": int8_ms}
    monkeypatch.setattr(precisions, "median_times_ms", lambda paths: times)
    lines = remarks(paths)
    assert [bool(re.match(start, line)) for start, line in zip(told, lines, strict=True)] == [
        True for _ in told
    ]
    assert all("0.600 against 0.200 ms" in line for line in lines)


@pytest.mark.parametrize(("int8", "is_told"), [(199, False), (200, True), (300, True)])
def test_an_int8_that_is_no_smaller_is_told_with_both_sizes(paths, monkeypatch, int8, is_told):
    _sized(paths, 200, int8)
    monkeypatch.setattr(precisions, "median_times_ms", lambda paths: {"fp32": 1.0, "int8": 1.0})
    lines = remarks(paths)
    assert bool(lines) is is_told
    assert all(f"({int8} against 200 bytes)" in line for line in lines)


def test_both_files_are_timed_in_turn(paths):
    times = precisions.median_times_ms(paths)
    assert set(times) == {"fp32", "int8"}
    assert all(0 < value < 1000 for value in times.values())
