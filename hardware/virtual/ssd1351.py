"""The SSD1351 display controller with a 128 x 128 colour OLED panel, emulated from its datasheet.

Command numbers, parameters and reset values: Solomon Systech SSD1351 datasheet rev. 1.5, tables
8-1 and 9-1. Emulated: command lock, window and address pointer, both increment directions, remap
(column order, colour order, scan direction), start line and offset, all-on, all-off, inverse,
sleep, contrast. Not emulated: the 262 k colour modes, grey scale tables, scrolling, and what only
changes currents and timing.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

__all__ = ["SIZE", "SSD1351"]

SIZE = 128
"""Rows and columns of the panel."""

_SET_COLUMN, _SET_ROW, _WRITE_RAM = 0x15, 0x75, 0x5C
_REMAP, _START_LINE, _OFFSET = 0xA0, 0xA1, 0xA2
_ALL_OFF, _ALL_ON, _NORMAL, _INVERSE = 0xA4, 0xA5, 0xA6, 0xA7
_SLEEP, _WAKE = 0xAE, 0xAF
_CONTRAST, _MASTER_CONTRAST, _LOCK = 0xC1, 0xC7, 0xFD

_PARAMETERS = {
    _SET_COLUMN: 2, _SET_ROW: 2, _REMAP: 1, _START_LINE: 1, _OFFSET: 1, 0xAB: 1, 0xB1: 1,
    0xB2: 3, 0xB3: 1, 0xB4: 3, 0xB5: 1, 0xB6: 1, 0xB8: 63, 0xBB: 1, 0xBE: 1, _CONTRAST: 3,
    _MASTER_CONTRAST: 1, 0xCA: 1, _LOCK: 1, 0x96: 5,
}  # fmt: skip
_PROTECTED = {_OFFSET, 0xB1, 0xB3, 0xBB, 0xBE, _CONTRAST}  # need the second unlock, FD B1

_VERTICAL, _MIRROR, _SWAP_COLOURS, _SCAN_UP = 0x01, 0x02, 0x04, 0x10  # bits of the remap byte

Gram = npt.NDArray[np.uint16]


class SSD1351:
    """The chip: ``command`` and ``data`` are its D/C-low and D/C-high sides, the rest is the eye's.

    ``gram`` is the display memory, (128, 128) of RGB565 in the machine's byte order, row 0 first.
    The panel is wired like the common 1.5 inch modules: the top five bits of a pixel light the red
    dots only when the remap byte swaps the colours (bit 2), as their makers' libraries set it.
    """

    WIDTH = HEIGHT = SIZE

    def __init__(self) -> None:
        self.gram: Gram = np.zeros((SIZE, SIZE), np.uint16)
        self.version = 0
        """grows by one with every transfer that can change the picture"""
        self.windows = 0
        """windows filled to the last pixel"""
        self._lock = threading.Lock()
        self._cached: tuple[int, bytes] = (-1, b"")
        self.reset()

    def reset(self) -> None:
        """What a low level on the reset pin does; the memory keeps its contents."""
        with self._lock:
            self._columns = self._rows = (0, SIZE - 1)
            self._column = self._row = 0
            self._remap = 0x40
            self._start_line = 0
            self._offset = 0x60
            self._mode = _NORMAL
            self._awake = False
            self._contrast = (0x8A, 0x51, 0x8A)
            self._master = 0x0F
            self._locked = False
            self._protected = True
            self._command: int | None = None
            self._parameters = bytearray()
            self._half_pixel = b""
            self.version += 1

    def command(self, data: memoryview) -> None:
        """Bytes received with D/C low: each starts a command."""
        with self._lock:
            for code in data:
                self._command, self._half_pixel = code, b""
                self._parameters.clear()
                if code not in _PARAMETERS:
                    self._execute()

    def data(self, data: memoryview) -> None:
        """Bytes received with D/C high: parameters of the last command, or pixels."""
        with self._lock:
            if self._command == _WRITE_RAM:
                if not self._locked:
                    self._write_pixels(self._half_pixel + bytes(data))
                return
            wanted = _PARAMETERS.get(self._command or 0, 0)
            for byte in data[: wanted - len(self._parameters)]:
                self._parameters.append(byte)
                if len(self._parameters) == wanted:
                    self._execute()

    def snapshot(self) -> tuple[int, bytes]:
        """The picture as the eye sees it, with its version: 32,768 bytes, RGB565 big-endian.

        Row 0 is the top. Holds the bus up only for a copy of the memory; asking again for an
        unchanged picture costs nothing. Brightness is apart, in ``light``.
        """
        if self._cached[0] != self.version:
            version, picture = self._picture()
            self._cached = version, picture.astype(">u2").tobytes()
        return self._cached

    def rgb(self) -> npt.NDArray[np.uint8]:
        """The picture at its brightness, (128, 128, 3), row 0 at the top."""
        _, picture = self._picture()
        red, green, blue = picture >> 11, (picture >> 5) & 63, picture & 31
        full = np.stack((red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2), -1)
        return np.rint(full * np.array(self.light)).astype(np.uint8)

    @property
    def light(self) -> tuple[float, float, float]:
        """Brightness of red, green and blue in [0, 1]: contrast times master contrast."""
        with self._lock:
            master = (self._master + 1) / 16
            red, green, blue = (level / 255 * master for level in self._contrast)
        return red, green, blue

    @property
    def awake(self) -> bool:
        """Whether the panel is lit (after AF, until AE or reset)."""
        return self._awake

    def _picture(self) -> tuple[int, Gram]:
        with self._lock:
            version, gram = self.version, self.gram.copy()
            remap, mode, awake = self._remap, self._mode, self._awake
            first_row = self._start_line + self._offset
        if not awake or mode == _ALL_OFF:
            return version, np.zeros_like(gram)
        if mode == _ALL_ON:
            return version, np.full_like(gram, 0xFFFF)
        if first_row % SIZE:
            gram = np.roll(gram, -first_row, 0)
        if not remap & _SCAN_UP:
            gram = gram[::-1]
        if remap & _MIRROR:
            gram = gram[:, ::-1]
        if not remap & _SWAP_COLOURS:
            gram = np.bitwise_or(gram << 11 | gram >> 11, gram & 0x07E0, dtype=np.uint16)
        return version, ~gram if mode == _INVERSE else gram

    def _execute(self) -> None:
        code, parameters = self._command, self._parameters
        if code == _LOCK:
            self._unlock(parameters[0])
            return
        if self._locked or (self._protected and code in _PROTECTED):
            return
        if code == _SET_COLUMN:
            self._columns = parameters[0] & 127, parameters[1] & 127
            self._column = self._columns[0]
        elif code == _SET_ROW:
            self._rows = parameters[0] & 127, parameters[1] & 127
            self._row = self._rows[0]
        elif code == _REMAP:
            self._remap = parameters[0]
        elif code == _START_LINE:
            self._start_line = parameters[0] & 127
        elif code == _OFFSET:
            self._offset = parameters[0] & 127
        elif code in (_ALL_OFF, _ALL_ON, _NORMAL, _INVERSE):
            self._mode = code
        elif code in (_SLEEP, _WAKE):
            self._awake = code == _WAKE
        elif code == _CONTRAST:
            self._contrast = parameters[0], parameters[1], parameters[2]
        elif code == _MASTER_CONTRAST:
            self._master = parameters[0] & 15
        else:
            return
        if code not in (_SET_COLUMN, _SET_ROW):
            self.version += 1

    def _unlock(self, key: int) -> None:
        if key in (0x12, 0x16):
            self._locked = key == 0x16
        elif key in (0xB0, 0xB1) and not self._locked:
            self._protected = key == 0xB0

    def _write_pixels(self, data: bytes) -> None:
        whole = len(data) & ~1
        self._half_pixel = data[whole:]
        pixels = np.frombuffer(data, ">u2", whole // 2)
        (left, right), (top, bottom) = self._columns, self._rows
        window = self.gram[top : bottom + 1, left : right + 1]
        along, across = self._column - left, self._row - top
        if self._remap & _VERTICAL:
            window, along, across = window.T, across, along
        if not window.size or not whole:
            return
        length = window.shape[1]
        place, done = across * length + along, 0
        while done < len(pixels):
            count = min(window.size - place, len(pixels) - done)
            part = pixels[done : done + count]
            if place % length == 0 and count % length == 0:
                line = place // length
                window[line : line + count // length] = part.reshape(-1, length)
            else:
                window.flat[place : place + count] = part
            place, done = place + count, done + count
            if place == window.size:
                place = 0
                self.windows += 1
        across, along = divmod(place, length)
        if self._remap & _VERTICAL:
            along, across = across, along
        self._column, self._row = left + along, top + across
        self.version += 1
