"""The mono display: luma's SSD1306 and SH1106 drivers, with a path for ready pictures.

luma puts a picture's bits together pixel by pixel in Python. Here luma sets the chip up and sends
commands; pictures are packed by NumPy, and only what changed is sent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from luma.oled.device import sh1106, ssd1306

from firmware.devices.luma_spi import BufferSpi, switch_off
from hardware.board import Board

__all__ = ["HEIGHT", "WIDTH", "MonoOled"]

WIDTH, HEIGHT = 128, 64
PAGES = HEIGHT // 8
"""Both chips take bytes of eight dots, one above the other, the uppermost in bit 0."""

_SET_COLUMNS, _SET_PAGES = 0x21, 0x22  # of the SSD1306, in luma's horizontal addressing
_LOW_COLUMN, _HIGH_COLUMN, _PAGE = 0x00, 0x10, 0xB0  # of the SH1106
_SH1106_LEFT = 2
"""The SH1106 has 132 columns; modules use the middle 128."""

_WEIGHTS = (1 << np.arange(8)).astype(np.uint8)


class MonoOled:
    """The board's display, 128 x 64 dots. To be used from one thread at a time.

    ``show_frame`` is the fast path. ``luma`` is luma's own device for everything else; what it
    draws is not known here, so the next ``show_frame`` after it must send everything.
    """

    def __init__(self, board: Board) -> None:
        self._is_sh1106 = board.pin_map.oled.kind == "sh1106"
        self._serial = BufferSpi(board)
        try:
            self.luma: Any = self._driver()
        except OSError:
            self._serial.cleanup()
            raise
        self._shown: npt.NDArray[np.uint8] | None = None

    def _driver(self) -> Any:
        return (sh1106 if self._is_sh1106 else ssd1306)(self._serial, WIDTH, HEIGHT)

    def set_up(self) -> None:
        """Set the chip up anew, dark: it may have been away. ``OSError`` if the bus fails."""
        self._serial.reset()
        self.luma = self._driver()  # which sets it up
        self._shown = None

    def show_frame(self, dots: npt.NDArray[Any], everything: bool = False) -> None:
        """Show a picture, (64, 128) of bool or of 0 and 1, top row first; 1 is lit.

        Sends the smallest rectangle of bytes that holds every change since the last picture, or
        the whole picture if ``everything`` is set. Raises ``ValueError`` for another shape, and
        ``OSError`` if the bus fails; the next picture is then sent whole.
        """
        if dots.shape != (HEIGHT, WIDTH):
            raise ValueError(f"a picture must be of shape {(HEIGHT, WIDTH)}, not {dots.shape}.")
        # A sum of products: numpy.packbits is seven times slower along this axis.
        rows = np.asarray(dots, np.uint8).reshape(PAGES, 8, WIDTH)
        packed = np.einsum("prc,r->pc", rows, _WEIGHTS)
        first_page, last_page, left, right = 0, PAGES - 1, 0, WIDTH - 1
        if self._shown is not None and not everything:
            changed = packed != self._shown
            pages, columns = changed.any(1).nonzero()[0], changed.any(0).nonzero()[0]
            if not len(pages):
                return
            first_page, last_page = int(pages[0]), int(pages[-1])
            left, right = int(columns[0]), int(columns[-1])
        self._shown = None
        part = packed[first_page : last_page + 1, left : right + 1]
        if self._is_sh1106:
            self._send_pages(first_page, left, part)
        else:
            self.luma.command(_SET_COLUMNS, left, right, _SET_PAGES, first_page, last_page)
            self.luma.data(part.tobytes())
        self._shown = packed

    def _send_pages(self, first_page: int, left: int, part: npt.NDArray[np.uint8]) -> None:
        column = left + _SH1106_LEFT
        for page, row in enumerate(part, first_page):
            self.luma.command(_PAGE | page, _LOW_COLUMN | column & 15, _HIGH_COLUMN | column >> 4)
            self.luma.data(row.tobytes())

    def set_brightness(self, brightness: float) -> None:
        """Dim or brighten the whole display; ``brightness`` is in [0, 1], clamped.

        The chip's contrast, in 256 steps: even 0 leaves the picture readable in the dark.
        """
        self.luma.contrast(round(255 * min(max(brightness, 0.0), 1.0)))

    def close(self) -> None:
        """Switch the display off and let go of the bus and the pins."""
        switch_off(self.luma)
