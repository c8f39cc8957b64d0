"""The XY pad as a round Cirque trackpad (Pinnacle controller), through its CircuitPython driver."""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from gpiozero import DigitalInputDevice

from firmware.devices.touch_pad import PadCalibration, RawTouch, Touch, import_driver
from hardware.board import Board

__all__ = ["PinnaclePad", "disc_to_square"]

_HARDEST = 63
"""Z has six bits: how much of the fingertip lies on the pad, which grows as it presses."""
_IDLE_PACKETS = 5
"""Packets without a finger after a lift: one is enough, and a few may get lost."""
_OPENING_S = 0.5
_NAP_S = 0.0005

# Registers 0 to 4 of the chip: firmware, its version, status, power and mode, feed.
_FIRMWARES = {(0x07, 0x3A), (0x0E, 0x75)}
_DATA_READY = 0x04
_SET_UP = 0x80 | 0x02 | 0x01  # y inverted, absolute, feed enabled

_BEYOND = 1.15
"""How far beyond the calibrated rim, in radii, a reading may lie before it is nonsense."""


def disc_to_square(u: float, v: float) -> tuple[float, float]:
    """The place in the square, [-1, 1] x [-1, 1], of a place in the unit disc.

    Rays from the centre are stretched until the rim is the square's edge. That is the "simple
    stretching" of C. Fong, "Analytical Methods for Squaring the Disc", arXiv:1509.06344. The
    smoother mappings there bend straight lines less, but near a corner the slightest movement
    of a finger along the diagonal is a leap; with this one no ray is stretched more than by the
    square root of 2.
    """
    radius, largest = math.hypot(u, v), max(abs(u), abs(v))
    if largest == 0:
        return 0.0, 0.0
    stretch = radius / largest
    return u * stretch, v * stretch


class PinnaclePad:
    """The pad of a board, as ``TouchPad``: its disc is mapped onto the whole square.

    ``on_touch`` is called from another thread whenever there is something to read. Construction
    raises ``ValueError``, ``RuntimeError`` or ``OSError`` if the chip does not answer or is another
    one, after ``opening_s`` at the latest.
    """

    # The range that Cirque recommends to use of 2048 x 1536: the electrodes end there.
    USUAL = PadCalibration(x_min=128, x_max=1920, y_min=64, y_max=1472)
    on_demand = False
    """It measures a hundred times a second while a finger is there, and says so by its line."""

    def __init__(
        self,
        board: Board,
        calibration: PadCalibration | None = None,
        on_touch: Callable[[], None] | None = None,
        *,
        opening_s: float = _OPENING_S,
    ) -> None:
        self.calibration = calibration or self.USUAL
        wiring = board.pin_map.pad
        self._line = DigitalInputDevice(wiring.irq, pull_up=False, pin_factory=board.pin_factory)
        try:
            self._open(board, opening_s)
        except BaseException:
            self._line.close()
            raise
        if on_touch:
            self._line.when_activated = on_touch

    def _open(self, board: Board, opening_s: float) -> None:
        library, chip_class = _driver()
        ready = _DataReady(self._line, time.monotonic() + opening_s)
        try:
            self._chip = chip_class(board.i2c, ready, board.pin_map.pad.address)
            self._chip.data_mode = library.PINNACLE_ABSOLUTE
            self._chip.absolute_mode_config(z_idle_count=_IDLE_PACKETS, invert_y=True)
        except AttributeError as error:  # what the driver raises if the calibration does not end
            raise RuntimeError("the pad's data-ready line does not answer") from error
        ready.deadline_s = math.inf
        self._report = library.AbsoluteReport()

    @property
    def touched(self) -> bool:
        """Whether a measurement waits to be read."""
        return bool(self._line.is_active)

    def measure(self) -> RawTouch | None:
        """The measurement that waits; None if it found no finger.

        Raises ``OSError`` if the chip does not answer, answers nonsense or has lost its settings.
        18 bytes, 1.6 ms on a bus of 100 kHz.
        """
        if not self._status() & _DATA_READY:
            self._chip.clear_status_flags(False)
            return None
        report = self._report
        self._chip.read(report, read_buttons=False)
        if report.z == 0:
            return None
        return RawTouch(report.x, report.y, report.z / _HARDEST)

    def place(self, raw: RawTouch) -> Touch | None:
        """Where on the pad a reading is; None if it is off it."""
        to = self.calibration
        u = (2 * raw.x - to.x_min - to.x_max) / (to.x_max - to.x_min)
        v = (2 * raw.y - to.y_min - to.y_max) / (to.y_max - to.y_min)
        radius = math.hypot(u, v)
        if radius > _BEYOND:
            return None
        within = 1 / max(radius, 1.0)
        x, y = disc_to_square(u * within, v * within)
        return Touch((x + 1) / 2, (y + 1) / 2, raw.pressure)

    def check(self) -> None:
        """Raise ``OSError`` if the chip does not answer, or not as it was set up."""
        self._status()

    def close(self) -> None:
        self._line.close()

    def _status(self) -> int:
        firmware, version, status, _, feed = self._chip.first_registers()
        if (firmware, version) not in _FIRMWARES:
            raise OSError(errno.EIO, "the chip answers nonsense")
        if feed & _SET_UP != _SET_UP:
            raise OSError(errno.EIO, "the chip was without power")
        return int(status)


class _DataReady:
    """What the driver needs of ``digitalio.DigitalInOut``, over gpiozero, with an end to waiting.

    The driver waits for the chip in loops without end.
    """

    def __init__(self, line: DigitalInputDevice, deadline_s: float) -> None:
        self._line = line
        self.deadline_s = deadline_s

    def switch_to_input(self) -> None:
        """Nothing: it is one."""

    @property
    def value(self) -> bool:
        self.hurry()
        ready = bool(self._line.is_active)
        if not ready:
            time.sleep(_NAP_S)
        return ready

    def hurry(self) -> None:
        if time.monotonic() > self.deadline_s:
            raise OSError(errno.ETIMEDOUT, "the chip does not get ready")


@cache
def _driver() -> tuple[Any, Any]:
    """The driver's module, and its class with an end to waiting."""
    library: Any = import_driver("circuitpython_cirque_pinnacle")

    class PatientPinnacle(library.PinnacleTouchI2C):
        def _rap_read_bytes(self, reg: int, numb_bytes: int) -> bytearray:
            self.dr_pin.hurry()
            return bytearray(super()._rap_read_bytes(reg, numb_bytes))

        def first_registers(self) -> bytearray:
            return self._rap_read_bytes(0, 5)

    return library, PatientPinnacle
