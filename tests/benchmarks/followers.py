"""Clock followers side by side. Each takes arrivals and says when it expects the next; times in ms.

The peers are what other boxes do: the last period again (isobar, seq66, Grids), the mean of the
last beat (norns, Deluge), and Adriaensen's delay-locked loop ("Using a DLL to filter time", 2005)
at three bandwidths.
"""

from __future__ import annotations

from collections import deque
from math import pi, sqrt
from typing import Protocol

from firmware.clock.follower import Follower

MS = 1_000_000


class ClockFollower(Protocol):
    def pulse(self, time: float) -> None: ...

    def next(self) -> float:
        """When the next pulse is expected; from the second pulse on."""
        ...


class MeanPeriod:
    """The last arrival and the mean of the last ``count`` periods; of one, the raw clock."""

    def __init__(self, count: int) -> None:
        self._times: deque[float] = deque(maxlen=count + 1)

    def pulse(self, time: float) -> None:
        self._times.append(time)

    def next(self) -> float:
        last = self._times[-1]
        return last + (last - self._times[0]) / (len(self._times) - 1)


class DelayLockedLoop:
    """Second order, critically damped, ``bandwidth`` in Hz; starts over when a quarter of a
    period off."""

    def __init__(self, bandwidth: float) -> None:
        self._bandwidth = bandwidth
        self._last: float | None = None
        self._period = 0.0
        self._next: float | None = None

    def pulse(self, time: float) -> None:
        last, self._last = self._last, time
        if last is None:
            return
        if self._next is None or abs(time - self._next) > self._period / 4:
            self._period = time - last
            self._next = time + self._period
            return
        omega = 2 * pi * self._bandwidth * self._period / 1000
        error = time - self._next
        self._next += min(sqrt(2) * omega, 1.0) * error + self._period
        self._period += omega * omega * error

    def next(self) -> float:
        assert self._next is not None
        return self._next


class Ours:
    """The product's follower, asked for the pulse it expects."""

    def __init__(self) -> None:
        self.follower = Follower(500 * MS)

    def pulse(self, time: float) -> None:
        self.follower.pulse(round(time * MS))

    def next(self) -> float:
        return self.follower.time_of(self.follower.pulses, 24) / MS


FOLLOWERS = {
    "raw": lambda: MeanPeriod(1),
    "24-tick mean": lambda: MeanPeriod(24),
    "DLL 0.3 Hz": lambda: DelayLockedLoop(0.3),
    "DLL 1 Hz": lambda: DelayLockedLoop(1.0),
    "DLL 2 Hz": lambda: DelayLockedLoop(2.0),
    "ours": Ours,
}
