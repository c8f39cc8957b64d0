"""The mono display controllers SSD1306 and SH1106 with a 128 x 64 OLED panel, by their datasheets.

Command numbers, parameters and reset values: Solomon Systech SSD1306 datasheet rev. 1.1, tables 9-1
and 9-2; Sino Wealth SH1106 datasheet version 2.3, section "Commands". Emulated: the addressing
modes and the address pointers, segment remap, COM scan direction, start line and offset, all-on,
inverse, on and off, contrast, and the SSD1306's charge pump, without which a module stays dark. Not
emulated: scrolling, multiplex ratios below 64, read-modify-write, and what only changes currents
and timing. What a chip does not know it ignores.
"""

from __future__ import annotations

import threading
from typing import ClassVar

import numpy as np
import numpy.typing as npt

__all__ = ["SH1106", "SSD1306"]

_MODE, _COLUMNS, _PAGES = 0x20, 0x21, 0x22
_CONTRAST, _CHARGE_PUMP, _OFFSET = 0x81, 0x8D, 0xD3
_FOLLOW_RAM, _ALL_ON, _NORMAL, _INVERSE = 0xA4, 0xA5, 0xA6, 0xA7
_OFF, _ON, _SCAN_UP, _SCAN_DOWN = 0xAE, 0xAF, 0xC0, 0xC8

_HORIZONTAL, _VERTICAL, _PAGE = range(3)  # the SSD1306's addressing modes

_INK = 0xC73F
"""RGB565 of a lit dot: these panels are a bluish white."""

Bits = npt.NDArray[np.bool_]


