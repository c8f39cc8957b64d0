"""An I2C bus with emulated chips on it: ``busio.I2C`` for drivers, faults on demand for tests."""

from __future__ import annotations

import errno
import os
import random
import threading
from enum import Enum
from typing import Protocol

from hardware.board import ReadBuffer

__all__ = ["Fault", "I2CChip", "VirtualI2CBus"]

_LOCK_TIMEOUT_S = 0.05


class I2CChip(Protocol):
    """What a chip sees of the bus: the bytes of one write, and how many bytes one read asks for."""

    def write(self, data: bytes) -> None: ...

    def read(self, count: int) -> bytes: ...


class Fault(Enum):
    """What can be wrong with a chip, as the bus shows it."""

    ABSENT = "absent"
    """not soldered or without power: the address is not acknowledged (EREMOTEIO)"""
    SILENT = "silent"
    """holds the clock low: every transfer runs into the controller's timeout (ETIMEDOUT)"""
    FLOATING = "floating"
    """acknowledges, but every byte read is 0xFF; writes are lost"""
    GARBAGE = "garbage"
    """acknowledges, but every byte read is random (seeded, so a test repeats); writes are lost"""


class VirtualI2CBus:
    """Chips by address. Safe to use from several threads; a chip guards its own state."""

    def __init__(self) -> None:
        self._chips: dict[int, I2CChip] = {}
        self._faults: dict[int, Fault] = {}
        self._glitches: dict[int, int] = {}
        self._random = random.Random(0)
        self._lock = threading.Lock()
        self.transfers = 0
        """transfers addressed so far, answered or not"""
        self.bytes = 0
        """bytes on the wire so far, addresses included: each is nine cycles of the clock"""

    def attach(self, address: int, chip: I2CChip) -> None:
        self._chips[address] = chip

    def set_fault(self, address: int, fault: Fault | None) -> None:
        """Break the chip at ``address``, or mend it (``None``); it keeps its registers."""
        if fault is None:
            self._faults.pop(address, None)
        else:
            self._faults[address] = fault

    def glitch(self, address: int, count: int = 1) -> None:
        """Let the next ``count`` transfers with ``address`` go unacknowledged."""
        self._glitches[address] = count

    def try_lock(self) -> bool:
        # CircuitPython's drivers spin on try_lock; waiting here a little spares the processor.
        return self._lock.acquire(timeout=_LOCK_TIMEOUT_S)

    def unlock(self) -> None:
        self._lock.release()

    def scan(self) -> list[int]:
        """The addresses that acknowledge."""
        dead = {Fault.ABSENT, Fault.SILENT}
        return sorted(a for a in self._chips if self._faults.get(a) not in dead)

    def writeto(
        self,
        address: int,
        buffer: ReadBuffer,
        *,
        start: int = 0,
        end: int | None = None,
        stop: bool = True,
    ) -> None:
        chip, fault = self._addressed(address)
        data = bytes(memoryview(buffer)[start:end])
        self.bytes += len(data)
        if data and fault is None:
            chip.write(data)

    def readfrom_into(
        self,
        address: int,
        buffer: bytearray | memoryview,
        *,
        start: int = 0,
        end: int | None = None,
        stop: bool = True,
    ) -> None:
        chip, fault = self._addressed(address)
        view = memoryview(buffer)[start:end]
        self.bytes += len(view)
        if fault is Fault.GARBAGE:
            view[:] = self._random.randbytes(len(view))
        elif fault is Fault.FLOATING:
            view[:] = b"\xff" * len(view)
        else:
            view[:] = chip.read(len(view))

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
    ) -> None:
        self.writeto(address, buffer_out, start=out_start, end=out_end)
        self.readfrom_into(address, buffer_in, start=in_start, end=in_end)

    def _addressed(self, address: int) -> tuple[I2CChip, Fault | None]:
        self.transfers += 1
        self.bytes += 1
        fault = self._faults.get(address)
        glitches = self._glitches.get(address, 0)
        if glitches:
            self._glitches[address] = glitches - 1
        if glitches or fault is Fault.ABSENT or address not in self._chips:
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        if fault is Fault.SILENT:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return self._chips[address], fault
