"""A virtual board whose buses take as long as the real ones: bytes x clock, interpreter released.

On the wire a byte takes nine cycles on I2C (UM10204, 3.1.5) and eight on SPI.
"""

from __future__ import annotations

import time
from typing import Any

from hardware.virtual.i2c_bus import VirtualI2CBus
from hardware.virtual.virtual_board import VirtualBoard

__all__ = ["CountingSpi", "paced_board"]


SHORTEST_SLEEP_S = 0.0003
"""Less is put on the bill of the next transfer: a sleep takes some 0.06 ms longer than asked."""


class CountingSpi:
    """An SPI device that takes everything and keeps count."""

    def __init__(self, speed_hz: int) -> None:
        self.max_speed_hz = speed_hz
        self.bytes_written = 0

    def open(self, bus: int, device: int) -> None: ...

    def close(self) -> None: ...

    def writebytes(self, values: Any) -> None:
        self.bytes_written += len(bytes(values))  # py-spidev copies a list too

    def writebytes2(self, values: Any) -> None:
        self.bytes_written += memoryview(values).nbytes


class _PacedI2C:
    """The emulated bus, each transfer held up for its bytes."""

    def __init__(self, bus: VirtualI2CBus, speed_hz: int) -> None:
        self._bus, self._byte_s = bus, 9 / speed_hz

    def writeto(self, *arguments: Any, **options: Any) -> None:
        self._paced(self._bus.writeto, arguments, options)

    def readfrom_into(self, *arguments: Any, **options: Any) -> None:
        self._paced(self._bus.readfrom_into, arguments, options)

    def writeto_then_readfrom(self, *arguments: Any, **options: Any) -> None:
        self._paced(self._bus.writeto_then_readfrom, arguments, options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def _paced(self, transfer: Any, arguments: Any, options: Any) -> None:
        before = self._bus.bytes
        try:
            transfer(*arguments, **options)
        finally:
            time.sleep((self._bus.bytes - before) * self._byte_s)


class _PacedSpi:
    """The emulated bus, each transfer held up for its bytes at the speed the driver has set."""

    def __init__(self, bus: Any) -> None:
        object.__setattr__(self, "_bus", bus)
        object.__setattr__(self, "_owed_s", 0.0)

    def writebytes(self, values: Any) -> None:
        self._bus.writebytes(values)
        self._pace(len(values))

    def writebytes2(self, values: Any) -> None:
        self._bus.writebytes2(values)
        self._pace(memoryview(values).nbytes)

    def _pace(self, count: int) -> None:
        owed_s = self._owed_s + count * 8 / self._bus.max_speed_hz
        if owed_s > SHORTEST_SLEEP_S:
            start_s = time.perf_counter()
            time.sleep(owed_s)
            owed_s -= time.perf_counter() - start_s
        object.__setattr__(self, "_owed_s", owed_s)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._bus, name, value)


def paced_board(display: bool = True) -> VirtualBoard:
    """A virtual board at the speeds of ``board.toml``; without the emulated ``display`` its bytes
    take their time but no processor's."""
    board = VirtualBoard()
    if not display:
        board.spi = CountingSpi(board.pin_map.oled.speed_hz)  # type: ignore[assignment]
    board.i2c = _PacedI2C(board.i2c, board.pin_map.i2c.speed_hz)  # type: ignore[assignment]
    board.spi = _PacedSpi(board.spi)  # type: ignore[assignment]
    return board
