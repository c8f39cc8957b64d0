"""The sector that says which of the card's two systems is started: pure reading and writing.

It is the file slot.txt of the boot partition, one sector that is only ever written whole, so that a
power cut leaves the old one or the new one. The Raspberry Pi's own processor reads its first line;
image_build/initramfs_init.sh, which can do little, reads and writes it as here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["SECTOR", "Slots", "other"]

SECTOR = 512
FORM = re.compile(rb"os_prefix=([ab])/\n# (trial=([ab])|tried=([ab])|) *\n?#? *\n*")


def other(slot: str) -> str:
    return "b" if slot == "a" else "a"


@dataclass(frozen=True)
class Slots:
    """``start`` is the slot of the next start. ``trial`` is one that gets a single start, after
    which it must have confirmed itself; ``tried`` one that had it and has not (yet)."""

    start: str
    trial: str = ""
    tried: str = ""

    @classmethod
    def parse(cls, sector: bytes) -> Slots:
        """Raises ValueError for anything else."""
        found = FORM.fullmatch(sector)
        if found is None:
            raise ValueError("The sector of the slots is damaged.")
        start, _, trial, tried = ((part or b"").decode("ascii") for part in found.groups())
        return cls(start, trial, tried)

    def sector(self) -> bytes:
        remark = (
            f"trial={self.trial}" if self.trial else f"tried={self.tried}" if self.tried else ""
        )
        text = f"os_prefix={self.start}/\n# {remark}\n#"
        return text.ljust(SECTOR - 1).encode("ascii") + b"\n"

    def on_trial(self, slot: str) -> Slots:
        """Start ``slot`` next, once."""
        return Slots(slot, trial=slot)

    def begun(self) -> Slots:
        """A slot on trial has been started: the next start is the other one's."""
        return Slots(other(self.trial), tried=self.trial) if self.trial else self

    def confirmed(self, slot: str) -> Slots:
        """``slot`` runs well: it is the one to start from now on."""
        return Slots(slot)

    def told(self) -> Slots:
        """The player knows that a trial has failed."""
        return replace(self, tried="")
