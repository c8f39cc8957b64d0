"""Four encoders with switches and NeoPixels on one seesaw chip, through Adafruit's driver.

The driver's own reads sleep 8 ms each; eight of them a poll would be 66 ms. Here a poll reads the
chip's interrupt flags and then only what they name, with a short delay between asking and reading.
"""

from __future__ import annotations

import errno
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from adafruit_seesaw.neopixel import GRB, NeoPixel
from adafruit_seesaw.seesaw import Seesaw
from gpiozero import DigitalInputDevice

from firmware.devices.events import Push, Turn
from hardware.board import Board

__all__ = ["ENCODERS", "Encoders"]

ENCODERS = 4

# Adafruit 5752: the pins of each encoder's contacts, of its switch, and of the NeoPixels.
_CONTACTS = ((13, 16), (15, 19), (7, 6), (4, 5))
_SWITCHES = (12, 14, 17, 9)
_NEOPIXELS = 18

_Answer = TypeVar("_Answer")

_GPIO, _FLAGS, _LEVELS = 0x01, 0x0A, 0x04
_ENCODER, _POSITION = 0x11, 0x30

_CONTACT_MASKS = tuple((1 << a) | (1 << b) for a, b in _CONTACTS)
_SWITCH_MASKS = tuple(1 << pin for pin in _SWITCHES)
_ALL_SWITCHES = sum(_SWITCH_MASKS)
_WATCHED = sum(_CONTACT_MASKS) | _ALL_SWITCHES

_TRIES = 3
_RETRY_S = 0.001
_MOST_STEPS = 100
"""More detents than a hand turns between two polls: such a step is nonsense from the bus."""


class Encoders:
    """The encoders of a board. ``on_change`` is called from another thread when one is moved.

    Construction raises ``ValueError``, ``RuntimeError`` or ``OSError`` if the chip does not answer
    or is another one. All methods may be called from any thread.
    """

    def __init__(
        self,
        board: Board,
        on_change: Callable[[], None] | None = None,
        *,
        read_delay_s: float = 0.002,
        reset_delay_s: float = 0.25,
    ) -> None:
        """``read_delay_s`` is the wait between asking the chip and reading its answer.

        Too short a wait garbles the answer; lengthen it if ``poll`` raises now and then.
        """
        wiring = board.pin_map.encoders
        self._clockwise = wiring.clockwise
        self._read_delay_s = read_delay_s
        self._lock = threading.Lock()
        self._positions = [0] * ENCODERS
        self._down = [False] * ENCODERS
        self._seesaw = Seesaw(board.i2c, wiring.address, reset=False)
        self._seesaw.sw_reset(reset_delay_s)
        self._seesaw.pin_mode_bulk(_ALL_SWITCHES, Seesaw.INPUT_PULLUP)
        self._seesaw.set_GPIO_interrupts(_ALL_SWITCHES, True)
        for encoder in range(ENCODERS):
            self._seesaw.enable_encoder_interrupt(encoder)
        self._pixels: Any = NeoPixel(
            self._seesaw, _NEOPIXELS, ENCODERS, pixel_order=GRB, auto_write=False
        )
        self._interrupt = DigitalInputDevice(
            wiring.interrupt, pull_up=True, pin_factory=board.pin_factory
        )
        if on_change:
            self._interrupt.when_activated = on_change

    @property
    def changed(self) -> bool:
        """Whether the chip holds its INT line low: there is something to poll."""
        return bool(self._interrupt.is_active)

    def poll(self) -> list[Turn | Push]:
        """What has happened since the last poll, in order of encoder.

        Raises ``OSError`` if the chip does not answer, or answers nonsense, three times running.
        """
        with self._lock:
            flags = self._flags()
            pushes: list[Push] = []
            if flags & _ALL_SWITCHES:
                pushes = self._pushes()
                # That has lowered every flag, of a turn too that came after they were read.
                flags = _WATCHED
            turns: list[Turn] = []
            for encoder, contacts in enumerate(_CONTACT_MASKS):
                if flags & contacts:
                    turns += self._turns(encoder)
            return [*turns, *pushes]

    def release(self) -> list[Push]:
        """Let go of every switch that is down: for when the chip can no longer be asked."""
        held = [encoder for encoder, down in enumerate(self._down) if down]
        self._down = [False] * ENCODERS
        return [Push(encoder, False) for encoder in held]

    def set_colours(self, colours: Sequence[tuple[int, int, int]]) -> None:
        """Light the four NeoPixels, (red, green, blue) of 0..255 each; ``OSError`` as ``poll``."""
        with self._lock:
            for encoder, colour in zip(range(ENCODERS), colours, strict=True):
                self._pixels[encoder] = colour
            _retried(self._pixels.show)

    def close(self) -> None:
        self._interrupt.close()

    def _flags(self) -> int:
        try:
            return self._read(_GPIO, _FLAGS, ">I", _only_watched)
        except OSError:
            # Reading lowers the flags, so the lost answer may have been the only one to name them.
            _retried(lambda: self._read(_GPIO, _FLAGS, ">I", _only_watched))
            return _WATCHED

    def _turns(self, encoder: int) -> list[Turn]:
        # Positions, not the chip's deltas: those are zeroed by a read whose answer gets lost.
        before = self._positions[encoder]
        position = _retried(
            lambda: self._read(
                _ENCODER, _POSITION + encoder, ">i", lambda now: abs(now - before) <= _MOST_STEPS
            )
        )
        self._positions[encoder] = position
        steps = (position - before) * self._clockwise
        return [Turn(encoder, steps)] if steps else []

    def _pushes(self) -> list[Push]:
        levels = _retried(lambda: self._read(_GPIO, _LEVELS, ">I", lambda value: True))
        events = []
        for encoder, switch in enumerate(_SWITCH_MASKS):
            down = not levels & switch
            if down != self._down[encoder]:
                self._down[encoder] = down
                events.append(Push(encoder, down))
        return events

    def _read(self, base: int, register: int, form: str, plausible: Callable[[int], bool]) -> int:
        answer = bytearray(struct.calcsize(form))
        self._seesaw.read(base, register, answer, delay=self._read_delay_s)
        value = int(struct.unpack(form, answer)[0])
        if not plausible(value):
            raise OSError(errno.EIO, "the encoders answer nonsense")
        return value


def _only_watched(flags: int) -> bool:
    return not flags & ~_WATCHED


def _retried(transfer: Callable[[], _Answer]) -> _Answer:
    """Try a transfer three times: a chip that is just serving an interrupt does not acknowledge."""
    for _ in range(_TRIES - 1):
        try:
            return transfer()
        except OSError:
            time.sleep(_RETRY_S)
    return transfer()
