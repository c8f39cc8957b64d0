"""luma's serial interface to a display, over the board's SPI bus and gpiozero's pins.

luma sends bytes by ``SpiDev.writebytes``, which holds the interpreter for the whole transfer. Here
they go by ``writebytes2``, which lets other threads run meanwhile.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from gpiozero import OutputDevice
from luma.core.device import device
from luma.core.interface.serial import spi

from hardware.board import Board

__all__ = ["BufferSpi", "switch_off"]

_RESET_S = 0.01  # the chips need 3 to 10 µs low and as long after; the module's capacitor more


class _LumaPins:
    """The few functions of RPi.GPIO that luma's ``spi`` calls, over gpiozero."""

    LOW, HIGH, OUT = 0, 1, 0

    def __init__(self, pin_factory: Any) -> None:
        self._pin_factory = pin_factory
        self._outputs: dict[int, OutputDevice] = {}

    def setup(self, pin: int, mode: int) -> None:
        self._outputs[pin] = OutputDevice(pin, initial_value=None, pin_factory=self._pin_factory)

    def output(self, pin: int, level: int) -> None:
        # D/C turns round six times a window: straight to the pin, past OutputDevice's checks.
        self._outputs[pin].pin.state = level

    def close(self) -> None:
        for output in self._outputs.values():
            output.close()


class BufferSpi(spi):
    """luma's ``spi`` for a board's display, but bytes reach py-spidev as a buffer and in one piece.

    py-spidev cuts a long buffer itself, at the kernel's ``spidev.bufsiz``.
    """

    def __init__(self, board: Board) -> None:
        wiring = board.pin_map.oled
        pins = _LumaPins(board.pin_factory)
        try:
            super().__init__(
                spi=board.spi,
                gpio=pins,
                port=wiring.spi_port,
                device=wiring.spi_device,
                gpio_DC=wiring.dc,
                gpio_RST=wiring.reset,
                reset_hold_time=_RESET_S,
                reset_release_time=_RESET_S,
            )
        except OSError:
            pins.close()
            raise
        # Not by luma's argument: that takes a few round figures only.
        board.spi.max_speed_hz = wiring.speed_hz

    def reset(self) -> None:
        """Put the chip back to where it is when it is switched on."""
        for level in (self._gpio.LOW, self._gpio.HIGH):
            self._gpio.output(self._RST, level)
            time.sleep(_RESET_S)

    def data(self, data: Any) -> None:
        self._gpio.output(self._DC, self._data_mode)
        self._write_bytes(data)

    def _write_bytes(self, data: Any) -> None:
        self._spi.writebytes2(bytes(data) if isinstance(data, list) else data)

    def cleanup(self) -> None:
        super().cleanup()
        self._gpio.close()


def switch_off(display: device) -> None:
    """Darken a display if it still listens, and let go of its bus and its pins."""
    with contextlib.suppress(OSError):
        display.hide()
        display.clear()
    display._serial_interface.cleanup()
