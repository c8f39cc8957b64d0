"""The thread that calls the engine when it is due."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from firmware.engine.engine import Engine
from firmware.engine.orders import Order
from firmware.real_time import ENGINE, set_priority

__all__ = ["EngineLoop"]


INTERPRETER_TURN_S = 0.001
"""Python lets a thread that reckons run on for 5 ms before another gets its turn: as long as the
engine's whole lead. On a loaded machine this keeps hand-overs in time that were ms late."""


class EngineLoop:
    """Runs an engine until it is closed. ``clock`` is the one monotonic clock, in ns."""

    def __init__(self, engine: Engine, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.engine = engine
        self.error: Exception | None = None
        self.turns = 0
        """how often the engine has been called: a second without one is a fault"""
        self._clock = clock
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        sys.setswitchinterval(INTERPRETER_TURN_S)
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
        set_priority(ENGINE)
        try:
            while not self._closing:
                self._wake.clear()
                due_ns = self.engine.step(self._clock())
                self.turns += 1
                wait_ns = due_ns - self._clock()
                if wait_ns > 0:
                    self._wake.wait(wait_ns / 1e9)
        except Exception as error:  # whatever it was, no note may be left sounding
            self.error = error
            self.engine.close(self._clock())
            raise
