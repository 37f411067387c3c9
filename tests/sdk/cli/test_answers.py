"""How the command has frames answered along a file."""

from __future__ import annotations

from typing import Any

import pytest

from sdk.cli.answers import Answers


@pytest.mark.parametrize(("given", "rate"), [(None, 30.0), (12.5, 12.5)])
def test_a_file_is_smoothed_at_the_rate_that_was_given(given: float | None, rate: float) -> None:
    rates = []

    class Student:
        def stream(self, *, fps: float) -> None:
            rates.append(fps)

    student: Any = Student()
    Answers(student, smooth=True, fps=given).new_file()
    assert rates == [rate]
