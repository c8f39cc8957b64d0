"""What a board offers the device drivers: its buses and its pins, and nothing about who made them.

Two boards exist: ``hardware.pi.PiBoard`` (the real one) and
``hardware.virtual.virtual_board.VirtualBoard`` (chips emulated at the bus).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from hardware.pin_map import PinMap

__all__ = ["Board", "I2CBus", "ReadBuffer", "SpiBus"]

ReadBuffer: TypeAlias = bytes | bytearray | memoryview


class I2CBus(Protocol):
    """The part of CircuitPython's ``busio.I2C`` that Adafruit's drivers use.

    A chip that does not answer raises ``OSError``.
    """

    def try_lock(self) -> bool: ...

    def unlock(self) -> None: ...

    def scan(self) -> list[int]: ...

    def writeto(
        self,
        address: int,
        buffer: ReadBuffer,
        *,
        start: int = 0,
        end: int | None = None,
        stop: bool = True,
    ) -> None: ...

    def readfrom_into(
        self,
        address: int,
        buffer: bytearray | memoryview,
        *,
        start: int = 0,
        end: int | None = None,
        stop: bool = True,
    ) -> None: ...

    def writeto_then_readfrom(
        self,
        address: int,
        buffer_out: ReadBuffer,
        buffer_in: bytearray | memoryview,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
        stop: bool = False,
    ) -> None: ...


class SpiBus(Protocol):
    """The part of py-spidev's ``SpiDev`` that the display uses."""

    max_speed_hz: int

    def open(self, bus: int, device: int) -> None: ...

    def writebytes(self, values: Sequence[int]) -> None: ...

    def writebytes2(self, values: Any) -> None:
        """Write any contiguous buffer (or a sequence of bytes) without holding the interpreter."""

    def close(self) -> None: ...


class Board(Protocol):
    """Buses and pins. ``pin_factory`` is a gpiozero pin factory."""

    @property
    def pin_map(self) -> PinMap: ...

    @property
    def i2c(self) -> I2CBus: ...

    @property
    def spi(self) -> SpiBus: ...

    @property
    def pin_factory(self) -> Any: ...

    def close(self) -> None: ...
