"""A card with the image on it, as the tests read and write it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from firmware.update.slots import Slots
from image_build.card import starts_mb
from image_build.recipe import LAYOUT

__all__ = ["CARD_BYTES", "Card"]

CARD_BYTES = 4 << 30
SECTOR, ENTRY, ENTRY_SECTORS = 512, 446, 12
"""Where a table has its first partition, and a partition how many sectors it has."""


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

    def put_on_boot(self, name: str, content: bytes) -> None:
        """Write a file of the boot partition, as a maker does; its folder is made."""
        folder = name.rpartition("/")[0]
        if folder:
            subprocess.run(["mmd", "-i", self.boot, f"::{folder}"], check=True)
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            command = ["mcopy", "-D", "o", "-i", self.boot, file.name, f"::{name}"]
            subprocess.run(command, check=True)

    def set_slots(self, slots: Slots) -> None:
        """Have another slot started next."""
        image = self.extract("boot", self.path.with_suffix(".boot"))
        content = image.read_bytes()
        image.unlink()
        at = content.find(Slots.parse(self.read("slot.txt")).sector())
        self.write("boot", slots.sector(), at)
