"""Following an external MIDI clock: from the arrival times of its pulses to the time of any tick.

``PulseModels`` says when the next pulse is due. What is left to decide here is which pulse an
arrival *is*: the next one, a later one because some were lost, one of several that were held up
and come in a bunch, or a duplicate. Times are integer nanoseconds, passed in.
"""

from __future__ import annotations

from firmware.clock.pulse_models import PulseModels
from firmware.clock.tempo import HUNDREDTHS_MINUTE_NS, MAX_TEMPO, MIN_TEMPO, PPQN
from firmware.clock.tempo_display import TempoDisplay

__all__ = ["Follower"]

SHORTEST_NS = HUNDREDTHS_MINUTE_NS / PPQN / MAX_TEMPO * 0.9
LONGEST_NS = HUNDREDTHS_MINUTE_NS / PPQN / MIN_TEMPO * 1.1
"""Bounds of a period, the time from pulse to pulse: 20 to 300 bpm and a little more."""

LOST_NS = 500_000_000
LOST_PERIODS = 4
"""No pulse for the longer of these and the clock is gone (others wait 0.25 to 0.5 s)."""

SETTLED = 8
"""Pulses after which the period is known well enough to tell lost pulses and duplicates."""

BUNCH = 0.25
"""Arrivals nearer to each other than this part of a period are held up pulses or duplicates."""

HELD_UP = 0.6
"""A pulse later than this part of a period is no change of tempo."""

SURE = 0.1
"""So near, in periods, to a whole number of them, a gap means lost pulses; so near to each other,
as a part, two gaps are the same."""

SIGMAS = 4
"""Standard deviations of the jitter that could be jitter still."""

WINDOW = 48
"""Accepted pulses over which duplicates are counted."""

FIRM, LOOSE, UNKNOWN = 0.005, 0.05, 1.0
"""How well the period is known when the models begin anew, as a part of it."""

NEW_CLOCK_NS = 1_000_000_000
"""Time stamps that go back this far are another clock's; less is taken for the time before it."""


def _bounded(period: float) -> float:
    return min(max(period, SHORTEST_NS), LONGEST_NS)


