"""The card in an emulated 64-bit ARM machine, from the kernel on.

The Raspberry Pi's first steps, its own processor reading config.txt, are played here: the slot that
slot.txt names is looked up on the card, and its kernel, initramfs and command line are started. The
machine is QEMU's "virt": a Cortex-A53, a disk, a serial port, a watchdog; no Pi's GPIO, I2C, SPI.
Or it is QEMU's Raspberry Pi 3B, with the card in its SD controller: slower, and a Pi as far as it
goes (PiMachine).
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from firmware.update.slots import Slots
from hardware.pin_map import load_pin_map
from image_build.card import starts_mb
from image_build.recipe import LAYOUT

__all__ = [
    "CARD_BYTES",
    "PATIENCE_S",
    "Card",
    "Emulator",
    "Machine",
    "PiMachine",
    "file_node",
    "run",
    "told",
    "why_not",
    "words_for",
]

CARD_BYTES = 4 << 30
SHOWN_LINES = 40
RUN = (
    "systemd.unit=kernel-command-line.target systemd.run=\"/bin/sh -c 'mkdir -p /run/test; "
    "{mount}; exec sh /run/test/run'\""
)
PLAYS = "groovebox.option=play groovebox.option=no-page"
PATIENCE_S = 400
MEMORY_MB = 512
"""A Raspberry Pi Zero 2 W's."""
DATA_MB = 64
"""mke2fs erases before it writes, and QEMU's card takes a minute to erase 2 GB."""
ZERO_2_W = "902120"
"""Its revision code, as the Pi's firmware tells it."""
SECTOR, ENTRY, ENTRY_SECTORS = 512, 446, 12
"""Where a table has its first partition, and a partition how many sectors it has."""
GPSET0 = 0x3F20001C
"""Sets the levels of GPIO 0 to 31, in QEMU those of inputs too."""


def why_not() -> str | None:
    """Why the image cannot be tested here, or None."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "built and booted on Linux on x86-64 so far"
    for tool in ("qemu-system-aarch64", "mtype", "fdtput"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (sh tests/system_packages.sh image)"
    return None


class Card:
    """A copy of the image in ``path``, as large as a card."""

    def __init__(self, image: Path, path: Path) -> None:
        self.path = path
        subprocess.run(["cp", "--sparse=always", image, path], check=True)
        with path.open("r+b") as file:
            file.truncate(CARD_BYTES)

    @property
    def boot(self) -> str:
        """The boot partition, for mtools."""
        return f"{self.path}@@{starts_mb()['boot']}M"

    def read(self, name: str) -> bytes:
        """A file of the boot partition."""
        command = ["mtype", "-i", self.boot, f"::{name}"]
        return subprocess.run(command, capture_output=True, check=True).stdout

    @property
    def slots(self) -> Slots:
        return Slots.parse(self.read("slot.txt"))

    def write(self, partition: str, content: bytes, at: int = 0) -> None:
        """Overwrite a part of a partition."""
        with self.path.open("r+b") as file:
            file.seek((starts_mb()[partition] << 20) + at)
            file.write(content)

    def shrink_data(self, megabytes: int) -> None:
        """Make the data partition smaller, in the partition table's sector right before it."""
        sectors = (megabytes << 20) // SECTOR
        self.write("data", sectors.to_bytes(4, "little"), ENTRY + ENTRY_SECTORS - SECTOR)

    def extract(self, partition: str, target: Path) -> Path:
        """A copy of a partition."""
        size = next(part.megabytes for part in LAYOUT if part.name == partition) << 20
        with self.path.open("rb") as file, target.open("wb") as out:
            file.seek(starts_mb()[partition] << 20)
            for _ in range(size >> 20):
                chunk = file.read(1 << 20)
                if chunk.strip(b"\0"):
                    out.write(chunk)
                else:
                    out.seek(len(chunk), 1)
            out.truncate(size)
        return target

    def put(self, file: Path) -> None:
        """Copy a file onto the drive that the player sees."""
        subprocess.run(["mcopy", "-i", self.drive, file, f"::{file.name}"], check=True)

    @property
    def drive(self) -> str:
        """The models' partition, for mtools."""
        return f"{self.path}@@{starts_mb()['models']}M"

    def set_slots(self, slots: Slots) -> None:
        """Have another slot started next."""
        image = self.extract("boot", self.path.with_suffix(".boot"))
        content = image.read_bytes()
        image.unlink()
        at = content.find(Slots.parse(self.read("slot.txt")).sector())
        self.write("boot", slots.sector(), at)


