"""The DIN sync socket: a SyncWire's edges on two of the header's pins."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from firmware.midi.message import TimedMessage
from firmware.midi.sync_wire import Line, SyncWire

__all__ = ["GPIO_CHIP", "GpioLines", "Lines", "SyncOut"]

GPIO_CHIP = "/dev/gpiochip0"
"""The header's, on every Raspberry Pi up to the 4."""


class Lines(Protocol):
    """Two outputs, down at first. OSError from any method: the lines are gone."""

    def set(self, line: Line, up: bool) -> None: ...

    def close(self) -> None:
        """Both down, and let go of them."""


class GpioLines:
    """The lines on a GPIO chip of the kernel's, by libgpiod. Raises OSError where it cannot."""

    def __init__(self, clock: int, run: int, chip: str = GPIO_CHIP) -> None:
        """``clock`` and ``run`` are the chip's line numbers, on a Pi's header the GPIO numbers."""
        try:
            gpiod: Any = importlib.import_module("gpiod")
        except ImportError as error:
            raise OSError("gpiod is not installed") from error
        self._up, self._down = gpiod.line.Value.ACTIVE, gpiod.line.Value.INACTIVE
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT, output_value=self._down
        )
        self._pins = {Line.CLOCK: clock, Line.RUN: run}
        self._request = gpiod.request_lines(
            chip, consumer="groovebox sync", config={(clock, run): settings}
        )

    def set(self, line: Line, up: bool) -> None:
        self._request.set_value(self._pins[line], self._up if up else self._down)

    def close(self) -> None:
        for pin in self._pins.values():
            self._request.set_value(pin, self._down)
        self._request.release()


class SyncOut:
    """Plays MIDI clock and transport on ``lines``. No method raises.

    Lines that fail are told to ``say`` in one sentence and left alone from then on.
    """

    def __init__(self, lines: Lines, say: Callable[[str], None]) -> None:
        self._lines: Lines | None = lines
        self._say, self._wire = say, SyncWire()

    def put(self, messages: Sequence[TimedMessage]) -> None:
        """Take messages over, with the times they are due."""
        self._wire.put(messages)

    def next_ns(self) -> int | None:
        """When ``play`` has something to do."""
        return self._wire.next_ns()

    def play(self, now_ns: int) -> None:
        """Do what is due: one edge at most, for the next is never due at once."""
        edge = self._wire.take(now_ns)
        if edge is not None:
            self._attempt(lambda lines: lines.set(edge.line, edge.up))

    def close(self) -> None:
        """Both lines down: what plays by them stops."""
        self._attempt(lambda lines: lines.close())
        self._lines = None

    def _attempt(self, do: Callable[[Lines], None]) -> None:
        if self._lines is None:
            return
        try:
            do(self._lines)
        except OSError as error:
            self._lines = None
            self._say(f"DIN sync: the lines are gone ({error.strerror or error}).")
