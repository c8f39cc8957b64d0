"""Who goes before whom: real-time priorities and niceness, in one place.

SCHED_FIFO priorities: the kernel's interrupt threads have 50 by default, sound servers 70 to 90.
"""

from __future__ import annotations

import contextlib
import os
import threading

__all__ = [
    "DIN_BRIDGE",
    "ENGINE",
    "HANDS",
    "KERNEL_TIMERS",
    "MIDI_INPUT",
    "go_before_programs",
    "set_priority",
]

PANEL_NICENESS = -5
"""Programs have 0 and so have the kernel's softirq threads, which carry USB: beside -5 they come
round every 3 ms, beside -15 every 20 ms (Linux, sched_prio_to_weight)."""
HANDS = 10
"""Before every program: it waits for the bus nearly all of its time."""
ENGINE = 70
MIDI_INPUT = 71
"""What comes in, an outer clock above all, is passed on before the engine reckons."""
DIN_BRIDGE = 75
"""Above the engine, which hands over ahead of time. A turn of the bridge is far below 1 ms."""
KERNEL_TIMERS = 80
"""Above all that waits for what the kernel's queues send."""


def set_priority(priority: int, thread: int = 0) -> None:
    """Give a thread (0: the calling one) a real-time priority, where that is allowed.

    Only root and members of a real-time group may; elsewhere the hand-over margin serves. What the
    thread starts does not inherit it.
    """
    with contextlib.suppress(AttributeError, OSError):
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(thread, policy, os.sched_param(priority))


def go_before_programs() -> None:
    """Let the calling thread, which draws or loads models, go before every program.

    While it is kept from running with the interpreter in its hands, the engine waits. No real-time
    priority all the same: it reckons for long, and the kernel's workers, by which MIDI leaves a USB
    device (usb_f_midi's in_work), would wait for it.
    """
    with contextlib.suppress(AttributeError, OSError):
        policy = os.SCHED_OTHER | os.SCHED_RESET_ON_FORK
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PANEL_NICENESS)
        os.sched_setscheduler(0, policy, os.sched_param(0))
