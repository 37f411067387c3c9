"""What the statistics of consecutive frames tell: cuts, freezes, black screens, Doppler."""

from __future__ import annotations

from ..model_file.stream_settings import StreamSettings
from ..preprocess import Statistics

CUT = "cut"
FREEZE = "freeze"
BLACK = "black"
DOPPLER = "doppler"
LAYOUT_CHANGED = "layout-changed"
GAP = "gap"
EVENTS = (CUT, FREEZE, BLACK, DOPPLER, LAYOUT_CHANGED, GAP)

_LASTING = {
    (frozen, black, doppler): tuple(
        name for name, holds in ((FREEZE, frozen), (BLACK, black), (DOPPLER, doppler)) if holds
    )
    for frozen in (False, True)
    for black in (False, True)
    for doppler in (False, True)
}
_LATELY = 0.1  # weight of a new frame in what frames usually differ by


class SceneWatch:
    """Follows one stream's statistics; for one thread.

    Attributes:
        frozen: frames have repeated for long enough.
        resumed: the frame just seen ended a freeze.
        black: the frame just seen is black.
        doppler: the frame just seen shows Doppler.
    """

    __slots__ = ("_settings", "_still_s", "_usual", "black", "doppler", "frozen", "resumed")

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._still_s = 0.0
        self._usual = 0.0
        self.frozen = self.resumed = self.black = self.doppler = False

    @property
    def lasting(self) -> tuple[str, ...]:
        """What holds at the frame just seen: of `freeze`, `black` and `doppler`."""
        return _LASTING[self.frozen, self.black, self.doppler]

    def step(self, statistics: Statistics, duration_s: float) -> tuple[str, ...]:
        """Look at a frame, and return what begins with it, names of `EVENTS`."""
        begun: tuple[str, ...] = ()
        self.resumed = False
        if statistics.difference is not None:
            assert statistics.shift is not None
            if self._is_cut(statistics.difference, abs(statistics.shift)):
                begun = (CUT,)
            if self._freezes(statistics.difference, duration_s):
                begun = (*begun, FREEZE)
        black = statistics.black >= self._settings.black_share
        if black and not self.black:
            begun = (*begun, BLACK)
        self.black = black
        doppler = self._shows_doppler(statistics)
        if doppler and not self.doppler:
            begun = (*begun, DOPPLER)
        self.doppler = doppler
        return begun

    def _is_cut(self, difference: float, shift: float) -> bool:
        # where all cells brighten by a factor, the mean absolute difference is the mean difference
        change = difference - shift
        level = self._settings.cut_level
        cut = change > level and change > self._settings.cut_ratio * self._usual
        # a cut counts too, bounded: where every frame differs as much, none is a cut
        self._usual += _LATELY * (min(change, 4 * level) - self._usual)
        return cut

    def _freezes(self, difference: float, duration_s: float) -> bool:
        before = self.frozen
        if difference > self._settings.freeze_level:
            self._still_s = 0.0
            self.frozen = False
            self.resumed = before
            return False
        self._still_s += duration_s
        self.frozen = before or self._still_s >= self._settings.freeze_after_s
        return self.frozen and not before

    def _shows_doppler(self, statistics: Statistics) -> bool:
        colored = statistics.colored
        if not colored or colored < self._settings.doppler_share:
            return False
        # a tinted map colours nearly all that is lit, Doppler a part of it
        return colored <= self._settings.tint_share * (1.0 - statistics.black)
