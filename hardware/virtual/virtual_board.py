"""The board without the board: its chips emulated at the bus, its panel in the caller's hands.

Drivers see ``i2c``, ``spi`` and ``pin_factory``, as on the Pi. Whoever plays the player (the page
in the browser, a test) has the finger's side (``touch``, ``turn``, ``press``) and the eye's side
(``oled``, ``led``, ``colours``). The two sides may live in different threads.
"""

from __future__ import annotations

import errno
import os

from hardware.pin_map import PinMap, load_pin_map
from hardware.virtual.i2c_bus import Fault, VirtualI2CBus
from hardware.virtual.pinnacle import PERIOD_S, Pinnacle
from hardware.virtual.pins import VirtualPins
from hardware.virtual.seesaw import ENCODERS, SeesawEncoders
from hardware.virtual.spi import VirtualSpi
from hardware.virtual.ssd1306 import SH1106, SSD1306
from hardware.virtual.ssd1351 import SSD1351
from hardware.virtual.tsc2007 import TSC2007

__all__ = ["VirtualBoard"]

DISPLAYS: dict[str, type[SSD1351 | SSD1306]] = {
    "ssd1351": SSD1351,
    "ssd1306": SSD1306,
    "sh1106": SH1106,
}


class VirtualBoard:
    """All of ``board.toml``, emulated."""

    def __init__(
        self, pin_map: PinMap | None = None, pinnacle_period_s: float | None = PERIOD_S
    ) -> None:
        """``pinnacle_period_s`` is the pace of a Pinnacle, if that is the pad; None: by hand."""
        self.pin_map = pin_map or load_pin_map()
        pins, wiring = VirtualPins(), self.pin_map
        self.pin_factory = pins

        self.oled = DISPLAYS[wiring.oled.kind]()
        dc_pin = pins.pin(wiring.oled.dc)
        pins.watch(wiring.oled.reset, lambda level: None if level else self.oled.reset())
        self.spi = VirtualSpi(
            self.oled, lambda: dc_pin.state, wiring.oled.spi_port, wiring.oled.spi_device
        )

        self.i2c = VirtualI2CBus()
        self._seesaw = SeesawEncoders(pins.pin(wiring.encoders.interrupt).drive)
        pad_line = pins.pin(wiring.pad.irq).drive
        self._touch_controller: TSC2007 | Pinnacle = (
            TSC2007(pad_line)
            if wiring.pad.kind == "tsc2007"
            else Pinnacle(pad_line, pinnacle_period_s)
        )
        self.i2c.attach(wiring.encoders.address, self._seesaw)
        self.i2c.attach(wiring.pad.address, self._touch_controller)

    # The finger's side

    def touch(self, x: float, y: float, force: float = 0.5) -> None:
        """Put or move the finger: (0, 0) is the bottom left, (1, 1) the top right; clamped."""
        self._touch_controller.touch(*(min(max(value, 0.0), 1.0) for value in (x, y, force)))

    def lift(self) -> None:
        """Take the finger off the pad."""
        self._touch_controller.lift()

    def turn(self, encoder: int, detents: int) -> None:
        """Turn encoder 0..3, clockwise for positive ``detents``."""
        self._seesaw.turn(_checked(encoder), detents * self.pin_map.encoders.clockwise)

    def push(self, encoder: int, down: bool) -> None:
        """Press or release the switch of encoder 0..3."""
        self._seesaw.push(_checked(encoder), down)

    def press(self, button: str, down: bool) -> None:
        """Press or release a button by its name in ``board.toml``; ``KeyError`` if it has none."""
        self.pin_factory.drive(self.pin_map.buttons[button], False if down else None)

    # The eye's side: ``oled.snapshot()`` besides

    def led(self, name: str = "play") -> float:
        """Brightness of an LED, 0 to 1."""
        return self.pin_factory.level(self.pin_map.led[name])

    def colours(self) -> list[tuple[int, int, int]]:
        """The encoders' four NeoPixels, (red, green, blue) of 0..255 each."""
        return self._seesaw.colours()

    def measure_pad(self) -> None:
        """Let a Pinnacle that is paced by hand measure once."""
        assert isinstance(self._touch_controller, Pinnacle)
        self._touch_controller.measure()

    # Faults, for tests and for demonstrations

    def set_fault(self, device: str, fault: Fault | None) -> None:
        """Break or mend a chip on I2C: ``device`` is "encoders" or "pad"."""
        addresses = {
            "encoders": self.pin_map.encoders.address,
            "pad": self.pin_map.pad.address,
        }
        self.i2c.set_fault(addresses[device], fault)

    def fail_display(self, fails: bool) -> None:
        """Let the display's bus fail; when it is mended the display has been without power."""
        self.spi.fault = OSError(errno.EIO, os.strerror(errno.EIO)) if fails else None
        self.oled.reset()

    def close(self) -> None:
        """Let go of every pin; the drivers' own objects are theirs to close."""
        self._touch_controller.lift()
        self.pin_factory.close()


def _checked(encoder: int) -> int:
    if not 0 <= encoder < ENCODERS:
        raise ValueError(f"there is no encoder {encoder}; they are 0 to {ENCODERS - 1}.")
    return encoder
