"""The thread that calls the engine when it is due."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

from firmware.engine.engine import Engine
from firmware.engine.orders import Order

__all__ = ["EngineLoop"]

REAL_TIME_PRIORITY = 70
"""SCHED_FIFO: below the kernel's interrupt threads (50 is their default, audio uses 70 to 90)."""


class EngineLoop:
    """Runs an engine until it is closed. ``clock`` is the one monotonic clock, in ns."""

    def __init__(self, engine: Engine, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.engine = engine
        self.error: Exception | None = None
        self._clock = clock
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def post(self, order: Order) -> None:
        """Give the engine an order and have it acted upon now."""
        self.engine.post(order)
        self._wake.set()

    def close(self) -> None:
        """Stop the music, silence every output and end the thread; again, it does nothing."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)
        self.engine.close(self._clock())

    def _run(self) -> None:
        # Only root and members of a real-time group may; elsewhere the hand-over margin serves.
        with contextlib.suppress(AttributeError, OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))
        try:
            while not self._closing:
                self._wake.clear()
                due_ns = self.engine.step(self._clock())
                wait_ns = due_ns - self._clock()
                if wait_ns > 0:
                    self._wake.wait(wait_ns / 1e9)
        except Exception as error:  # whatever it was, no note may be left sounding
            self.error = error
            self.engine.close(self._clock())
            raise
