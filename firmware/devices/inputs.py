"""All that the player's hands touch, read by one thread, each device failing on its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from firmware.devices.buttons import Buttons
from firmware.devices.encoders import Encoders
from firmware.devices.events import Event, Lift, TouchAt
from firmware.devices.touch_pad import PadCalibration, TouchPad
from hardware.board import Board

__all__ = ["Inputs"]

_PAD_PERIOD_NS = 5_000_000
"""200 Hz: the touched pad takes a third of a 100 kHz bus, and the encoders fit in between."""
_RETRY_PERIOD_NS = 1_000_000_000
_TOLERATED_ERRORS = 3
"""Failed polls in a row before a device counts as lost and is opened anew."""
_TOLERATED_MISREADINGS = 4
"""Unusable readings in a row, with the finger still reported down, before it counts as lifted."""

Colour = tuple[int, int, int]


class _Closable(Protocol):
    def close(self) -> None: ...


_Device = TypeVar("_Device", bound=_Closable)


class _Slot(Generic[_Device]):
    """A place for a device on the bus that may be missing, come late, fail and come back."""

    def __init__(self, name: str, address: int, opener: Callable[[], _Device]) -> None:
        self.device: _Device | None = None
        self.fault: str | None = None
        self._where = f"{name} at I2C address {address:#04x}"
        self._opener = opener
        self._errors = 0
        self._next_try_ns = 0

    def ready(self, now_ns: int) -> bool:
        """Whether there is a device to use now; opens it again once a second if there is none."""
        if self.device is None and now_ns >= self._next_try_ns:
            self._next_try_ns = now_ns + _RETRY_PERIOD_NS
            try:
                self.device = self._opener()
                self.fault = None
            except (OSError, ValueError, RuntimeError):
                self.fault = f"The {self._where} does not answer."
        return self.device is not None

    def worked(self) -> None:
        self._errors, self.fault = 0, None

    def failed(self, error: OSError, now_ns: int) -> bool:
        """Count a failed poll; True when the device is given up until the next try."""
        self._errors += 1
        self.fault = f"The {self._where} fails: {error.strerror or error}."
        if self._errors < _TOLERATED_ERRORS:
            return False
        self.close()
        self._errors, self._next_try_ns = 0, now_ns + _RETRY_PERIOD_NS
        return True

    def close(self) -> None:
        if self.device is not None:
            self.device.close()
            self.device = None


class Inputs:
    """The pad, the encoders and the buttons of a board.

    One thread calls :meth:`wait` and :meth:`poll` in turn; :meth:`set_colours`, :meth:`set_led`,
    :meth:`wake` and :meth:`faults` may be called from any. A device that is absent or fails is
    reported by :meth:`faults`, lets go of whatever it held down, and is tried again every second;
    the others go on.
    """

    def __init__(
        self,
        board: Board,
        calibration: PadCalibration | None = None,
        *,
        encoder_read_delay_s: float = 0.002,
        encoder_reset_delay_s: float = 0.25,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._now_ns = now_ns
        self._wake = threading.Event()
        self._touch: TouchAt | None = None
        self._misreadings = 0
        self._next_pad_ns = 0
        self._colours: Sequence[Colour] | None = None
        self._unshown: Sequence[Colour] | None = None
        self._buttons = Buttons(board, self._wake.set)
        self._encoders = _Slot(
            "encoder board",
            board.pin_map.encoders.address,
            lambda: Encoders(
                board,
                self._wake.set,
                read_delay_s=encoder_read_delay_s,
                reset_delay_s=encoder_reset_delay_s,
            ),
        )
        self._pad = _Slot(
            "touch pad",
            board.pin_map.pad.address,
            lambda: TouchPad(board, calibration, self._on_touch),
        )
        self._encoders.ready(now_ns())
        self._pad.ready(now_ns())

    def wait(self, timeout_s: float) -> None:
        """Return when there is something to poll, or after ``timeout_s`` at the latest."""
        if self._pad.device and self._touch:
            due_s = (self._next_pad_ns - self._now_ns()) / 1e9
            timeout_s = min(timeout_s, max(due_s, 0.0))
        elif (self._pad.device and self._pad.device.touched) or (
            self._encoders.device and self._encoders.device.changed
        ):
            # A line that is already low gives no further edge to wake up by.
            timeout_s = min(timeout_s, _PAD_PERIOD_NS / 1e9)
        self._wake.wait(timeout_s)
        self._wake.clear()

    def poll(self) -> list[Event]:
        """What has changed since the last poll: buttons, then encoders, then the pad."""
        now_ns = self._now_ns()
        return [*self._buttons.poll(), *self._poll_encoders(now_ns), *self._poll_pad(now_ns)]

    def set_colours(self, colours: Sequence[Colour]) -> None:
        """Light the encoders' four NeoPixels at the next poll, (red, green, blue) of 0..255."""
        if tuple(colours) != self._colours:
            self._colours = self._unshown = tuple(colours)
            self._wake.set()

    def set_led(self, name: str, brightness: float) -> None:
        """Light an LED of the board, ``brightness`` in [0, 1]."""
        self._buttons.set_led(name, brightness)

    def wake(self) -> None:
        """Make :meth:`wait` return at once."""
        self._wake.set()

    def faults(self) -> dict[str, str]:
        """What does not work now: device ("encoders", "pad") to one sentence."""
        found = {"encoders": self._encoders.fault, "pad": self._pad.fault}
        return {name: fault for name, fault in found.items() if fault}

    def close(self) -> None:
        """Let go of every pin."""
        self._buttons.close()
        self._encoders.close()
        self._pad.close()

    def _on_touch(self) -> None:
        # Every reading of the pad takes its line high and low again; while a finger is down
        # those edges are echoes, and the pad is read on time anyway.
        if self._touch is None:
            self._wake.set()

    def _poll_encoders(self, now_ns: int) -> list[Event]:
        slot = self._encoders
        was_open = slot.device is not None
        if not slot.ready(now_ns):
            return []
        encoders = slot.device
        assert encoders is not None
        if not was_open:
            self._unshown = self._colours
        colours, self._unshown = self._unshown, None
        events: list[Event] = []
        try:
            if encoders.changed:
                events += encoders.poll()
            if colours is not None:
                encoders.set_colours(colours)
            slot.worked()
        except OSError as error:
            self._unshown = self._unshown or colours
            if slot.failed(error, now_ns):
                events += encoders.release()
        return events

    def _poll_pad(self, now_ns: int) -> list[Event]:
        slot = self._pad
        if not slot.ready(now_ns):
            return []
        pad = slot.device
        assert pad is not None
        if now_ns < self._next_pad_ns or not (self._touch or pad.touched):
            return []
        self._next_pad_ns = now_ns + _PAD_PERIOD_NS
        try:
            touch = pad.read()
            still_down = pad.touched
            slot.worked()
        except OSError as error:
            return self._lift() if slot.failed(error, now_ns) else []
        if touch is not None:
            self._misreadings = 0
            moved = TouchAt(*touch)
            if moved == self._touch:
                return []
            self._touch = moved
            return [moved]
        self._misreadings += 1
        if not still_down or self._misreadings >= _TOLERATED_MISREADINGS:
            return self._lift()
        return []

    def _lift(self) -> list[Event]:
        self._misreadings = 0
        if self._touch is None:
            return []
        self._touch = None
        return [Lift()]
