"""Causal smoothing of calibrated probabilities: their geometric mean, recent frames weighing more.

Each frame's probabilities are pooled with the smoothed ones (a logarithmic opinion pool: Genest and
Zidek, Statistical Science 1, 1986, section 3), with a weight that follows from the time between
two frames. Unlike in a hidden Markov model's filter, frames that agree don't add up: no label gains
more on another than in the frame that favours it most. Neighbouring frames err alike, so agreeing
proves little. `docs/stream.md` has the formulas
and the comparison.
"""

from __future__ import annotations

from math import exp

from .. import _kernels
from ..model_file.stream_settings import StreamSettings

Shares = tuple[float, ...]


class LabelFilter:
    """The smoothed probabilities of one stream's labels; for one thread.

    Attributes:
        state: smoothed probabilities, summing to 1; None until a frame said something. It is all
            that the filter remembers: one that is given the state of another goes on as that one.
    """

    __slots__ = ("_duration_s", "_floor", "_keep", "_smoothing_s", "state")

    def __init__(self, settings: StreamSettings) -> None:
        self._smoothing_s = settings.smoothing_s
        self._floor = settings.evidence_floor
        self._duration_s, self._keep = 0.0, 1.0
        self.state: Shares | None = None

    def reset(self) -> None:
        """Forget everything: the next frame is taken at its word."""
        self.state = None

    def step(self, duration_s: float, probabilities: Shares | None) -> Shares | None:
        """Let time pass, and look at a frame.

        Args:
            duration_s: since the frame before, above 0.
            probabilities: calibrated, one a label; None where the frame says nothing, which pulls
                towards all labels alike.

        Returns:
            The new `state`.
        """
        state = self.state
        if probabilities is None:
            if state is None:
                return None
            probabilities = (1.0 / len(state),) * len(state)
        if state is None:
            self.state = probabilities
            return probabilities
        # frames mostly come evenly, so the factor is kept
        if duration_s != self._duration_s:
            self._duration_s, self._keep = duration_s, exp(-duration_s / self._smoothing_s)
        # compiled, in one order: from Python 3.12 on sum() rounds otherwise, and a replayed log
        # must give the same bits
        self.state = _kernels.pooled(state, probabilities, self._keep, self._floor)
        return self.state


class ShownLabel:
    """Hysteresis: which label is shown, if any; for one thread.

    A label is shown once its smoothed probability reaches its own threshold, and stays until the
    probability falls below `leave_below`, or below the threshold where that is lower.

    Attributes:
        index: of the label shown, or None.
    """

    __slots__ = ("_enter", "_leave", "index")

    def __init__(self, enter: Shares, leave_below: float) -> None:
        self._enter = enter
        self._leave = tuple(min(leave_below, threshold) for threshold in enter)
        self.index: int | None = None

    def reset(self) -> None:
        """Show none."""
        self.index = None

    def step(self, state: Shares | None) -> int | None:
        """Return the index of the label to show at this smoothed state, or None."""
        if state is None:
            self.index = None
            return None
        best = state.index(max(state))
        least = self._leave[best] if best == self.index else self._enter[best]
        self.index = best if state[best] >= least else None
        return self.index
