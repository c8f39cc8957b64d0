"""The XY pad: a four-wire resistive panel read by a TSC2007, through Adafruit's driver."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

from gpiozero import DigitalInputDevice

from hardware.board import Board

__all__ = ["PadCalibration", "Touch", "TouchPad", "contact_resistance"]

_X, _Y, _Z1, _Z2, _TEMPERATURE = 12, 13, 14, 15, 0  # what a command byte can measure
_CONVERTER_ON, _POWER_DOWN, _TWELVE_BITS = 1, 0, 0
_FULL_SCALE = 4095

_LARGEST_STEP = 160
"""How far the two readings of one axis may be apart, in steps of the converter.

They are about 2 ms apart at 100 kHz, in which a quick finger (the whole pad in 0.1 s) covers 80
steps; a contact that is just opening, or a bus that answers nonsense, jumps further.
"""
_MARGIN = 150
"""How far beyond the calibrated edge a reading may lie before it is nonsense."""


class Touch(NamedTuple):
    """The finger: x and y in [0, 1] from the bottom left corner, pressure in [0, 1]."""

    x: float
    y: float
    pressure: float


@dataclass(frozen=True)
class PadCalibration:
    """What one panel reads at its edges (steps of 4096), and what its contact measures (ohms)."""

    x_min: int = 200
    x_max: int = 3900
    y_min: int = 200
    y_max: int = 3900
    x_plate_ohms: float = 400.0
    light_ohms: float = 1500.0
    hard_ohms: float = 100.0

    def __post_init__(self) -> None:
        for axis in ("x", "y"):
            low, high = getattr(self, f"{axis}_min"), getattr(self, f"{axis}_max")
            if not 0 <= low < high <= _FULL_SCALE:
                raise ValueError(f"pad calibration: {axis} runs from {low} to {high}.")
        if not (0 <= self.hard_ohms < self.light_ohms and self.x_plate_ohms > 0):
            raise ValueError("pad calibration: hard_ohms must be below light_ohms.")


def contact_resistance(x: float, z1: float, z2: float, x_plate_ohms: float) -> float:
    """Resistance in ohms between the panel's two layers, which falls as the finger presses harder.

    Texas Instruments SBAS405 (TSC2007), equation 2: Rx * X / 4096 * (Z2 / Z1 - 1).
    """
    return x_plate_ohms * x / 4096 * (z2 / z1 - 1)


class TouchPad:
    """The pad of a board. ``on_touch`` is called from another thread when a finger arrives.

    Construction raises ``ValueError`` or ``OSError`` if the chip does not answer.
    """

    def __init__(
        self,
        board: Board,
        calibration: PadCalibration | None = None,
        on_touch: Callable[[], None] | None = None,
    ) -> None:
        self.calibration = calibration or PadCalibration()
        wiring = board.pin_map.pad
        self._chip = _tsc2007_class()(board.i2c, wiring.address)
        self._irq = DigitalInputDevice(wiring.irq, pull_up=True, pin_factory=board.pin_factory)
        if on_touch:
            self._irq.when_activated = on_touch

    @property
    def touched(self) -> bool:
        """The chip's own opinion (its PENIRQ line), valid between reads."""
        return bool(self._irq.is_active)

    def read(self) -> Touch | None:
        """Measure once; None if no finger is there or the reading cannot be one finger at rest.

        Raises ``OSError`` if the chip does not answer.
        """
        first_x, first_y, z1, z2, x, y = (
            self._measure(axis) for axis in (_X, _Y, _Z1, _Z2, _X, _Y)
        )
        # Only in power-down does the chip listen for the finger and pull PENIRQ low.
        self._chip.command(_TEMPERATURE, _POWER_DOWN, _TWELVE_BITS)
        if max(abs(x - first_x), abs(y - first_y)) > _LARGEST_STEP or not 0 < z1 < z2:
            return None
        return self._touch((first_x + x) / 2, (first_y + y) / 2, z1, z2)

    def close(self) -> None:
        self._irq.close()

    def _measure(self, function: int) -> int:
        return int(self._chip.command(function, _CONVERTER_ON, _TWELVE_BITS))

    def _touch(self, x: float, y: float, z1: int, z2: int) -> Touch | None:
        to = self.calibration
        if not (
            to.x_min - _MARGIN <= x <= to.x_max + _MARGIN
            and to.y_min - _MARGIN <= y <= to.y_max + _MARGIN
        ):
            return None
        ohms = contact_resistance(x, z1, z2, to.x_plate_ohms)
        pressure = (to.light_ohms - ohms) / (to.light_ohms - to.hard_ohms)
        if pressure < -0.5:  # the layers barely meet: the position would wander
            return None
        return Touch(
            _unit((x - to.x_min) / (to.x_max - to.x_min)),
            _unit((y - to.y_min) / (to.y_max - to.y_min)),
            _unit(pressure),
        )


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _tsc2007_class() -> Any:
    """Adafruit's driver class.

    The driver imports ``digitalio`` for the type of a pin that is never given to it here, and
    Blinka's ``digitalio`` refuses to be imported on a machine it does not know, or where a GPIO
    library for it is missing. An empty module in its place is enough.
    """
    try:
        from adafruit_tsc2007 import TSC2007
    except (ImportError, NotImplementedError, RuntimeError):
        sys.modules["digitalio"] = ModuleType("digitalio")
        try:
            from adafruit_tsc2007 import TSC2007
        finally:
            del sys.modules["digitalio"]
    return TSC2007
