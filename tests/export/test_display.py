"""Progress of long steps, as it looks on a terminal."""

import io

import pytest
from rich.console import Console

from export.display import bars, epochs_of


@pytest.mark.parametrize("columns", [80, 60])
def test_a_narrow_terminal_shows_every_loss_whole(columns):
    screen = io.StringIO()
    losses = {"total": 1.234, "hard": 2.345, "soft": 3.456, "attention": 4.567, "gaze": 5.678}
    with bars(Console(file=screen, width=columns, force_terminal=True)) as show:
        epochs_of(show, "student kd, seed 12", 100)(99, losses)
    shown = screen.getvalue()
    assert "student kd, seed 12" in shown
    assert "99/100" in shown
    for name, value in losses.items():
        assert name in shown
        assert str(value) in shown
