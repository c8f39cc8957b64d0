"""The finger: from the readings of a pad to the events of a touch. Pure; time is passed in.

A touch begins with two firm readings that agree, so that neither a stray reading nor the first
moment of a landing, in which a resistive panel reads wide of the mark, begins one; its first event
is the place as read. A touch ends when no reading has been firm enough for 15 ms. In between the
place is smoothed by the One Euro filter: G. Casiez, N. Roussel, D. Vogel, "1€ Filter: A Simple
Speed-based Low-pass Filter for Noisy Input in Interactive Systems", CHI 2012.
"""

from __future__ import annotations

import math

from firmware.devices.events import Lift, TouchAt
from firmware.devices.touch_pad import Touch

__all__ = ["PRESS", "Finger", "OneEuro"]

PRESS = 0.1
"""The pressure that begins a touch, unless the player sets another."""
_RELEASE = 0.6
"""A touch goes on down to this part of that pressure."""
_EDGE = 0.025
"""This much of the calibrated range, at either end, is the very edge: a fingertip is soft."""

_AGREE = 0.06
"""How far two readings of a landing finger may be apart, 3 ms apart: the whole pad in 50 ms."""
_LEAP = 0.12
"""A step further than a finger goes between two readings; it counts if the next confirms it."""
_LIFT_NS = 15_000_000
_LIFT_READINGS = 2

# Events are told apart by a hand and an ear only above these; below, a resting finger is at rest.
_STILL = 0.001
_STILL_PRESSURE = 0.02

_MIN_CUTOFF_HZ = 20.0
"""For a finger at rest: a time constant of 8 ms, which is the most the filter ever lags."""
_CUTOFF_PER_SPEED = 12.0
"""Hz for each pad length a second: the whole pad in 0.3 s is smoothed at 60 Hz, 2.7 ms."""
_SPEED_CUTOFF_HZ = 10.0


class OneEuro:
    """The One Euro filter of one quantity, in units of the pad's length.

    A low-pass filter of first order whose cutoff grows with speed. It lags a steady movement by
    its time constant, 1 / (2 pi cutoff), at most 8 ms. ``value`` is the smoothed value.
    """

    def __init__(self, value: float, now_ns: int) -> None:
        self.value = value
        self._speed = 0.0
        self._last, self._last_ns = value, now_ns

    def add(self, value: float, now_ns: int) -> None:
        """Take a reading, later than the last one."""
        step_s = (now_ns - self._last_ns) / 1e9
        if step_s > 0:
            speed = (value - self._last) / step_s
            self._speed += _share(_SPEED_CUTOFF_HZ, step_s) * (speed - self._speed)
            cutoff_hz = _MIN_CUTOFF_HZ + _CUTOFF_PER_SPEED * abs(self._speed)
            self.value += _share(cutoff_hz, step_s) * (value - self.value)
            self._last, self._last_ns = value, now_ns


class _Held:
    """A touch that goes on: where it was read last, and what was told of it."""

    def __init__(self, touch: Touch, now_ns: int) -> None:
        self.last, self.firm_ns = touch, now_ns
        self.leapt = False
        self.misses = 0
        self.x = OneEuro(_stretched(touch.x), now_ns)
        self.y = OneEuro(_stretched(touch.y), now_ns)
        self.pressure = OneEuro(touch.pressure, now_ns)
        self.told = self.smoothed()

    def smoothed(self) -> TouchAt:
        return TouchAt(*(_unit(axis.value) for axis in (self.x, self.y, self.pressure)))


class Finger:
    """One finger on a pad. ``press`` is the pressure that begins a touch, in [0, 1]."""

    def __init__(self, press: float = PRESS) -> None:
        self.press = press
        self._landing: Touch | None = None
        self._held: _Held | None = None

    @property
    def down(self) -> bool:
        """Whether a touch has begun and not ended."""
        return self._held is not None

    @property
    def landing(self) -> bool:
        """Whether the next reading can begin a touch."""
        return self._landing is not None

    def read(self, touch: Touch | None, now_ns: int) -> list[TouchAt | Lift]:
        """Take a reading (None: no finger, or nothing sensible); what that tells, if anything."""
        held = self._held
        if held is None:
            return self._land(touch, now_ns)
        if touch is None or touch.pressure < self.press * _RELEASE:
            held.misses += 1
            over = now_ns - held.firm_ns >= _LIFT_NS and held.misses >= _LIFT_READINGS
            return self.release() if over else []
        held.misses, held.firm_ns = 0, now_ns
        if _apart(touch, held.last) > _LEAP:
            if held.leapt:
                return self._begin(touch, now_ns)
            held.leapt = True
            return []
        held.leapt, held.last = False, touch
        held.x.add(_stretched(touch.x), now_ns)
        held.y.add(_stretched(touch.y), now_ns)
        held.pressure.add(touch.pressure, now_ns)
        now = held.smoothed()
        if not _differ(held.told, now):
            return []
        held.told = now
        return [now]

    def release(self) -> list[TouchAt | Lift]:
        """End the touch at once, if there is one: also for a pad that can no longer be read."""
        was_down, self._held, self._landing = self.down, None, None
        return [Lift()] if was_down else []

    def _land(self, touch: Touch | None, now_ns: int) -> list[TouchAt | Lift]:
        if touch is None or touch.pressure < self.press:
            self._landing = None
        elif self._landing is None or _apart(touch, self._landing) > _AGREE:
            self._landing = touch
        else:
            return self._begin(touch, now_ns)
        return []

    def _begin(self, touch: Touch, now_ns: int) -> list[TouchAt | Lift]:
        """Be where the reading is, whatever was before: a tap jumps."""
        self._landing, self._held = None, _Held(touch, now_ns)
        return [self._held.told]


def _share(cutoff_hz: float, step_s: float) -> float:
    """How much of a reading the filter takes on: alpha in the paper."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * step_s))


def _stretched(place: float) -> float:
    # Not yet held to [0, 1]: the filter would creep up to the edge and never arrive.
    return (place - _EDGE) / (1 - 2 * _EDGE)


def _differ(told: TouchAt, now: TouchAt) -> bool:
    return (
        _moved(told.x, now.x)
        or _moved(told.y, now.y)
        or abs(now.pressure - told.pressure) >= _STILL_PRESSURE
    )


def _moved(before: float, now: float) -> bool:
    return abs(now - before) >= _STILL or (now != before and now in (0.0, 1.0))


def _apart(one: Touch, other: Touch) -> float:
    return max(abs(one.x - other.x), abs(one.y - other.y))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)
