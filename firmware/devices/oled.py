"""The colour display: luma's SSD1351 driver, with a path for whole windows of ready pixels.

luma converts a picture pixel by pixel in Python. Here luma sets the chip up and sends commands;
pixels go as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from luma.oled.device import ssd1351

from firmware.devices.luma_spi import BufferSpi, switch_off
from hardware.board import Board

__all__ = ["HEIGHT", "WIDTH", "Oled"]

WIDTH = HEIGHT = 128


class Oled(ssd1351):
    """The board's display, 128 x 128 pixels. To be used from one thread at a time.

    ``show_window`` is the fast path. luma's own interface works too: ``display(image)`` with a PIL
    image, ``luma.core.render.canvas``, ``show``, ``hide``, ``contrast``.
    """

    def __init__(self, board: Board) -> None:
        serial = BufferSpi(board)
        try:
            super().__init__(serial, WIDTH, HEIGHT, bgr=board.pin_map.oled.bgr)
        except OSError:
            serial.cleanup()
            raise

    def set_up(self) -> None:
        """Set the chip up anew, dark: it may have been away. ``OSError`` if the bus fails."""
        self._serial_interface.reset()
        self._init_sequence()
        self.contrast(0xFF)
        self.clear()
        self.show()

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
        switch_off(self)
