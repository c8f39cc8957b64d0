"""Real-time priorities: who goes before whom, in one place.

SCHED_FIFO priorities: the kernel's interrupt threads have 50 by default, sound servers 70 to 90.
"""

from __future__ import annotations

import contextlib
import os

__all__ = ["DIN_BRIDGE", "ENGINE", "KERNEL_TIMERS", "MIDI_INPUT", "PANEL", "set_priority"]

PANEL = 10
"""Drawing, hands and the loading of models: before every other program, for each of them holds
the interpreter now and then, and while it is kept from running the engine waits."""
ENGINE = 70
MIDI_INPUT = 71
"""What comes in, an outer clock above all, is passed on before the engine reckons."""
DIN_BRIDGE = 75
"""Above the engine, which hands over ahead of time. A turn of the bridge is far below 1 ms."""
KERNEL_TIMERS = 80
"""Above all that waits for what the kernel's queues send."""


def set_priority(priority: int, thread: int = 0) -> None:
    """Give a thread (0: the calling one) a real-time priority, where that is allowed.

    Only root and members of a real-time group may; elsewhere the hand-over margin serves.
    """
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(priority))
