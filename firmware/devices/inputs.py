"""All that the player's hands touch, read by one thread, each device failing on its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from firmware.devices.buttons import Buttons
from firmware.devices.calibrator import Calibrator
from firmware.devices.encoders import Encoders
from firmware.devices.events import Event
from firmware.devices.finger import PRESS, Finger
from firmware.devices.touch_pad import Pad, PadCalibration, RawTouch, TouchPad
from hardware.board import Board

__all__ = ["Inputs", "pad_class"]

_PAD_PERIOD_NS = 5_000_000
"""200 Hz: the touched pad takes 45 % of a 100 kHz bus, a turned encoder 1.4 ms of the rest."""
_LANDING_PERIOD_NS = 2_500_000
"""Sooner while a finger lands: its second reading begins the touch."""
_SILENCE_NS = 100_000_000
"""A finger is lost when a pad that measures by itself has had nothing to say for so long."""
_RETRY_PERIOD_NS = 1_000_000_000
_CHECK_PERIOD_NS = 1_000_000_000
"""Between two questions to an idle device whether it is still there and set up."""
_TOLERATED_ERRORS = 3
"""Failed polls in a row before a device counts as lost and is opened anew."""

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
        self._next_check_ns = 0

    def ready(self, now_ns: int) -> _Device | None:
        """The device, if there is one to use now; opens it again once a second if there is none."""
        if self.device is None and now_ns >= self._next_try_ns:
            self._next_try_ns = now_ns + _RETRY_PERIOD_NS
            try:
                self.device = self._opener()
                self.worked(now_ns)
            except (OSError, ValueError, RuntimeError):
                self.fault = f"The {self._where} does not answer."
        return self.device

    def to_check(self, now_ns: int) -> bool:
        """Whether the device failed last time, or has not been heard of for a second."""
        return self._errors > 0 or now_ns >= self._next_check_ns

    def worked(self, now_ns: int) -> None:
        self._errors, self.fault = 0, None
        self._next_check_ns = now_ns + _CHECK_PERIOD_NS

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

    One thread calls :meth:`wait` and :meth:`poll` in turn; all else may be called from any. A
    device that is absent or fails is reported by :meth:`faults`, lets go of whatever it held down,
    and is tried again every second; the others go on.
    """

    def __init__(
        self,
        board: Board,
        calibration: PadCalibration | None = None,
        *,
        press: float = PRESS,
        encoder_read_delay_s: float = 0.002,
        encoder_reset_delay_s: float = 0.25,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """``calibration`` None is what such a pad usually has; ``press`` as `set_pad_pressure`."""
        self._now_ns = now_ns
        self._wake = threading.Event()
        self._pad_class = pad_class(board.pin_map.pad.kind)
        self._calibration = calibration or self._pad_class.USUAL
        self._calibration_lock = threading.Lock()
        self._calibrator: Calibrator | None = None
        self._finger = Finger()
        self.set_pad_pressure(press)
        self._next_pad_ns = 0
        self._pad_heard_ns = 0
        self._felt = False
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
        self._pad: _Slot[Pad] = _Slot(
            "touch pad",
            board.pin_map.pad.address,
            lambda: self._pad_class(board, self._calibration, self._on_touch),
        )
        self._encoders.ready(now_ns())
        self._pad.ready(now_ns())

    def wait(self, timeout_s: float) -> None:
        """Return when there is something to poll, or after ``timeout_s`` at the latest."""
        pad, encoders = self._pad.device, self._encoders.device
        if pad and pad.on_demand and self._finger_there():
            due_s = (self._next_pad_ns - self._now_ns()) / 1e9
            timeout_s = min(timeout_s, max(due_s, 0.0))
        elif (pad and pad.touched) or (encoders and encoders.changed):
            # A line that already calls gives no further edge to wake up by.
            timeout_s = min(timeout_s, _PAD_PERIOD_NS / 1e9)
        elif self._finger_there():
            timeout_s = min(timeout_s, _SILENCE_NS / 1e9)
        self._wake.wait(timeout_s)
        self._wake.clear()

    def poll(self) -> list[Event]:
        """What has changed since the last poll: buttons, then encoders, then the pad."""
        buttons, encoders = self._buttons.poll(), self._poll_encoders(self._now_ns())
        return [*buttons, *encoders, *self._poll_pad(self._now_ns())]

    def set_colours(self, colours: Sequence[Colour]) -> None:
        """Light the encoders' four NeoPixels at the next poll, (red, green, blue) of 0..255."""
        if tuple(colours) != self._colours:
            self._colours = self._unshown = tuple(colours)
            self._wake.set()

    def set_led(self, name: str, brightness: float) -> None:
        """Light an LED of the board, ``brightness`` in [0, 1]."""
        self._buttons.set_led(name, brightness)

    def set_pad_pressure(self, press: float) -> None:
        """How hard a touch must begin, in [0, 1], clamped: 0 is the lightest that is felt."""
        self._finger.press = min(max(press, 0.0), 1.0)

    def begin_calibration(self) -> None:
        """Measure the pad's edges, which the player now draws round; until then, no touches."""
        with self._calibration_lock:
            self._calibrator = Calibrator(self._calibration, self._pad_class.USUAL)
        self._wake.set()

    def end_calibration(self) -> PadCalibration:
        """Use what was measured, and return it to be stored.

        Raises ``ValueError``, one sentence for the player, if too little was touched or nothing was
        begun. The calibration is over either way; the old one stays then.
        """
        with self._calibration_lock:
            calibrator, self._calibrator = self._calibrator, None
            if calibrator is None:
                raise ValueError("The pad is not being calibrated.")
            self._calibration = calibrator.result()
            return self._calibration

    def cancel_calibration(self) -> None:
        """Go on with the calibration as it was; nothing happens if none was begun."""
        with self._calibration_lock:
            self._calibrator = None

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
        # A pad that measures on demand takes its line high and low again with every reading;
        # while a finger is down those edges are echoes, and the pad is read on time anyway.
        if not (self._pad_class.on_demand and self._finger_there()):
            self._wake.set()

    def _finger_there(self) -> bool:
        return self._finger.down or self._finger.landing or self._felt

    def _poll_encoders(self, now_ns: int) -> list[Event]:
        slot = self._encoders
        was_open = slot.device is not None
        encoders = slot.ready(now_ns)
        if encoders is None:
            return []
        if not was_open:
            self._unshown = self._colours
        colours, self._unshown = self._unshown, None
        events: list[Event] = []
        try:
            if encoders.changed or slot.to_check(now_ns):
                events += encoders.poll()
                slot.worked(now_ns)
            if colours is not None:
                encoders.set_colours(colours)
                slot.worked(now_ns)
        except OSError as error:
            self._unshown = self._unshown or colours
            if slot.failed(error, now_ns):
                events += encoders.release()
        return events

    def _poll_pad(self, now_ns: int) -> list[Event]:
        slot = self._pad
        pad = slot.ready(now_ns)
        if pad is None or now_ns < self._next_pad_ns:
            return []
        pad.calibration = self._calibration
        try:
            if pad.touched or (pad.on_demand and self._finger_there()):
                reading = pad.measure()
            elif slot.to_check(now_ns):
                pad.check()
                slot.worked(now_ns)
                return self._let_go_if_silent(now_ns)
            else:
                return self._let_go_if_silent(now_ns)
        except OSError as error:
            return self._let_go() if slot.failed(error, now_ns) else []
        slot.worked(now_ns)
        self._pad_heard_ns = now_ns
        events = self._understand(pad, reading, now_ns)
        if pad.on_demand:
            landing = self._finger.landing
            self._next_pad_ns = now_ns + (_LANDING_PERIOD_NS if landing else _PAD_PERIOD_NS)
        return events

    def _understand(self, pad: Pad, reading: RawTouch | None, now_ns: int) -> list[Event]:
        with self._calibration_lock:
            if self._calibrator is not None:
                self._calibrator.add(reading)
                self._felt = reading is not None
                return [*self._finger.release()]
        self._felt = False
        touch = None if reading is None else pad.place(reading)
        return [*self._finger.read(touch, now_ns)]

    def _let_go_if_silent(self, now_ns: int) -> list[Event]:
        return self._let_go() if now_ns - self._pad_heard_ns >= _SILENCE_NS else []

    def _let_go(self) -> list[Event]:
        self._felt = False
        return [*self._finger.release()]


def pad_class(kind: str) -> type[Pad]:
    """The driver of a kind of pad in ``board.toml``."""
    if kind == "tsc2007":
        return TouchPad
    # Only where it is the pad: its driver brings a good deal of Blinka with it.
    from firmware.devices.pinnacle_pad import PinnaclePad

    return PinnaclePad
