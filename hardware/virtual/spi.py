"""An SPI bus with the emulated display on it: py-spidev's ``SpiDev`` as far as luma uses it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

__all__ = ["SpiChip", "VirtualSpi"]

_WRITEBYTES_LIMIT = 4096


class SpiChip(Protocol):
    """A write-only chip with a D/C line."""

    def command(self, data: memoryview) -> None: ...

    def data(self, data: memoryview) -> None: ...


class VirtualSpi:
    """One chip at (``port``, ``device``); the level of its D/C pin sorts commands from data."""

    def __init__(self, chip: SpiChip, dc: Callable[[], float], port: int, device: int) -> None:
        self._chip = chip
        self._dc = dc
        self._place = (port, device)
        self._is_open = False
        self.max_speed_hz = 500_000
        self.fault: OSError | None = None
        """what every transfer fails with, where there is one"""
        self.writes = 0
        """transfers so far"""
        self.bytes_written = 0

    def open(self, bus: int, device: int) -> None:
        if (bus, device) != self._place:
            raise FileNotFoundError(
                errno.ENOENT, os.strerror(errno.ENOENT), f"/dev/spidev{bus}.{device}"
            )
        self._is_open = True

    def writebytes(self, values: Sequence[int]) -> None:
        """Refuses more than 4096 bytes, as py-spidev does."""
        if len(values) > _WRITEBYTES_LIMIT:
            raise OverflowError(f"Argument list size exceeds {_WRITEBYTES_LIMIT} bytes.")
        self._write(bytes(values))

    def writebytes2(self, values: Any) -> None:
        """Takes any contiguous buffer of any size, or a sequence of bytes."""
        try:
            view = memoryview(values)
        except TypeError:
            view = memoryview(bytes(values))
        self._write(view.tobytes())

    def close(self) -> None:
        self._is_open = False

    def _write(self, payload: bytes) -> None:
        if not self._is_open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.fault is not None:
            raise self.fault
        self.writes += 1
        self.bytes_written += len(payload)
        if self._dc():
            self._chip.data(memoryview(payload))
        else:
            self._chip.command(memoryview(payload))
