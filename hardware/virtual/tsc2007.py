"""The TSC2007 touch controller with a four-wire resistive panel, emulated from its datasheet.

Texas Instruments SBAS405: command byte (table 3), power-down modes (table 4), touch pressure
(equation 2). PENIRQ is low while the panel is touched, but only in the power-down modes that
enable it: every measurement with the converter left on takes it high for a while.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable

__all__ = ["HARD_OHMS", "LIGHT_OHMS", "RAW_MAX", "RAW_MIN", "TSC2007", "X_PLATE_OHMS"]

RAW_MIN, RAW_MAX = 200, 3900
"""Readings at the panel's edges: its silver bars take some of the 12-bit range."""
X_PLATE_OHMS = 400.0
LIGHT_OHMS, HARD_OHMS = 1500.0, 100.0
"""Contact resistance of the lightest and the hardest touch."""

_Z2 = 2600
_X, _Y, _Z1, _Z2_FUNCTION = 12, 13, 14, 15


class TSC2007:
    """The chip on the bus and the finger on its panel.

    ``penirq(level)`` is called with ``False`` when the chip pulls PENIRQ low and with ``None`` when
    it lets go of it.
    """

    def __init__(self, penirq: Callable[[bool | None], None]) -> None:
        self._penirq = penirq
        self._lock = threading.Lock()
        self._finger: tuple[float, float, float] | None = None
        self._irq_enabled = True
        self._conversion = 0

    def write(self, data: bytes) -> None:
        with self._lock:
            self._conversion = self._measure(data[0] >> 4)
            self._irq_enabled = not data[0] & 0x04
            self._update_irq()

    def read(self, count: int) -> bytes:
        with self._lock:
            return struct.pack(">H", self._conversion << 4)[:count].ljust(count, b"\xff")

    def touch(self, x: float, y: float, force: float) -> None:
        """A finger at (x, y) in [0, 1] from the bottom left, pressing with ``force`` in [0, 1]."""
        with self._lock:
            self._finger = (x, y, force)
            self._update_irq()

    def lift(self) -> None:
        with self._lock:
            self._finger = None
            self._update_irq()

    def _update_irq(self) -> None:
        self._penirq(False if self._irq_enabled and self._finger is not None else None)

    def _measure(self, function: int) -> int:
        if self._finger is None:
            return 0
        x, y, force = self._finger
        raw_x, raw_y = (RAW_MIN + place * (RAW_MAX - RAW_MIN) for place in (x, y))
        ohms = LIGHT_OHMS + force * (HARD_OHMS - LIGHT_OHMS)
        z1 = _Z2 / (1 + ohms / (X_PLATE_OHMS * raw_x / 4096))
        values = {_X: raw_x, _Y: raw_y, _Z1: z1, _Z2_FUNCTION: _Z2}
        return round(values.get(function, 0))