class SSD1306:
    """The chip: ``command`` and ``data`` are its D/C-low and D/C-high sides, the rest is the eye's.

    Unlike the SSD1351's, parameters come with D/C low, as commands do. ``ram`` is the display
    memory, (8, 128) of bytes: page by segment, bit 0 of a byte the uppermost of its eight rows;
    at power-up it holds noise. The panel is wired as on the common modules: the picture stands
    upright with segment remap on (A1) and the COM scan downwards (C8).
    """

    WIDTH, HEIGHT = 128, 64
    SEGMENTS = 128
    """columns of the memory"""
    FIRST_SEGMENT = 0
    """the segment at the right edge of the glass"""
    PARAMETERS: ClassVar = {
        _MODE: 1, _COLUMNS: 2, _PAGES: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, _CONTRAST: 1,
        _CHARGE_PUMP: 1, 0xA3: 2, 0xA8: 1, _OFFSET: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
    }  # fmt: skip
    RESET_CONTRAST = 0x7F
    RESET_PUMP = False

    def __init__(self) -> None:
        noise = np.random.default_rng(self.SEGMENTS)
        self.ram = noise.integers(0, 256, (8, self.SEGMENTS), np.uint8)
        self.version = 0
        """grows by one with every transfer that can change the picture"""
        self._lock = threading.Lock()
        self._cached: tuple[int, bytes] = (-1, b"")
        self.reset()

    def reset(self) -> None:
        """What a low level on the reset pin does; the memory keeps its contents."""
        with self._lock:
            self._mode = _PAGE
            self._column = self._first_column = 0
            self._last_column = self.SEGMENTS - 1
            self._page = self._first_page = 0
            self._last_page = 7
            self._remapped = self._scans_down = False
            self._start_line = self._offset = 0
            self._all_on = self._inverse = self._on = False
            self._pump = self.RESET_PUMP
            self._contrast = self.RESET_CONTRAST
            self._command: int | None = None
            self._parameters = bytearray()
            self.version += 1

    def command(self, data: memoryview) -> None:
        """Bytes received with D/C low: commands and their parameters."""
        with self._lock:
            for byte in data:
                if self._command is None:
                    self._command = byte
                else:
                    self._parameters.append(byte)
                if len(self._parameters) == self.PARAMETERS.get(self._command, 0):
                    self._execute(self._command, self._parameters)
                    self._command = None
                    self._parameters.clear()

    def data(self, data: memoryview) -> None:
        """Bytes received with D/C high: eight dots each, written at the address pointer."""
        with self._lock:
            self._command = None
            self._parameters.clear()
            self._write(np.frombuffer(data, np.uint8))
            self.version += 1

    def snapshot(self) -> tuple[int, bytes]:
        """The picture as the eye sees it, with its version: 16,384 bytes, RGB565 big-endian.

        Row 0 is the top. Holds the bus up only for a copy of the memory; asking again for an
        unchanged picture costs nothing. Brightness is apart, in ``light``.
        """
        if self._cached[0] != self.version:
            version, dots = self._dots()
            self._cached = version, np.where(dots, _INK, 0).astype(">u2").tobytes()
        return self._cached

    def dots(self) -> Bits:
        """Which dots are lit, (64, 128), row 0 at the top."""
        return self._dots()[1]

    def rgb(self) -> npt.NDArray[np.uint8]:
        """The picture at its brightness, (64, 128, 3), row 0 at the top."""
        colour = np.array((_INK >> 11, _INK >> 5 & 63, _INK & 31)) * 255 / (31, 63, 31)
        return np.rint(self.dots()[..., None] * colour * self.light).astype(np.uint8)

    @property
    def light(self) -> tuple[float, float, float]:
        """Brightness of red, green and blue in [0, 1]: all the same, the contrast's 256 steps."""
        return ((self._contrast + 1) / 256,) * 3

    @property
    def awake(self) -> bool:
        """Whether the panel is lit: switched on, and supplied by the charge pump."""
        return self._on and self._pump

    def _dots(self) -> tuple[int, Bits]:
        with self._lock:
            version, ram = self.version, self.ram.copy()
            awake, all_on, inverse = self.awake, self._all_on, self._inverse
            first_row = self._start_line + self._offset
            scans_down = self._scans_down
        if not awake or all_on:
            return version, np.full((self.HEIGHT, self.WIDTH), awake)
        pages = np.unpackbits(ram[:, None], axis=1, bitorder="little")
        rows = np.roll(pages.reshape(self.HEIGHT, -1), -first_row, 0)
        glass = rows[:, self.FIRST_SEGMENT : self.FIRST_SEGMENT + self.WIDTH][:, ::-1]
        lit = (glass if scans_down else glass[::-1]) != 0
        return version, ~lit if inverse else lit

    def _execute(self, code: int, parameters: bytearray) -> None:
        """Obey the commands that both chips have; hand the others on."""
        if 0x40 <= code < 0x80:
            self._start_line = code & 63
        elif code == _CONTRAST:
            self._contrast = parameters[0]
        elif code in (0xA0, 0xA1):
            # It only turns the writing round: what is in the memory stays where it is.
            self._remapped = code == 0xA1
        elif code in (_FOLLOW_RAM, _ALL_ON):
            self._all_on = code == _ALL_ON
        elif code in (_NORMAL, _INVERSE):
            self._inverse = code == _INVERSE
        elif code in (_OFF, _ON):
            self._on = code == _ON
        elif code in (_SCAN_UP, _SCAN_DOWN):
            self._scans_down = code == _SCAN_DOWN
        elif code == _OFFSET:
            self._offset = parameters[0] & 63
        else:
            self._execute_own(code, parameters)
            return
        self.version += 1

    def _execute_own(self, code: int, parameters: bytearray) -> None:
        if code == _MODE:
            self._mode = min(parameters[0] & 3, _PAGE)
        elif code == _CHARGE_PUMP:
            self._pump = bool(parameters[0] & 4)
            self.version += 1
        elif self._mode == _PAGE:
            self._execute_paged(code)
        elif code == _COLUMNS:
            self._first_column, self._last_column = parameters[0] & 127, parameters[1] & 127
            self._column = self._first_column
        elif code == _PAGES:
            self._first_page, self._last_page = parameters[0] & 7, parameters[1] & 7
            self._page = self._first_page

    def _execute_paged(self, code: int) -> None:
        """The pointer's commands in page addressing mode; the other modes know none of them."""
        if code < 0x10:
            self._column = self._column & 0xF0 | code
        elif code < 0x20:
            self._column = (code & 15) << 4 | self._column & 15
        elif 0xB0 <= code < 0xB8:
            self._page = code & 7

    def _write(self, data: npt.NDArray[np.uint8]) -> None:
        if self._mode == _PAGE:
            columns, pages = (0, self.SEGMENTS - 1), (self._page, self._page)
        else:
            columns = self._first_column, self._last_column
            pages = self._first_page, self._last_page
        width, height = columns[1] - columns[0] + 1, pages[1] - pages[0] + 1
        if width <= 0 or height <= 0:
            return
        along, across = (self._column - columns[0]) % width, (self._page - pages[0]) % height
        upright = self._mode == _VERTICAL
        place = along * height + across if upright else across * width + along
        size = width * height
        # Of more than a windowful only the last remains.
        skipped = max(len(data) - size, 0)
        places = (place + np.arange(skipped, len(data))) % size
        column, page = (
            (places // height, places % height) if upright else (places % width, places // width)
        )
        self._memory()[pages[0] + page, columns[0] + column] = data[skipped:]
        place = (place + len(data)) % size
        along, across = divmod(place, height) if upright else divmod(place, width)[::-1]
        self._column, self._page = columns[0] + along, pages[0] + across

    def _memory(self) -> npt.NDArray[np.uint8]:
        """The memory as the bus addresses it."""
        return self.ram[:, ::-1] if self._remapped else self.ram


class SH1106(SSD1306):
    """The same glass on segments 2 to 129 of a chip with 132: the picture begins at column 2.

    It knows page addressing only, and a page's pointer stops at its end: what comes after is lost.
    Its DC-DC converter for the panel runs from reset on.
    """

    SEGMENTS = 132
    FIRST_SEGMENT = 2
    PARAMETERS: ClassVar = {
        _CONTRAST: 1, 0xA8: 1, 0xAD: 1, _OFFSET: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1
    }  # fmt: skip
    RESET_CONTRAST = 0x80
    RESET_PUMP = True

    def _execute_own(self, code: int, parameters: bytearray) -> None:
        if code == 0xAD:
            self._pump = bool(parameters[0] & 1)
            self.version += 1
        else:
            self._execute_paged(code)

    def _write(self, data: npt.NDArray[np.uint8]) -> None:
        end = min(self._column + len(data), self.SEGMENTS)
        if self._column < end:
            self._memory()[self._page, self._column : end] = data[: end - self._column]
            self._column = end
