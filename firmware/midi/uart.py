"""The UART of the DIN sockets: opened by pyserial at 31,250 baud, and again after it fails."""

from __future__ import annotations

import contextlib
import importlib
import os
import termios
from typing import Any

__all__ = ["BAUD", "FramingGuard", "Uart"]

BAUD = 31_250
RETRY_NS = 500_000_000
READ_SIZE = 256

_FAULTS = (OSError, ValueError, termios.error)  # what pyserial raises: ValueError for a bad speed


class Uart:
    """A serial device as MIDI bytes. No method raises, none blocks.

    While it is closed, ``fault`` says why in one sentence. pyserial sets the line up (it knows how
    Linux is asked for 31,250 baud); bytes pass by os.read and os.write, because pyserial 3.5's
    write without a time-out spins for as long as the line takes nothing.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        self.fault: str | None = f"{device} is not open."
        self.retry_ns = 0
        self._serial: Any = None

    @property
    def is_open(self) -> bool:
        return self._serial is not None

    def fileno(self) -> int:
        """For select; only while it is open."""
        return int(self._serial.fd)

    def open(self, now_ns: int) -> bool:
        """Open the device if it is time to try; ``retry_ns`` says when the next time is."""
        if self.is_open or now_ns < self.retry_ns:
            return False
        self.retry_ns = now_ns + RETRY_NS
        serial = importlib.import_module("serial")
        try:
            # exclusive: two programs reading one line would each get a part of every message.
            self._serial = serial.Serial(self.device, BAUD, timeout=0, exclusive=True)
        except _FAULTS as error:
            self._close(f"{self.device} cannot be opened ({_reason(error)}).")
            return False
        self.fault = None
        return True

    def read(self) -> bytes:
        """What has come in; closes the device when it is gone."""
        try:
            data = os.read(self.fileno(), READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._close(f"{self.device} is gone ({_reason(error)}).")
            return b""
        if not data:  # ready to read and nothing there: hung up
            self._close(f"{self.device} is gone.")
        return data

    def write(self, data: bytes) -> None:
        """Send ``data``; closes the device when it does not take all of it at once."""
        try:
            taken = os.write(self.fileno(), data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            self._close(f"{self.device} is gone ({_reason(error)}).")
            return
        if taken < len(data):
            self._close(f"{self.device} takes no more bytes.")

    def reopen(self, now_ns: int) -> bool:
        """Close and open at once, which starts the receiver anew; False: it stays closed."""
        self._close(f"{self.device} is being opened again.")
        self.retry_ns = now_ns
        return self.open(now_ns)

    def close(self) -> None:
        """Let go of the device. What is not on the line yet is dropped."""
        self._close(f"{self.device} is closed.")

    def _close(self, fault: str) -> None:
        self.fault = fault
        if self._serial is not None:
            with contextlib.suppress(*_FAULTS):
                # Or the kernel waits up to 30 s for a line that takes nothing.
                self._serial.reset_output_buffer()
            with contextlib.suppress(*_FAULTS):
                self._serial.close()
            self._serial = None


class FramingGuard:
    """Tells from the share of garbage that the receiver has lost the frame of the bytes.

    A PL011 that is switched on while a sender is running may take a data bit for a start bit and
    keep doing so; opening it again gives it another chance. A line that is never any good (a wrong
    speed, noise) is opened again at growing intervals, up to ``LONGEST_PAUSE_NS``.
    """

    WINDOW_NS = 250_000_000
    FORGET_NS = 1_000_000_000
    FEWEST_BYTES = 12
    PAUSE_NS = 1_000_000_000
    LONGEST_PAUSE_NS = 60_000_000_000

    def __init__(self) -> None:
        self._since_ns, self._bytes, self._garbage = 0, 0, 0
        self._pause_ns, self._not_before_ns = self.PAUSE_NS, 0

    def lost(self, now_ns: int, count: int, garbage: int) -> bool:
        """Whether to open again, after ``count`` bytes came, ``garbage`` of them no MIDI."""
        if now_ns - self._since_ns > self.FORGET_NS or not self._bytes:
            self._since_ns, self._bytes, self._garbage = now_ns, 0, 0
        self._bytes += count
        self._garbage += garbage
        if now_ns - self._since_ns < self.WINDOW_NS or self._bytes < self.FEWEST_BYTES:
            return False
        bad = self._garbage * 4 >= self._bytes
        self._bytes = self._garbage = 0
        if not bad:
            self._pause_ns = self.PAUSE_NS
        if not bad or now_ns < self._not_before_ns:
            return False
        self._not_before_ns = now_ns + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, self.LONGEST_PAUSE_NS)
        return True


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)
