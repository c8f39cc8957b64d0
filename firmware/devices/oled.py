"""The display: luma's SSD1351 driver, with a path for whole windows of ready pixels.

luma converts a picture pixel by pixel in Python and sends it by ``SpiDev.writebytes``, which holds
the interpreter for the whole transfer. Here luma sets the chip up and sends commands; pixels go as
they are, by ``writebytes2``, which lets other threads run meanwhile.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from gpiozero import OutputDevice
from luma.core.interface.serial import spi
from luma.oled.device import ssd1351

from hardware.board import Board

__all__ = ["HEIGHT", "WIDTH", "Oled"]

WIDTH = HEIGHT = 128

_RESET_S = 0.01  # the chip needs 2 µs low and as long after; the module's capacitor needs more


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


class _BufferSpi(spi):
    """luma's ``spi``, but bytes reach py-spidev as a buffer and in one piece.

    py-spidev cuts a long buffer itself, at the kernel's ``spidev.bufsiz``.
    """

    def data(self, data: Any) -> None:
        self._gpio.output(self._DC, self._data_mode)
        self._write_bytes(data)

    def _write_bytes(self, data: Any) -> None:
        self._spi.writebytes2(bytes(data) if isinstance(data, list) else data)

    def cleanup(self) -> None:
        super().cleanup()
        self._gpio.close()


class Oled(ssd1351):
    """The board's display, 128 x 128 pixels. To be used from one thread at a time.

    ``show_window`` is the fast path. luma's own interface works too: ``display(image)`` with a PIL
    image, ``luma.core.render.canvas``, ``show``, ``hide``, ``contrast``.
    """

    def __init__(self, board: Board) -> None:
        wiring = board.pin_map.oled
        serial = _BufferSpi(
            spi=board.spi,
            gpio=_LumaPins(board.pin_factory),
            port=wiring.spi_port,
            device=wiring.spi_device,
            bus_speed_hz=wiring.speed_hz,
            gpio_DC=wiring.dc,
            gpio_RST=wiring.reset,
            reset_hold_time=_RESET_S,
            reset_release_time=_RESET_S,
        )
        super().__init__(serial, WIDTH, HEIGHT, bgr=wiring.bgr)

    def show_window(self, x: int, y: int, width: int, height: int, pixels: Any) -> None:
        """Fill the window whose top left corner is (x, y) with ``pixels``.

        ``pixels`` is any contiguous buffer of ``width * height * 2`` bytes: RGB565, big-endian,
        rows from the top (bytes, or an array of dtype ">u2"). Raises ``ValueError`` if it has
        another size or the window leaves the display.
        """
        if not (0 <= x < x + width <= WIDTH and 0 <= y < y + height <= HEIGHT):
            raise ValueError(f"window {width} x {height} at ({x}, {y}) leaves the display.")
        size = memoryview(pixels).nbytes
        if size != width * height * 2:
            raise ValueError(f"window {width} x {height} needs {width * height * 2} bytes: {size}.")
        self._set_position(y, x + width, y + height, x)
        self.data(pixels)

    def display(self, image: Any) -> None:
        """Show a PIL image of mode RGB and the display's size, all of it."""
        rgb = np.asarray(self.preprocess(image.convert(self.mode)), np.uint16)
        red, green, blue = rgb[..., 0] & 0xF8, rgb[..., 1] & 0xFC, rgb[..., 2] >> 3
        self.show_window(0, 0, WIDTH, HEIGHT, (red << 8 | green << 3 | blue).astype(">u2"))

    def clear(self) -> None:
        """Make every pixel black."""
        self.show_window(0, 0, WIDTH, HEIGHT, bytes(WIDTH * HEIGHT * 2))

    def set_brightness(self, brightness: float) -> None:
        """Dim or brighten the whole display; ``brightness`` is in [0, 1], clamped.

        The chip's master current, in 16 steps: even 0 leaves the picture readable in the dark.
        """
        self.command(0xC7, round(15 * min(max(brightness, 0.0), 1.0)))

    def close(self) -> None:
        """Switch the display off and let go of the bus and the pins."""
        with contextlib.suppress(OSError):
            self.hide()
            self.clear()
        self._serial_interface.cleanup()
