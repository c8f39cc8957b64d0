"""The real board: a Raspberry Pi's own I2C, SPI and pins.

The libraries behind it (smbus2, spidev, lgpio) are imported only when a :class:`PiBoard` is made.
"""

from __future__ import annotations

import threading
from typing import Any

from hardware.board import ReadBuffer
from hardware.pin_map import PinMap, load_pin_map

__all__ = ["PiBoard", "SmbusI2C"]

_LOCK_TIMEOUT_S = 0.05


class PiBoard:
    """The board described by ``board.toml`` on the Pi this runs on.

    Raises ``ImportError`` where the Pi's libraries are missing, ``OSError`` where its buses are
    not switched on.
    """

    def __init__(self, pin_map: PinMap | None = None) -> None:
        from gpiozero.pins.lgpio import LGPIOFactory
        from smbus2 import SMBus
        from spidev import SpiDev

        self.pin_map = pin_map or load_pin_map()
        self.i2c = SmbusI2C(SMBus(self.pin_map.i2c.bus))
        self.spi = SpiDev()
        self.pin_factory = LGPIOFactory()

    def close(self) -> None:
        self.pin_factory.close()
        self.spi.close()
        self.i2c.close()


class SmbusI2C:
    """``busio.I2C`` for Adafruit's drivers, over the kernel's I2C device.

    One ``I2C_RDWR`` call a transfer, so a write followed by a read has a repeated start between.
    Blinka's own ``busio`` would claim the pins and guess the board; this does neither.
    """

    def __init__(self, bus: Any) -> None:
        """``bus`` is an open ``smbus2.SMBus``."""
        from smbus2 import i2c_msg

        self._bus = bus
        self._message = i2c_msg
        self._lock = threading.Lock()

    def try_lock(self) -> bool:
        # Adafruit's drivers spin on try_lock; waiting here a little spares the processor.
        return self._lock.acquire(timeout=_LOCK_TIMEOUT_S)

    def unlock(self) -> None:
        self._lock.release()

    def scan(self) -> list[int]:
        """The addresses that answer a read of one byte."""
        return [address for address in range(0x08, 0x78) if self._answers(address)]

    def writeto(
        self,
        address: int,
        buffer: ReadBuffer,
        *,
        start: int = 0,
        end: int | None = None,
        stop: bool = True,
    ) -> None:
        self._bus.i2c_rdwr(self._message.write(address, bytes(memoryview(buffer)[start:end])))

    def readfrom_into(
        self,
        address: int,
        buffer: bytearray | memoryview,
        *,
        start: int = 0,
        end: int | None = None,
        stop: bool = True,
    ) -> None:
        view = memoryview(buffer)[start:end]
        message = self._message.read(address, len(view))
        self._bus.i2c_rdwr(message)
        view[:] = bytes(message)

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
        view = memoryview(buffer_in)[in_start:in_end]
        question = bytes(memoryview(buffer_out)[out_start:out_end])
        answer = self._message.read(address, len(view))
        self._bus.i2c_rdwr(self._message.write(address, question), answer)
        view[:] = bytes(answer)

    def close(self) -> None:
        self._bus.close()

    def _answers(self, address: int) -> bool:
        try:
            self._bus.i2c_rdwr(self._message.read(address, 1))
        except OSError:
            return False
        return True
