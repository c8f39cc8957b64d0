"""The display under test: a pattern for the eye, and sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from firmware.devices.mono_oled import MonoOled
from firmware.devices.oled import Oled
from firmware.panel.text import font
from hardware.board import Board

__all__ = ["TestDisplay", "pattern"]

MARGIN = 3
BARS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
"""Red, green, blue and white, from the left."""


def pattern(height: int, width: int) -> npt.NDArray[np.uint8]:
    """Bars of each colour with "TOP" above and a frame in the outermost pixels: (height, width, 3),
    0..255."""
    picture = np.zeros((height, width, 3), np.uint8)
    edges = np.linspace(MARGIN, width - MARGIN, len(BARS) + 1).astype(int)
    for colour, left, right in zip(BARS, edges, edges[1:], strict=False):
        picture[height // 2 : -MARGIN, left : right - 1] = colour
    letters = np.zeros((height, width), np.uint8)
    large = font(16)
    large.paste(letters, "TOP", (width - large.width("TOP")) // 2, MARGIN + 1)
    picture = np.maximum(picture, letters[..., None])
    picture[[0, -1]] = picture[:, [0, -1]] = 255
    return picture


class TestDisplay:
    """The board's display, of whichever kind. Raises OSError where its bus fails."""

    __test__ = False  # its name is no test's

    def __init__(self, board: Board) -> None:
        self._colour = board.pin_map.oled.kind == "ssd1351"
        self._oled: Any = Oled(board) if self._colour else MonoOled(board)
        self._size = (128, 128) if self._colour else (64, 128)
        self._oled.set_up()

    def pattern(self) -> None:
        self._show(pattern(*self._size))

    def show(self, text: str) -> None:
        """A sentence, large; what does not fit ends in an ellipsis. ``OSError`` is no matter."""
        letters = np.zeros(self._size, np.uint8)
        writing = font(13)
        lines = (self._size[0] - 2 * MARGIN) // writing.height
        for number, line in enumerate(writing.wrap(text, self._size[1] - 2 * MARGIN, lines)):
            writing.paste(letters, line, MARGIN, MARGIN + number * writing.height)
        try:
            self._show(letters[..., None].repeat(3, -1))
        except OSError:
            return  # the terminal has it too, and the display's own line is there

    def close(self) -> None:
        self._oled.close()

    def _show(self, picture: npt.NDArray[np.uint8]) -> None:
        if not self._colour:
            self._oled.show_frame(picture.max(-1) > 127)
            return
        red, green, blue = np.moveaxis(picture.astype(np.uint16), -1, 0)
        pixels = (red & 0xF8) << 8 | (green & 0xFC) << 3 | blue >> 3
        self._oled.show_window(0, 0, *self._size[::-1], pixels.astype(">u2"))
