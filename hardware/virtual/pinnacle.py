"""A round Cirque trackpad with its Pinnacle controller (1CA027), emulated from its public facts.

Registers, their access over I2C (RAP) and the extended registers behind them (ERA): Cirque
GT-AN-090620 and the open CircuitPython driver. A byte 0x80 | register and a value write one
register, any number of such pairs in a transfer; 0xA0 | register chooses where the next read
begins, which goes on through the registers that follow. The data-ready line is high while one of
two flags of the status register is up: data are ready, or a command is complete.

Not emulated: relative mode, AnyMeas mode, buttons, and what only changes sensitivity.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

__all__ = ["MAX_X", "MAX_Y", "PERIOD_S", "X_RANGE", "Y_RANGE", "Pinnacle"]

MAX_X, MAX_Y = 2047, 1535
X_RANGE, Y_RANGE = (128, 1920), (64, 1472)
"""What the chip reads at the rim: left and right, top and bottom (its y grows downwards)."""
PERIOD_S = 0.01

_FIRMWARE, _VERSION, _STATUS, _SYSTEM, _FEED, _CALIBRATE = 0x00, 0x01, 0x02, 0x03, 0x04, 0x07
_SAMPLE_RATE, _Z_IDLE, _PACKET = 0x09, 0x0A, 0x12
_ERA_VALUE, _ERA_HIGH, _ERA_LOW, _ERA_CONTROL = 0x1B, 0x1C, 0x1D, 0x1E
_READ_ONLY = {_FIRMWARE, _VERSION, *range(_PACKET, _PACKET + 6)}

_COMMAND_COMPLETE, _DATA_READY = 0x08, 0x04
_RESET, _SHUTDOWN = 0x01, 0x02
_FEED_ENABLE, _ABSOLUTE, _INVERT_X, _INVERT_Y = 0x01, 0x02, 0x40, 0x80
_ERA_READ, _ERA_WRITE, _ERA_READ_ON, _ERA_WRITE_ON = 0x01, 0x02, 0x04, 0x08


class Pinnacle:
    """The chip on the bus, and the finger on its disc.

    ``data_ready(level)`` is called when the line changes. While a finger is there, and for the
    packets without one that follow it, a thread measures every ``period_s``; with None, the
    caller of ``measure`` sets the pace.
    """

    def __init__(
        self, data_ready: Callable[[bool], None], period_s: float | None = PERIOD_S
    ) -> None:
        self._data_ready = data_ready
        self._period_s = period_s
        self._paced = False
        self._lock = threading.RLock()
        self._finger: tuple[float, float, float] | None = None
        self.reset()

    def reset(self) -> None:
        """Power-on state, also after the reset bit: settings are lost, a finger stays."""
        with self._lock:
            self._registers = bytearray(32)
            self._registers[_FIRMWARE : _STATUS + 1] = 0x07, 0x3A, _COMMAND_COMPLETE
            self._registers[_SAMPLE_RATE], self._registers[_Z_IDLE] = 100, 30
            self._extended = bytearray(1 << 16)
            self._selected = 0
            self._idle_packets = 0
            self._data_ready(True)

    # The bus's side

    def write(self, data: bytes) -> None:
        with self._lock:
            pending = list(data)
            while pending:
                code = pending.pop(0)
                if code & 0xE0 == 0xA0:
                    self._selected = code & 0x1F
                elif code & 0xE0 == 0x80 and pending:
                    self._write_register(code & 0x1F, pending.pop(0))

    def read(self, count: int) -> bytes:
        with self._lock:
            answer = bytes(self._registers[self._selected :][:count])
            self._selected = min(self._selected + count, len(self._registers))
            return answer.ljust(count, b"\xff")

    def _write_register(self, register: int, value: int) -> None:
        if register in _READ_ONLY:
            return
        self._registers[register] = value
        if register == _STATUS:
            self._data_ready(bool(value & (_DATA_READY | _COMMAND_COMPLETE)))
        elif register == _SYSTEM and value & _RESET:
            self.reset()
        elif register == _CALIBRATE and value & 0x01:
            self._registers[_CALIBRATE] &= 0xFE
            self._raise(_COMMAND_COMPLETE)
        elif register == _ERA_CONTROL and value:
            self._access_extended(value)
            self._registers[_ERA_CONTROL] = 0
            self._raise(_COMMAND_COMPLETE)

    def _access_extended(self, control: int) -> None:
        address = self._registers[_ERA_HIGH] << 8 | self._registers[_ERA_LOW]
        if control & _ERA_READ:
            self._registers[_ERA_VALUE] = self._extended[address]
        elif control & _ERA_WRITE:
            self._extended[address] = self._registers[_ERA_VALUE]
        if control & (_ERA_READ_ON | _ERA_WRITE_ON):
            self._registers[_ERA_HIGH : _ERA_LOW + 1] = (address + 1 & 0xFFFF).to_bytes(2, "big")

    def _raise(self, flag: int) -> None:
        self._registers[_STATUS] |= flag
        self._data_ready(True)

    # The finger's side

    def touch(self, x: float, y: float, force: float) -> None:
        """A finger at (x, y) in the square around the disc, (0, 0) its bottom left, (1, 1) its top
        right, pressing with ``force`` in [0, 1]. Beyond the rim it lies on the rim."""
        u, v = 2 * x - 1, 2 * y - 1
        beyond = max(math.hypot(u, v), 1.0)
        with self._lock:
            self._finger = (u / beyond, v / beyond, force)
            if self._period_s is not None and not self._paced:
                self._paced = True
                threading.Thread(target=self._keep_pace, name="pinnacle", daemon=True).start()

    def lift(self) -> None:
        with self._lock:
            if self._finger is not None:
                self._finger = None
                self._idle_packets = self._registers[_Z_IDLE]

    def measure(self) -> bool:
        """One measurement, and its packet; whether another is to follow."""
        with self._lock:
            feeds = self._registers[_FEED] & (_FEED_ENABLE | _ABSOLUTE)
            if self._registers[_SYSTEM] & _SHUTDOWN or feeds != _FEED_ENABLE | _ABSOLUTE:
                return self._finger is not None
            if self._finger is None and not self._idle_packets:
                return False
            self._registers[_PACKET : _PACKET + 6] = self._packet()
            self._raise(_DATA_READY)
            return self._finger is not None or self._idle_packets > 0

    def _packet(self) -> bytes:
        if self._finger is None:
            self._idle_packets -= 1
            return bytes(6)
        u, v, force = self._finger
        x = round(_between(*X_RANGE, (1 + u) / 2))
        y = round(_between(*Y_RANGE, (1 - v) / 2))
        if self._registers[_FEED] & _INVERT_X:
            x = MAX_X - x
        if self._registers[_FEED] & _INVERT_Y:
            y = MAX_Y - y
        z = 1 + round(62 * force)
        return bytes([0, 0, x & 0xFF, y & 0xFF, y >> 8 << 4 | x >> 8, z])

    def _keep_pace(self) -> None:
        assert self._period_s is not None
        while True:
            with self._lock:
                if not self.measure():
                    self._paced = False
                    return
            time.sleep(self._period_s)


def _between(low: float, high: float, share: float) -> float:
    return low + share * (high - low)
