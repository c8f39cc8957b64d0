"""The card in QEMU's Raspberry Pi 3B: slower than machine.py's, and a Pi as far as it goes."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from hardware.pin_map import load_pin_map
from tests.image.card import Card
from tests.image.machine import Machine

__all__ = ["PiMachine"]

DATA_MB = 64
"""mke2fs erases before it writes, and QEMU's card takes a minute to erase 2 GB."""
ZERO_2_W = "902120"
"""Its revision code, as the Pi's firmware tells it."""
GPSET0, GPLEV0 = 0x3F20001C, 0x3F200034
"""Sets the levels of GPIO 0 to 31, in QEMU those of inputs too; and tells them."""


class PiMachine(Machine):
    """QEMU's Raspberry Pi 3B with that card, and a cable in both its DIN sockets.

    ``board`` names the device tree, one of the card's. Emulated: four processors, the SD
    controller, the GPIO's functions and levels, both UARTs, the watchdog's registers (starting it
    resets at once), the firmware's mailbox. Not: I2C and SPI, whose registers read as 0, edges of
    GPIO, its pull-ups, USB devices.
    """

    console = "ttyS1"

    def __init__(self, card: Card, work: Path, board: str) -> None:
        super().__init__(card, work, cpus=4)
        self._board = board
        self._midi_port, self._qtest = work / "midi", work / "qtest"
        self.midi: list[tuple[int, bytes]] = []
        """What the box has sent to its DIN socket, and when it came, by the monotonic clock."""

    @contextlib.contextmanager
    def running_pi(self, words: str, scripts: Path) -> Iterator[PiMachine]:
        """Switch on, with the scripts in place of the other slot's root."""
        self.card.write("root-b", scripts.read_bytes())
        self.card.shrink_data(DATA_MB)
        kernel, initramfs, line = self._loaded()
        self._hand_tree_over()
        with self.started(kernel, initramfs, f"{line} {words}", []), self._wired():
            yield self

    def send(self, data: bytes) -> None:
        """Into the box's DIN socket."""
        self._wire.sendall(data)

    def rises(self, gpio: int, seconds: float) -> int:
        """How often the level of that pin rises in that time."""
        count, was_up = 0, True
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            is_up = bool(int(self._register(b"readl %d\n" % GPLEV0), 16) >> gpio & 1)
            count += is_up and not was_up
            was_up = is_up
        return count

    def _register(self, words: bytes) -> bytes:
        """QEMU's answer (docs/devel/qtest.rst) without its OK."""
        self._registers.sendall(words)
        return self._registers.recv(1024).removeprefix(b"OK").strip()

    def _hand_tree_over(self) -> None:
        """The device tree with what the Pi's firmware adds, and the test's console."""
        self._tree = self._work / "tree.dtb"
        self._tree.write_bytes(self.card.read(f"{self.card.slots.start}/{self._board}.dtb"))
        console = "/soc/serial@7e215040"
        # Without a seed the kernel waits for chance, with four processors at one lock.
        seed = [f"{byte:02x}" for byte in os.urandom(64)]
        for words in (
            ["-t", "bx", self._tree, "/chosen", "rng-seed", *seed],
            ["-c", self._tree, "/system"],
            ["-t", "x", self._tree, "/system", "linux,revision", ZERO_2_W],
            ["-t", "s", self._tree, console, "status", "okay"],
            ["-d", self._tree, console, "pinctrl-0", "pinctrl-names"],  # pins that MIDI has
        ):
            subprocess.run(["fdtput", *words], check=True)

    def _hardware(self, drives: list[list[str]]) -> list[str]:
        words = ["-M", "raspi3b", "-dtb", str(self._tree)]
        words += ["-drive", f"if=sd,format=raw,file={self.card.path}"]
        words += ["-qtest", f"unix:{self._qtest},server=on,wait=off", "-qtest-log", "/dev/null"]
        return [*words, "-serial", f"unix:{self._midi_port},server=on,wait=off"]

    @contextlib.contextmanager
    def _wired(self) -> Iterator[None]:
        """The board's pull-ups, nobody's hand on a button, and the cable."""
        pin_map = load_pin_map()
        high = [*pin_map.buttons.values(), pin_map.power_button]
        high += [pin_map.encoders.interrupt, pin_map.pad.irq]
        with _connected(self._qtest) as self._registers, _connected(self._midi_port) as self._wire:
            self._register(b"writel %d %d\n" % (GPSET0, sum(1 << pin for pin in high)))
            reader = threading.Thread(target=self._listen, daemon=True)
            reader.start()
            try:
                yield
            finally:
                self._wire.shutdown(socket.SHUT_RDWR)
                reader.join(5)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._wire.recv(4096):
                self.midi.append((time.monotonic_ns(), data))


def _connected(path: Path) -> socket.socket:
    """Connected to QEMU, which makes its sockets soon after it has been started."""
    end_s = time.monotonic() + 10
    connection = socket.socket(socket.AF_UNIX)
    while connection.connect_ex(str(path)):
        if time.monotonic() > end_s:
            raise TimeoutError(path)
        time.sleep(0.05)
    return connection
