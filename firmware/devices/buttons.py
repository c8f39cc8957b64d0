"""The board's buttons and its LEDs, by the names they have in ``board.toml``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from gpiozero import PWMLED, DigitalInputDevice

from firmware.devices.events import Press
from hardware.board import Board

__all__ = ["Buttons"]

_BOUNCE_S = 0.003
"""A level counts once it has held this long; tact switches bounce for 1 to 3 ms."""


class Buttons:
    """Buttons to ground and LEDs. ``on_press`` is called from another thread after any change."""

    def __init__(self, board: Board, on_press: Callable[[], None] | None = None) -> None:
        self._queue: deque[Press] = deque()
        self._on_press = on_press
        # Not gpiozero's Button: each has a thread for holding that wakes ten times a second.
        self._buttons: dict[str, DigitalInputDevice] = {}
        self._leds = {
            name: PWMLED(pin, pin_factory=board.pin_factory)
            for name, pin in board.pin_map.led.items()
        }
        for name, pin in board.pin_map.buttons.items():
            button = DigitalInputDevice(
                pin, pull_up=True, bounce_time=_BOUNCE_S, pin_factory=board.pin_factory
            )
            button.when_activated = partial(self._changed, Press(name, True))
            button.when_deactivated = partial(self._changed, Press(name, False))
            self._buttons[name] = button

    def poll(self) -> list[Press]:
        """What has happened since the last poll, in order of time."""
        presses = []
        while self._queue:
            presses.append(self._queue.popleft())
        return presses

    def is_down(self, name: str) -> bool:
        """Whether a button is down now; ``KeyError`` if there is none of that name."""
        return bool(self._buttons[name].is_active)

    def set_led(self, name: str, brightness: float) -> None:
        """Light an LED; ``brightness`` is in [0, 1], clamped. ``KeyError`` if there is none."""
        self._leds[name].value = min(max(brightness, 0.0), 1.0)

    def close(self) -> None:
        for device in (*self._buttons.values(), *self._leds.values()):
            device.close()

    def _changed(self, press: Press) -> None:
        self._queue.append(press)
        if self._on_press:
            self._on_press()
