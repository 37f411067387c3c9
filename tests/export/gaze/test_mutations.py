"""Mutated recordings: samples or typed errors, and no silent difference (short form)."""

import pytest

from export.gaze.readers import tobii_table
from tests.export.gaze.gaze_mutations import FILES, run


def test_mutants_give_samples_or_typed_errors_and_no_silent_difference():
    found = run(2000, seed=11)
    outcomes = found["outcomes"]
    for name in FILES:  # each format was read, and refused, in both ways
        for way in ("bytes / read", "drop / read", "swap / gaze-time"):
            assert any(f"{name} / {way}" in key for key in outcomes), (name, way)


def test_a_reader_that_loses_a_sample_is_noticed(monkeypatch: pytest.MonkeyPatch):
    """A planted fault: times of the first column, one row late."""
    honest = tobii_table.times_of

    def late(rows, parsers):
        times, clock = honest(rows, parsers)
        return times + 1, clock

    for module in ("tobii_pro_lab", "tobii_studio"):
        monkeypatch.setattr(f"export.gaze.readers.{module}.times_of", late)
    with pytest.raises(AssertionError, match="silent difference"):
        run(300, seed=11)
