"""The header's pins, emulated: a gpiozero pin factory whose other end chips and fingers hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPWMPin

__all__ = ["VirtualPin", "VirtualPins"]

_PI_ZERO_2_W = "902120"


class VirtualPin(MockPWMPin):
    """A pin with something at its other end: a level driven from outside, or a watcher.

    An input that nobody drives is at its pull. Levels may change from any thread; gpiozero's
    callbacks run in the thread that changed the level, so they must only take note.
    """

    def __init__(self, factory: Any, info: Any) -> None:
        self._lock = threading.RLock()
        self._driven: bool | None = None
        self._state: float = False
        self.watchers: list[Callable[[float], None]] = []
        super().__init__(factory, info)

    def drive(self, level: bool | None) -> None:
        """Drive the pin from outside; ``None`` lets go of it (what an open-drain output does)."""
        with self._lock:
            self._driven = level
            if self.function == "input":
                self._settle()

    def _settle(self) -> None:
        level = self._driven if self._driven is not None else self._pull == "up"
        if level:
            self.drive_high()
        else:
            self.drive_low()

    def _set_pull(self, value: str) -> None:
        with self._lock:
            super()._set_pull(value)
            self._settle()

    def _change_state(self, value: float) -> bool:
        # The base class keeps every change in a list for its assertions: on a display's D/C line
        # that list would grow by hundreds of entries a second.
        with self._lock:
            if self._state == value:
                return False
            self._state = value
            self._last_change = monotonic()
            for watcher in self.watchers:
                watcher(float(value))
            return True


class VirtualPins(MockFactory):
    """The pin factory of the virtual board, and the handle to the other end of each pin."""

    def __init__(self) -> None:
        super().__init__(revision=_PI_ZERO_2_W, pin_class=VirtualPin)

    def drive(self, number: int, level: bool | None) -> None:
        """Drive a pin from outside, or let go of it (``None``)."""
        self.pin(number).drive(level)

    def level(self, number: int) -> float:
        """The level of a pin, 0 to 1 (in between on an output with PWM)."""
        return float(self.pin(number).state)

    def watch(self, number: int, watcher: Callable[[float], None]) -> None:
        """Call ``watcher(level)`` whenever the pin's level changes."""
        self.pin(number).watchers.append(watcher)
