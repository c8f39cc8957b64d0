"""The monotonic clock against the clock of a kernel sequencer queue.

A queue keeps its own time, from 0 at its start, and moves on only when its timer interrupts: what
was due since the interrupt before is sent then. So a queue has a time, and within its period a
phase at which it delivers. Both are read again and again and followed, as both may drift: a timer
interrupt that is held up for longer than the timer's step makes ALSA's hrtimer count some
nanoseconds too many (sound/core/hrtimer.c), and other timers have a crystal of their own.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FOLLOW_NS", "QueueClock", "Reading", "best_offset"]

FOLLOW_NS = 2_000_000_000
"""How often the clock takes up what has been read since."""

AHEAD_NS = 1_000_000_000
"""A correction begins this far ahead, beyond all that has been scheduled: no two messages change
their order by it."""

SETTLE_NS = 4_000_000_000
MAX_RATE = 500e-6
"""A difference is made up over so many ns, at no more than this rate: time never runs backwards."""

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


def best_offset(readings: list[Reading]) -> int:
    """Monotonic time at the queue's zero, from several looks.

    The looks that took longest are left out. Of the others the smallest difference counts, as the
    kernel reckons from when it handled the last interrupt, so a queue's time is never too large;
    and it is taken to the clock *before* the look, so that nothing is ever sent too early.
    """
    shortest = min(reading.after_ns - reading.before_ns for reading in readings)
    return min(
        reading.before_ns - reading.queue_ns
        for reading in readings
        if reading.after_ns - reading.before_ns <= 2 * shortest
    )


class QueueClock:
    """Converts between the monotonic clock and a queue's time.

    It delivers when its time modulo ``period_ns`` is ``phase_ns``.
    """

    def __init__(self, period_ns: int, readings: list[Reading]) -> None:
        self.period_ns = period_ns
        self.phase_ns = readings[-1].grid_ns % period_ns
        # Start, offset there and its rate: of now, and from its start on of the line after that.
        self._lines = 2 * ((0, best_offset(readings), 0.0),)
        self._readings: list[Reading] = []
        self._followed_ns = readings[-1].after_ns

    def to_queue(self, time_ns: int) -> int:
        """Queue time at ``time_ns``; grows strictly with it."""
        now, after = self._lines
        start_ns, offset, rate = after if time_ns >= after[0] else now
        return time_ns - offset - round(rate * (time_ns - start_ns))

    def to_monotonic(self, queue_ns: int) -> int:
        """Monotonic time at which the queue's time is ``queue_ns``."""
        near_ns = queue_ns + self._lines[1][1]
        return queue_ns + near_ns - self.to_queue(near_ns)

    def follow(self, reading: Reading) -> None:
        """Take up one more look at the queue."""
        self._readings.append(reading)
        now_ns = reading.after_ns
        if now_ns - self._followed_ns < FOLLOW_NS:
            return
        offset = best_offset(self._readings)
        self.phase_ns = reading.grid_ns % self.period_ns
        if abs(offset - (now_ns - self.to_queue(now_ns))) > STEP_NS:
            self._lines = 2 * ((0, offset, 0.0),)
        else:
            start_ns = now_ns + AHEAD_NS
            start = start_ns - self.to_queue(start_ns)
            rate = max(-MAX_RATE, min((offset - start) / SETTLE_NS, MAX_RATE))
            self._lines = (self._lines[1], (start_ns, start, rate))
        self._readings.clear()
        self._followed_ns = now_ns