class Emulator:
    """QEMU's machine "virt". ``lines`` are those of its console so far."""

    console = "ttyAMA0"

    def __init__(self, cpus: int = 2) -> None:
        self._cpus = cpus
        self.lines: list[str] = []
        self._new = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def started(
        self, kernel: Path, initramfs: Path, line: str, drives: list[list[str]]
    ) -> Iterator[None]:
        """Switch on, with QEMU's words for each drive, the node of the same name last; the power
        is cut when the context ends, and a restart ends it."""
        command = ["qemu-system-aarch64", *self._hardware(drives)]
        command += ["-accel", "tcg,thread=multi", "-smp", str(self._cpus)]
        command += ["-display", "none", "-nic", "none", "-serial", "stdio", "-no-reboot"]
        command += ["-kernel", str(kernel), "-initrd", str(initramfs)]
        command += ["-append", f"{line} console={self.console}"]
        self.lines = []
        with (
            tempfile.TemporaryDirectory() as folder,
            subprocess.Popen(
                [*command, *self._monitored(Path(folder))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            self._process = process
            reader = threading.Thread(target=self._read, args=[process], daemon=True)
            reader.start()
            try:
                yield
            finally:
                process.kill()
                reader.join(5)

    def _hardware(self, drives: list[list[str]]) -> list[str]:
        """QEMU's words for what this machine has and others have not."""
        words = ["-M", "virt", "-cpu", "cortex-a53", "-m", str(MEMORY_MB)]
        words += ["-device", "i6300esb", "-action", "watchdog=reset"]
        for drive in drives:
            words += [part for node in drive for part in ("-blockdev", node)]
            words += ["-device", f"virtio-blk-device,drive={_name(drive[-1])}"]
        return words

    def _monitored(self, folder: Path) -> list[str]:
        self._monitor = folder / "monitor"
        return ["-monitor", f"unix:{self._monitor},server=on,wait=off"]

    def press_power(self) -> None:
        """The power button: a key of the kernel's gpio-keys, as on the board."""
        with socket.socket(socket.AF_UNIX) as talk:
            talk.connect(str(self._monitor))
            talk.recv(1024)
            talk.sendall(b"system_powerdown\n")
            talk.recv(1024)

    def wait_for(self, words: str, seconds: float, since: int = 0) -> str:
        """The first line with these words. Raises TimeoutError with the last of the console."""
        return self.wait_until(
            lambda: next((line for line in self.lines[since:] if words in line), ""), seconds, words
        )

    def wait_until(self, condition: Callable[[], str], seconds: float, what: str) -> str:
        end_s = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end_s or self.has_ended:
                last = "\n".join(self.lines[-SHOWN_LINES:])
                raise TimeoutError(f"no {what!r}; the console ends:\n{last}")
            with self._new:
                self._new.wait(0.5)
        return found

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def wait_for_end(self, seconds: float) -> None:
        assert self._process is not None
        self._process.wait(seconds)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._new:
                self.lines.append(line.decode("utf-8", "replace").rstrip())
                self._new.notify_all()


class Machine(Emulator):
    """An emulated machine with that card in it."""

    def __init__(self, card: Card, work: Path, cpus: int = 2) -> None:
        super().__init__(cpus)
        self.card, self._work = card, work

    @contextlib.contextmanager
    def running(
        self,
        words: str = "",
        disk: Path | None = None,
        read_only: bool = False,
        log: Path | None = None,
    ) -> Iterator[Machine]:
        """Switch on, as :meth:`started`. ``words`` are added to the kernel's command line; ``disk``
        is a second one; ``read_only`` protects the card from writing; what is written to it is also
        kept in ``log``, for write_log.py."""
        kernel, initramfs, line = self._loaded()
        line = f"{line} groovebox.board=virtual {words}"
        card = [file_node("card", self.card.path, read_only)]
        if log is not None:
            log.write_bytes(b"")
            names = "node-name=logged,file=card,log=log,log-super-update-interval=1"
            card += [file_node("log", log), f"blklogwrites,{names}"]
        drives = [card] if disk is None else [card, [file_node("disk", disk, read_only=True)]]
        with self.started(kernel, initramfs, line, drives):
            yield self

    def _loaded(self) -> tuple[Path, Path, str]:
        """Kernel, initramfs and command line of the slot that slot.txt names."""
        slot = self.card.slots.start
        kernel, initramfs = self._work / "kernel.img", self._work / "initramfs.img"
        kernel.write_bytes(gzip.decompress(self.card.read(f"{slot}/kernel.img")))
        initramfs.write_bytes(self.card.read(f"{slot}/initramfs.img"))
        return kernel, initramfs, self.card.read(f"{slot}/cmdline.txt").decode("ascii").strip()


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
        with _connected(self._qtest) as talk:
            talk.sendall(b"writel %d %d\n" % (GPSET0, sum(1 << pin for pin in high)))
            talk.recv(1024)
        with _connected(self._midi_port) as self._wire:
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


def told(lines: list[str]) -> dict[str, Any]:
    """What the guest's scripts told, one after the other."""
    found: dict[str, Any] = {}
    for line in lines:
        if "TOLD {" in line:
            found.update(json.loads(line[line.index("{") :]))
    return found


def words_for(*parts: str, disks: Sequence[str] = ("vdb", "vda")) -> str:
    """The kernel's words that have the box play and these scripts, of one of these disks, run."""
    mount = " 2>/dev/null || ".join(f"mount -t squashfs /dev/{disk} /run/test" for disk in disks)
    return f"{PLAYS} {RUN.format(mount=mount)} test.parts={','.join(parts)}"


def run(
    machine: Machine,
    scripts: Path,
    *parts: str,
    seconds: float = PATIENCE_S,
    read_only: bool = False,
) -> dict[str, Any]:
    """Switch on, run the parts, cut the power; what they told."""
    with machine.running(words_for(*parts), scripts, read_only=read_only):
        machine.wait_for("TEST DONE", seconds)
        return told(machine.lines)


def file_node(name: str, path: Path, read_only: bool = False) -> str:
    """QEMU's words for a file."""
    protected = "on" if read_only else "off"
    return f"file,node-name={name},filename={path},read-only={protected}"


def _connected(path: Path) -> socket.socket:
    """Connected to QEMU, which makes its sockets soon after it has been started."""
    end_s = time.monotonic() + 10
    connection = socket.socket(socket.AF_UNIX)
    while connection.connect_ex(str(path)):
        if time.monotonic() > end_s:
            raise TimeoutError(path)
        time.sleep(0.05)
    return connection


def _name(node: str) -> str:
    return node.partition("node-name=")[2].partition(",")[0]
