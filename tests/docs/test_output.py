import pytest

from tests.docs.output import matches


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("femur 98.1%  0.49 ms", "femur 97.0%  12.90 ms\n"),
        ("confidence=0.987, total_us=771", "confidence=0.985, total_us=9"[:-1] + "1234"),
        ("a\n...\nb", "a\nmany\nlines\nb"),
        ("x ...", "x and more"),
    ],
)
def test_times_last_digits_and_gaps_may_differ(shown, printed):
    assert matches(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("femur 98.1%  0.49 ms", "femur 90.0%  0.49 ms"),
        ("femur 98.1%", "head 98.1%"),
        ("confidence=0.987", "confidence=0.900"),
        ("total_us=771", "total_us=7"),
        ("a\n...\nb", "a\nmany\nlines"),
        ("exit status 1", "exit status 3"),
        ("one line", "one line\nand another"),
    ],
)
def test_anything_else_may_not(shown, printed):
    assert not matches(shown, printed)
