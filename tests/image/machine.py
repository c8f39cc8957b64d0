"""The card in an emulated 64-bit ARM machine, from the kernel on.

The Raspberry Pi's first steps, its own processor reading config.txt, are played here: the slot that
slot.txt names is looked up on the card, and its kernel, initramfs and command line are started. The
machine is QEMU's "virt": a Cortex-A53, a disk, a serial port, a watchdog; no Pi's GPIO, I2C, SPI.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import platform
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.image.card import Card

__all__ = [
    "PATIENCE_S",
    "STAYS_ON",
    "Emulator",
    "Machine",
    "file_node",
    "run",
    "told",
    "why_not",
    "words_for",
]

SHOWN_LINES = 40
RUN = (
    "systemd.unit=kernel-command-line.target systemd.run=\"/bin/sh -c 'mkdir -p /run/test; "
    "{mount}; exec sh /run/test/run'\""
)
PLAYS = "groovebox.option=play groovebox.option=no-page"
STAYS_ON = "systemd.run_success_action=none"
"""After the guest's script: without this word it switches off."""
PATIENCE_S = 400
NETWORK_ADDRESS = bytes.fromhex("525400123456")
"""Of the machine's network card."""
PCAP_HEADER, PCAP_RECORD = 24, struct.Struct("<IIII")
MEMORY_MB = 512
"""A Raspberry Pi Zero 2 W's."""


def why_not() -> str | None:
    """Why the image cannot be tested here, or None."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "built and booted on Linux on x86-64 so far"
    for tool in ("qemu-system-aarch64", "mtype", "fdtput"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (sh tests/system_packages.sh image)"
    return None


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
    """An emulated machine with that card in it, and on a cable to a network of its own: there is
    an address to be had, and its port 22 is this computer's ``ssh_port``."""

    def __init__(self, card: Card, work: Path, cpus: int = 2) -> None:
        super().__init__(cpus)
        self.card, self._work = card, work
        self._traffic = work / "traffic.pcap"
        self.ssh_port = 0

    def _hardware(self, drives: list[list[str]]) -> list[str]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.ssh_port = free.getsockname()[1]
        forwarded = f"hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"
        address = NETWORK_ADDRESS.hex(":")
        return [
            *super()._hardware(drives),
            *("-netdev", f"user,id=cable,restrict=on,{forwarded}"),
            *("-device", f"virtio-net-device,netdev=cable,mac={address}"),
            *("-object", f"filter-dump,id=traffic,netdev=cable,file={self._traffic}"),
        ]

    def frames_sent(self) -> list[bytes]:
        """What the machine has sent over its cable, Ethernet frame by frame."""
        content, frames, place = self._traffic.read_bytes(), [], PCAP_HEADER
        while place + PCAP_RECORD.size <= len(content):
            *_, size, _ = PCAP_RECORD.unpack_from(content, place)
            place += PCAP_RECORD.size
            frames.append(content[place : place + size])
            place += size
        return [frame for frame in frames if frame[6:12] == NETWORK_ADDRESS]

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


def _name(node: str) -> str:
    return node.partition("node-name=")[2].partition(",")[0]