class Follower:
    """The estimate of an external clock's line from beats to time.

    ``beat_ns`` is the tempo assumed until two pulses have come. Who asks for one tick ahead after
    every pulse never sees time run backwards: a tick beyond the pulse that was next is not placed
    before the time that pulse was promised for.
    """

    def __init__(self, beat_ns: float) -> None:
        self.pulses = 0
        """number of the next pulse expected"""
        self._first_period = _bounded(beat_ns / PPQN)
        self._models: PulseModels | None = None
        self._origin = 0
        self._fresh, self._promised, self._floor = True, 0, float("-inf")
        self._window_ns, self._window_pulse = 0.0, 0
        self._window = self._extras = self._extras_before = 0
        self._heard = self._accepted = self._gap = self._error = self._unevenness = 0.0
        self._run = 0
        self._display = TempoDisplay()
        self._forget_oddities()

    def restart(self) -> None:
        """A start message came: the next pulse is pulse 0. The tempo is kept."""
        self._number_from(0)

    def continue_from(self, pulse: int) -> None:
        """The next pulse is number ``pulse`` (24 a beat). The tempo is kept."""
        self._number_from(pulse)

    def pulse(self, time_ns: int) -> None:
        """A clock message arrived at ``time_ns``."""
        if self._models is None or time_ns - self._origin < self._heard - NEW_CLOCK_NS:
            self._begin(time_ns)
            return
        if self.pulses > self._promised:
            self._floor, self._promised = self._time(self.pulses, PPQN), self.pulses
        time = max(float(time_ns - self._origin), self._heard)
        lost, gap = self._gone(time), time - self._heard
        self._heard = time
        if self._fresh or lost:
            self._resume(self._models, time, lost)
        elif self._out_of_step(self._models, time, gap):
            self._models.anchor(time, gap, self._models.jitter, LOOSE)
            self._start_run(time)
        elif not self._is_extra(self._models, time):
            self._accept(self._models, time)
        if self._run >= 2:
            best = self._models.best.period
            self._display.update(_bounded(best), self._models.period_uncertainty)

    def time_of(self, n: int, per_beat: int) -> int:
        """When subdivision ``n`` (``per_beat`` a beat) falls, in ns, by the present estimate.

        Never less for a greater ``n``. Raises ValueError before the first pulse.
        """
        return self._origin + round(self._time(n, per_beat))

    def position_at(self, time_ns: int, per_beat: int) -> float:
        """The position at ``time_ns`` in subdivisions of a beat, with its fraction.

        Raises ValueError before the first pulse.
        """
        models = self._known()
        pulses = self.pulses + (time_ns - self._origin - models.next_ns) / self._period(models)
        return pulses * per_beat / PPQN

    @property
    def beat_ns(self) -> float | None:
        """Length of a beat in ns; None until two pulses have come."""
        if self._models is None or self._display.hundredths is None:
            return None
        return self._period(self._models) * PPQN

    def bpm_hundredths(self) -> int | None:
        """The tempo for the display, which changes only for good reason; None like ``beat_ns``."""
        return self._display.hundredths

    def is_lost(self, now_ns: int) -> bool:
        """Whether there is no clock: none has come yet, or none for too long."""
        return self._models is None or self._gone(now_ns - self._origin)

    def _known(self) -> PulseModels:
        if self._models is None:
            raise ValueError("No clock pulse has come yet.")
        return self._models

    def _period(self, models: PulseModels) -> float:
        return _bounded(models.period)

    def _time(self, n: int, per_beat: int) -> float:
        models = self._known()
        pulses = (n * PPQN - self.pulses * per_beat) / per_beat
        time = models.next_ns + pulses * self._period(models)
        return time if n * PPQN <= self._promised * per_beat else max(time, self._floor)

    def _gone(self, time: float) -> bool:
        return self._models is not None and time - self._heard > max(
            LOST_NS, LOST_PERIODS * self._period(self._models)
        )

    def _number_from(self, pulse: int) -> None:
        self.pulses = self._promised = pulse
        self._floor = float("-inf")
        self._fresh = True

    def _begin(self, time_ns: int) -> None:
        period = self._first_period if self._models is None else self._period(self._models)
        self._origin, self._heard = time_ns, 0.0
        self._models = PulseModels(0.0, period)
        self._number_from(self.pulses)
        self._start_run(0.0)

    def _resume(self, models: PulseModels, time: float, lost: bool) -> None:
        """The first pulse after a start or a silence: where it is, the beat is."""
        if lost or abs(time - models.next_ns) > SIGMAS * models.uncertainty:
            models.anchor(time, self._period(models), 0.0, UNKNOWN if lost else LOOSE)
            self._start_run(time)
        else:
            models.observe(time)
            self._count(time, 1)

    def _out_of_step(self, models: PulseModels, time: float, gap: float) -> bool:
        """Whether the pulses come evenly, and yet not when expected, or with anything expected.

        No steady clock leads there, but nonsense that ends in one may, and what was believed of
        it would outlive it.
        """
        uneven, self._gap = abs(gap - self._gap), gap
        self._error += (abs(time - models.next_ns) - self._error) / SETTLED
        self._unevenness += (uneven - self._unevenness) / SETTLED
        expected = max(self._error, models.jitter)
        if expected < self._period(models) / 8 or self._unevenness > expected / 4:
            return False
        if not SHORTEST_NS < gap < LONGEST_NS:
            return False
        models.forget_jitter()
        self._error = 0.0
        return True

    def _start_run(self, time: float) -> None:
        self._run = 0
        self._forget_oddities()
        self._count(time, 1)
        self._open_window(time)

    def _count(self, time: float, pulses: int) -> None:
        self.pulses += pulses
        self._accepted = time
        self._fresh = False
        self._run += 1

    def _forget_oddities(self) -> None:
        self._missing = 0
        """pulses that did not come but have been counted"""
        self._held_up = 0
        """pulses that may come yet, all at once, and have not been counted"""
        self._odd_gap = 0.0
        self._doubtful = 0
        self._period_before = 0.0

    def _is_extra(self, models: PulseModels, time: float) -> bool:
        """Whether this arrival is one of a bunch: counted before, held up, or a duplicate."""
        gap, period = time - self._accepted, self._period(models)
        if self._missing and gap < HELD_UP * period:
            self._missing -= 1
            self._odd_gap = 0.0
            return True
        settled = self._run >= SETTLED
        early = models.next_ns - time
        if gap > BUNCH * (period if settled else SHORTEST_NS):
            return False
        if settled and early < max(period / 2, SIGMAS * models.jitter):
            return False
        self._odd_gap = 0.0
        if self._held_up:
            self._held_up -= 1
            models.anchor(time, period, period / 2, FIRM if settled else UNKNOWN)
            self._count(time, 1)
        else:
            self._extras += 1
        return True

    def _accept(self, models: PulseModels, time: float) -> None:
        """Give the arrival its number and let the models learn from it."""
        gap, period = time - self._accepted, self._period(models)
        late = time - models.next_ns
        odd_gap, missing, doubtful = self._odd_gap, self._missing, self._doubtful
        period_before = self._period_before
        self._forget_oddities()
        skipped = 0
        if doubtful and abs(gap - period_before) < SURE * gap:
            # The old period is back: pulses had been lost after all, twice in a row.
            self.pulses += doubtful
            models.anchor(self._accepted, period_before, models.jitter, FIRM)
        elif self._run < SETTLED or late < max(HELD_UP * period, SIGMAS * models.jitter):
            if late > HELD_UP * period:
                self._held_up = int(late / period) + 1
        elif abs(gap - odd_gap) < SURE * gap:
            # The same strange gap twice: nothing was lost, this is the tempo now.
            self.pulses -= missing
            self._doubtful, self._period_before = 2 * missing, period
            models.anchor(self._accepted, gap, models.jitter, LOOSE)
        else:
            self._odd_gap = gap
            whole = round(late / period)
            if abs(late - whole * period) < max(
                SURE * period, min(SIGMAS * models.jitter, BUNCH * period)
            ):
                self._missing = skipped = whole
                models.skip(whole)
            else:
                # Held up, and more may come with it; or the clock itself paused.
                self._held_up = int(late / period) + 1
                models.anchor(time, period, period / 2, FIRM)
                self._count(time, 1)
                return
        models.observe(time)
        self._count(time, 1 + skipped)
        self._look_for_bunches(models, time)

    def _look_for_bunches(self, models: PulseModels, time: float) -> None:
        """Some transports always deliver several pulses at once, now two, now three.

        They look like duplicates; but stray duplicates are rare, and a clock that comes in twice
        has as many with every pulse. Two windows in a row that are neither settle it.
        """
        self._window += 1
        if self._window % WINDOW:
            return
        recent = self._extras - self._extras_before
        if abs(recent - WINDOW * round(recent / WINDOW)) < WINDOW // 6:
            self._open_window(time)
        elif self._window == WINDOW:
            self._extras_before = self._extras
        else:
            self.pulses += self._extras
            period = (time - self._window_ns) / (self.pulses - self._window_pulse)
            models.jitter = period / 2
            models.anchor(time, period, period, LOOSE)
            self._open_window(time)

    def _open_window(self, time: float) -> None:
        self._window_ns, self._window_pulse = time, self.pulses
        self._window = self._extras = self._extras_before = 0
