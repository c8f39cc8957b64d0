"""The monotonic clock against the clock of a kernel sequencer queue.

A queue keeps its own time, from 0 at its start, and moves on only when its timer interrupts: what
was due since the interrupt before is sent then. So a queue has a time, and within its period a
phase at which it delivers. Both are read again and again and followed, as both may drift: a timer
interrupt that is held up for longer than the timer's step makes ALSA's hrtimer count some
nanoseconds too many (sound/core/hrtimer.c), and other timers have a crystal of their own.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FOLLOW_NS", "NOISE_NS", "QueueClock", "Reading", "best_difference"]

FOLLOW_NS = 2_000_000_000
"""How often the clock takes up what has been read since."""

AHEAD_NS = 1_000_000_000
"""A correction begins this far ahead, beyond all that has been scheduled: no two messages change
their order by it. FOLLOW_NS later the line is where it is expected to be then."""

MAX_RATE = 500e-6
"""But it never drifts at more than this rate: time does not run backwards."""

OFFSET_GAIN, DRIFT_GAIN = 0.2, 0.02
"""How much of a surprise is believed (an alpha-beta filter), after a start as a straight line is
fitted to all there is."""

NOISE_NS = 5_000
"""The estimate's own error."""

STEP_NS = 20_000_000
"""A larger difference is no drift: the machine stood still. It is taken over at once."""


class Reading(NamedTuple):
    """One look at a queue: the monotonic clock before and after, and what the queue said.

    ``queue_ns`` is its time now, ``grid_ns`` its time at the interrupt before.
    """

    before_ns: int
    queue_ns: int
    grid_ns: int
    after_ns: int


def best_difference(differences: list[tuple[int, int]]) -> int:
    """Which of several (duration of a look, difference of the clocks by it) counts.

    The looks that took longest are left out. Of the others the smallest difference counts, as the
    kernel reckons from when it handled the last interrupt, so a queue's time is never too large.
    """
    longest = 2 * min(duration for duration, _ in differences)
    return min(difference for duration, difference in differences if duration <= longest)


class QueueClock:
    """Converts between the monotonic clock and a queue's time.

    A difference of the clocks is reckoned to the moment *before* a look, and NOISE_NS less, so that
    nothing is ever sent too early.
    """

    def __init__(self, readings: list[Reading]) -> None:
        offset = best_difference([_difference(reading) for reading in readings])
        self._grid_ns = readings[-1].grid_ns
        # Start, offset there and its rate: of now, and from its start on of the line after that.
        self._lines = 2 * ((0, offset, 0.0),)
        self._differences: list[tuple[int, int]] = []
        self._estimate = readings[-1].after_ns, offset, 0.0  # when, offset, drift
        self._updates = 0

    def to_queue(self, time_ns: int) -> int:
        """Queue time at ``time_ns``; grows strictly with it."""
        now, after = self._lines
        start_ns, offset, rate = after if time_ns >= after[0] else now
        if rate:
            offset += round(rate * (time_ns - start_ns))
        return time_ns - offset

    def to_monotonic(self, queue_ns: int) -> int:
        """Monotonic time at which the queue's time is ``queue_ns``."""
        near_ns = queue_ns + self._lines[1][1]
        return queue_ns + near_ns - self.to_queue(near_ns)

    def delivers_at(self) -> int:
        """Monotonic time of the interrupt that was seen last: it delivers every period from it."""
        return self.to_monotonic(self._grid_ns)

    def follow(self, reading: Reading) -> None:
        """Take up one more look at the queue."""
        duration, offset = _difference(reading)
        self._grid_ns = reading.grid_ns
        self._differences.append((duration, offset - self._offset_at(reading.before_ns)))
        now_ns = reading.before_ns
        if now_ns - self._estimate[0] >= FOLLOW_NS:
            self._update(now_ns, best_difference(self._differences))
            self._differences.clear()

    def _update(self, now_ns: int, error: int) -> None:
        """The line is ``error`` too low now."""
        offset = self._offset_at(now_ns) + error
        if abs(error) > STEP_NS:
            self._lines = 2 * ((0, offset, 0.0),)
            self._estimate, self._updates = (now_ns, offset, 0.0), 0
            return
        self._updates += 1
        then_ns, estimate, drift = self._estimate
        estimate += round(drift * (now_ns - then_ns))
        surprise = offset - estimate
        n = self._updates + 1
        estimate += round(max(OFFSET_GAIN, 2 * (2 * n - 1) / (n * n + n)) * surprise)
        drift += max(DRIFT_GAIN, 6 / (n * n + n)) * surprise / (now_ns - then_ns)
        self._estimate = now_ns, estimate, drift
        start_ns = now_ns + AHEAD_NS
        start = self._offset_at(start_ns)
        rate = (estimate + drift * (AHEAD_NS + FOLLOW_NS) - start) / FOLLOW_NS
        self._lines = self._lines[1], (start_ns, start, max(-MAX_RATE, min(rate, MAX_RATE)))

    def _offset_at(self, time_ns: int) -> int:
        return time_ns - self.to_queue(time_ns)


def _difference(reading: Reading) -> tuple[int, int]:
    duration = reading.after_ns - reading.before_ns
    return duration, reading.before_ns - reading.queue_ns - NOISE_NS
