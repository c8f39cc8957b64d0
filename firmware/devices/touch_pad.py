"""The XY pad: a four-wire resistive panel read by a TSC2007, through Adafruit's driver."""

from __future__ import annotations

import errno
import importlib
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from gpiozero import DigitalInputDevice

from hardware.board import Board

__all__ = [
    "Pad",
    "PadCalibration",
    "RawTouch",
    "Touch",
    "TouchPad",
    "contact_resistance",
    "import_driver",
]

_X, _Y, _Z1, _Z2, _TEMPERATURE = 12, 13, 14, 15, 0  # what a command byte can measure
_TOUCH = (_X, _Y, _Z1, _Z2)
_CONVERTER_ON, _POWER_DOWN, _TWELVE_BITS = 1, 0, 0
_FULL_SCALE = 4095

_MARGIN = 150
"""How far beyond the calibrated edge a reading may lie before it is nonsense."""


class Touch(NamedTuple):
    """The finger: x and y in [0, 1] from the bottom left corner, pressure in [0, 1]."""

    x: float
    y: float
    pressure: float


class RawTouch(NamedTuple):
    """The finger as the chip has it: x and y in its own steps, pressure in [0, 1]."""

    x: int
    y: int
    pressure: float


@dataclass(frozen=True)
class PadCalibration:
    """What one pad reads at its edges (in its chip's steps), and what its contact measures (ohms).

    The ohms are a resistive panel's; a pad that senses otherwise does not use them.
    """

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

    def to_dict(self) -> dict[str, int | float]:
        """The calibration as names and numbers, to be stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> PadCalibration:
        """What ``to_dict`` gave; ``ValueError``, in one sentence, if it is not that."""
        names = [field.name for field in fields(cls)]
        if not isinstance(values, Mapping) or set(values) != set(names):
            raise ValueError(f"pad calibration: it must name {', '.join(names)} and no others.")
        for field in fields(cls):
            value = values[field.name]
            wanted = (int,) if field.type == "int" else (int, float)
            if type(value) not in wanted or not math.isfinite(value):
                raise ValueError(f"pad calibration: {field.name} cannot be {value!r}.")
        return cls(**values)


class Pad(Protocol):
    """What every kind of pad offers; any of its methods raises ``OSError`` if the chip fails."""

    USUAL: PadCalibration
    """the calibration of such a pad before it is measured"""
    on_demand: bool
    """whether it measures when asked; else when it likes, and says so by ``touched``"""
    calibration: PadCalibration

    def __init__(
        self, board: Board, calibration: PadCalibration, on_touch: Callable[[], None]
    ) -> None: ...

    @property
    def touched(self) -> bool: ...

    def measure(self) -> RawTouch | None: ...

    def place(self, raw: RawTouch) -> Touch | None: ...

    def check(self) -> None: ...

    def close(self) -> None: ...


def contact_resistance(x: float, z1: float, z2: float, x_plate_ohms: float) -> float:
    """Resistance in ohms between the panel's two layers, which falls as the finger presses harder.

    Texas Instruments SBAS405 (TSC2007), equation 2: Rx * X / 4096 * (Z2 / Z1 - 1).
    """
    return x_plate_ohms * x / 4096 * (z2 / z1 - 1)


class TouchPad:
    """The pad of a board. ``on_touch`` is called from another thread when a finger arrives.

    Construction raises ``ValueError`` or ``OSError`` if the chip does not answer.
    """

    USUAL = PadCalibration()
    on_demand = True
    """It measures whenever it is asked to, and its line is only of use between readings."""

    def __init__(
        self,
        board: Board,
        calibration: PadCalibration | None = None,
        on_touch: Callable[[], None] | None = None,
    ) -> None:
        self.calibration = calibration or self.USUAL
        wiring = board.pin_map.pad
        self._chip = _chip_class()(board.i2c, wiring.address)
        self._irq = DigitalInputDevice(wiring.irq, pull_up=True, pin_factory=board.pin_factory)
        if on_touch:
            self._irq.when_activated = on_touch

    @property
    def touched(self) -> bool:
        """The chip's own opinion (its PENIRQ line), valid between reads."""
        return bool(self._irq.is_active)

    def measure(self) -> RawTouch | None:
        """Measure once; None if no finger is there, or hardly.

        Raises ``OSError`` if the chip does not answer or answers nonsense. Five questions, 2.3 ms
        on a bus of 100 kHz.
        """
        # Pressure last: a place taken while the contact opened does not pass for a touch.
        x, y, z1, z2 = (self._chip.command(what, _CONVERTER_ON, _TWELVE_BITS) for what in _TOUCH)
        self.check()
        if not 0 < z1 < z2:
            return None
        to = self.calibration
        ohms = contact_resistance(x, z1, z2, to.x_plate_ohms)
        pressure = (to.light_ohms - ohms) / (to.light_ohms - to.hard_ohms)
        if pressure < -0.5:  # the layers barely meet: the position would wander
            return None
        return RawTouch(x, y, _unit(pressure))

    def place(self, raw: RawTouch) -> Touch | None:
        """Where on the pad a reading is; None if it is off it."""
        to = self.calibration
        if not (
            to.x_min - _MARGIN <= raw.x <= to.x_max + _MARGIN
            and to.y_min - _MARGIN <= raw.y <= to.y_max + _MARGIN
        ):
            return None
        return Touch(
            _unit((raw.x - to.x_min) / (to.x_max - to.x_min)),
            _unit((raw.y - to.y_min) / (to.y_max - to.y_min)),
            raw.pressure,
        )

    def check(self) -> None:
        """Raise ``OSError`` if the chip does not answer."""
        # Only in power-down does the chip listen for the finger and pull PENIRQ low.
        self._chip.command(_TEMPERATURE, _POWER_DOWN, _TWELVE_BITS)

    def close(self) -> None:
        self._irq.close()


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


@cache
def _chip_class() -> Any:
    library: Any = import_driver("adafruit_tsc2007")

    class CheckedTSC2007(library.TSC2007):
        """Adafruit's driver, which also looks at what must be zero in an answer."""

        def command(self, function: int, power: int, resolution: int) -> int:
            value = int(super().command(function, power, resolution))
            # SBAS405, "Read a conversion": after D3 to D0 come four zeros.
            if self._buf[1] & 0x0F:
                raise OSError(errno.EIO, "the chip answers nonsense")
            return value

    return CheckedTSC2007


def import_driver(name: str) -> ModuleType:
    """Import a CircuitPython driver without Blinka.

    The drivers import ``digitalio`` and ``busio`` for the types of what is given to them. Blinka's
    refuse to be imported on a machine that they do not know, or where a GPIO library for it is
    missing, and to find that out they read the device tree thousands of times. Modules that have
    every name stand in for them.
    """
    absent = [blinka for blinka in ("digitalio", "busio") if blinka not in sys.modules]
    sys.modules.update({blinka: _AnyNames(blinka) for blinka in absent})
    try:
        return importlib.import_module(name)
    finally:
        for blinka in absent:
            del sys.modules[blinka]


class _AnyNames(ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return object
