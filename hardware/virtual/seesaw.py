"""Adafruit's board of four encoders (product 5752), emulated as its seesaw firmware answers.

Registers and behaviour: the public sources of Adafruit_seesawPeripheral and its example for product
5752. The interrupt line is open drain, low while a flag is raised; reading GPIO_BULK or INTFLAG
lowers the flags, reading an encoder does not. Reading a position or a delta zeroes the delta. An
encoder's interrupt is the pin interrupt of its two contacts.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable

__all__ = ["ENCODERS", "SeesawEncoders"]

ENCODERS = 4

_CONTACTS = ((13, 16), (15, 19), (7, 6), (4, 5))
_SWITCHES = (12, 14, 17, 9)
_NEOPIXEL_PIN = 18
_NEOPIXEL_BUFFER = 30 * 3
_HARDWARE_ID = 0x87  # ATtiny817
_VERSION = 5752 << 16

_STATUS, _GPIO, _NEOPIXEL, _ENCODER = 0x00, 0x01, 0x0E, 0x11
_DELTA, _POSITION, _ENCODER_INT_SET, _ENCODER_INT_CLEAR = 0x40, 0x30, 0x10, 0x20


def _mask(pins: tuple[int, ...]) -> int:
    return sum(1 << pin for pin in pins)


class SeesawEncoders:
    """The chip on the bus, its four encoders with switches and NeoPixels, and its INT line.

    ``interrupt(level)`` is called with ``False`` when the chip pulls INT low and with ``None`` when
    it lets go of it.
    """

    def __init__(self, interrupt: Callable[[bool | None], None]) -> None:
        self._interrupt = interrupt
        self._lock = threading.RLock()
        self._pressed = 0
        self.reset()

    def reset(self) -> None:
        """Power-on state, also after the software reset command; held switches stay held."""
        with self._lock:
            self._positions = [0] * ENCODERS
            self._deltas = [0] * ENCODERS
            self._pulls = 0
            self._enabled = 0
            self._flags = 0
            self._register = (0, 0)
            self._pixel_pin = -1
            self._pixels = bytearray(_NEOPIXEL_BUFFER)
            self._shown = bytes(_NEOPIXEL_BUFFER)
            self._interrupt(None)

    # The bus's side

    def write(self, data: bytes) -> None:
        with self._lock:
            base, function, payload = data[0], data[1] if len(data) > 1 else 0, data[2:]
            self._register = (base, function)
            if base == _STATUS and function == 0x7F:
                self.reset()
            elif base == _GPIO:
                self._write_gpio(function, int.from_bytes(payload[:4], "big"))
            elif base == _ENCODER and function & 0x0F < ENCODERS:
                self._write_encoder(function & 0x0F, function & 0xF0, payload)
            elif base == _NEOPIXEL:
                self._write_pixels(function, payload)

    def read(self, count: int) -> bytes:
        """The register selected by the last write; bytes beyond it read as 0xFF."""
        with self._lock:
            base, function = self._register
            answer = b""
            if base == _STATUS and function == 0x01:
                answer = bytes([_HARDWARE_ID])
            elif base == _STATUS and function == 0x02:
                answer = struct.pack(">I", _VERSION)
            elif base == _GPIO and function == 0x04:
                answer = struct.pack(">I", self._pulls & ~self._pressed)
                self._clear_flags()
            elif base == _GPIO and function == 0x0A:
                answer = struct.pack(">I", self._flags)
                self._clear_flags()
            elif base == _ENCODER and function & 0x0F < ENCODERS:
                answer = self._read_encoder(function & 0x0F, function & 0xF0)
            return answer[:count].ljust(count, b"\xff")

    def _write_gpio(self, function: int, pins: int) -> None:
        if function == 0x08:
            self._enabled |= pins
        elif function == 0x09:
            self._enabled &= ~pins
        elif function == 0x0B:
            self._pulls |= pins
        elif function == 0x0C:
            self._pulls &= ~pins

    def _write_encoder(self, encoder: int, function: int, payload: bytes) -> None:
        if function == _ENCODER_INT_SET:
            self._enabled |= _mask(_CONTACTS[encoder])
        elif function == _ENCODER_INT_CLEAR:
            self._enabled &= ~_mask(_CONTACTS[encoder])
        elif function == _POSITION and len(payload) == 4:
            (self._positions[encoder],) = struct.unpack(">i", payload)

    def _write_pixels(self, function: int, payload: bytes) -> None:
        if function == 0x01 and payload:
            self._pixel_pin = payload[0]
        elif function == 0x03:
            self._pixels = bytearray(min(int.from_bytes(payload[:2], "big"), _NEOPIXEL_BUFFER))
        elif function == 0x04:
            start = int.from_bytes(payload[:2], "big")
            room = max(len(self._pixels) - start, 0)
            part = payload[2 : 2 + room]
            self._pixels[start : start + len(part)] = part
        elif function == 0x05 and self._pixel_pin == _NEOPIXEL_PIN:
            self._shown = bytes(self._pixels)

    def _read_encoder(self, encoder: int, function: int) -> bytes:
        if function not in (_POSITION, _DELTA):
            return b""
        values = self._positions if function == _POSITION else self._deltas
        answer = struct.pack(">i", values[encoder])
        self._deltas[encoder] = 0
        return answer

    def _clear_flags(self) -> None:
        self._flags = 0
        self._interrupt(None)

    # The finger's side and the eye's

    def turn(self, encoder: int, steps: int) -> None:
        """Turn an encoder by detents, in the chip's own sense of rotation."""
        with self._lock:
            self._positions[encoder] += steps
            self._deltas[encoder] += steps
            self._raise(_mask(_CONTACTS[encoder]))

    def push(self, encoder: int, down: bool) -> None:
        """Press or release an encoder's switch."""
        with self._lock:
            switch = 1 << _SWITCHES[encoder]
            if bool(self._pressed & switch) != down:
                self._pressed ^= switch
                self._raise(switch)

    def colours(self) -> list[tuple[int, int, int]]:
        """What the four NeoPixels show, as (red, green, blue) of 0..255."""
        shown = self._shown.ljust(3 * ENCODERS, b"\0")
        return [(shown[i + 1], shown[i], shown[i + 2]) for i in range(0, 3 * ENCODERS, 3)]

    def _raise(self, pins: int) -> None:
        raised = pins & self._enabled
        if raised:
            self._flags |= raised
            self._interrupt(False)
