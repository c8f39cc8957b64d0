"""Puts an update into the slot that does not run, and has it started on trial the next time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from firmware.update.bundle import CHUNK, UpdateError, open_bundle
from firmware.update.slots import SECTOR, Slots, other
from firmware.usb.volume import Volume, VolumeError

__all__ = ["START", "Card", "card_here", "install"]

START = Path("/run/groovebox/start")
"""What the initramfs found: DISK, PART, SLOT, SLOT_AT."""
KEY, VERSION = Path("/usr/lib/groovebox/update.pub"), Path("/usr/lib/groovebox/version")
ROOT, BOOT = "root.squashfs", re.compile(r"boot/\w[\w.-]*")
MOST_BOOT_FILE = 64 << 20
ROOTS = {"a": 2, "b": 3}
COMMAND_LINE = "cmdline.txt"


@dataclass(frozen=True)
class Card:
    """The card that the box runs from: ``slot`` runs, ``roots`` are both slots' partitions,
    ``boot`` the boot partition, in which ``sector`` is the slots' one."""

    slot: str
    roots: dict[str, Path]
    boot: Path
    sector: int
    slot_at: str = ""
    """as the command line has it: from the card's beginning"""

    def slots(self) -> Slots:
        with self.boot.open("rb") as file:
            file.seek(self.sector * SECTOR)
            return Slots.parse(file.read(SECTOR))

    def write(self, slots: Slots) -> None:
        with self.boot.open("r+b", buffering=0) as file:
            file.seek(self.sector * SECTOR)
            file.write(slots.sector())
            os.fsync(file.fileno())


def card_here(start: Path = START) -> Card | None:
    """The card, where the box runs from one; None on a computer."""
    try:
        lines = dict(line.split("=", 1) for line in start.read_text("ascii").splitlines())
        part, slot, slot_at = lines["PART"], lines["SLOT"], lines["SLOT_AT"]
        boot = Path(f"{part}1")
        began = int(Path("/sys/class/block", boot.name, "start").read_text())
        roots = {name: Path(f"{part}{number}") for name, number in ROOTS.items()}
        return Card(slot, roots, boot, int(slot_at) - began, slot_at)
    except (OSError, ValueError, KeyError):
        return None


def install(stream: IO[bytes], card: Card, key: Path = KEY, running: str = "") -> str:
    """Write the update that ``stream`` has into the slot that does not run; its version. Until all
    of it is there and read back, the card starts as before. Raises UpdateError."""
    target = other(card.slot)
    try:
        manifest, files = open_bundle(stream, key)
        if running and manifest.version == running:
            raise UpdateError(f"Version {running} is what the box runs already.")
        if ROOT not in manifest.files:
            raise UpdateError("The update has no system in it.")
        boot: dict[str, bytes] = {}
        # The other slot may be the one that a failed trial fell back from: no more from here on.
        card.write(Slots(card.slot))
        for name, parts in files:
            if name == ROOT:
                _write_root(card.roots[target], parts, manifest.files[ROOT])
            elif BOOT.fullmatch(name) and manifest.files[name][0] <= MOST_BOOT_FILE:
                boot[name.partition("/")[2]] = b"".join(parts)
            else:
                raise UpdateError(f"{name} has no place on the box.")
        _write_boot(card, target, boot)
        card.write(card.slots().on_trial(target))
    except OSError as error:
        raise UpdateError(f"The update cannot be written ({error.strerror or error}).") from error
    return manifest.version


def _write_root(partition: Path, parts: Iterator[bytes], listed: tuple[int, str]) -> None:
    size, digest = listed
    with partition.open("r+b", buffering=0) as file:
        room = file.seek(0, os.SEEK_END)
        if size > room:
            raise UpdateError("The update is too large for this card.")
        file.seek(0)
        for part in parts:
            file.write(part)
        os.fsync(file.fileno())
        with contextlib.suppress(AttributeError):  # so that it is the card that is read
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        found, left = hashlib.sha256(), size
        while left and (chunk := file.read(min(CHUNK, left))):
            found.update(chunk)
            left -= len(chunk)
    if left or found.hexdigest() != digest:
        raise UpdateError("The card does not keep what is written: it is worn.")


def _write_boot(card: Card, slot: str, files: dict[str, bytes]) -> None:
    volume = Volume(card.boot)
    for name, content in files.items():
        if name == COMMAND_LINE:
            content = _for_this_card(content, slot, card.slot_at)
        path = f"{slot}/{name}"
        volume.write(path, content)
        if volume.read(path, len(content) + 1) != content:
            raise VolumeError("The card does not keep what is written: it is worn.")
    volume.sync()


def _for_this_card(line: bytes, slot: str, slot_at: str) -> bytes:
    line = re.sub(rb"groovebox\.slot=\w+", b"groovebox.slot=" + slot.encode("ascii"), line)
    return re.sub(rb"groovebox\.slot_at=\w+", b"groovebox.slot_at=" + slot_at.encode("ascii"), line)
