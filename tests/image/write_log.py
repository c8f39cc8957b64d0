"""What a power cut leaves of a card: all that was flushed, and some of what was written since.

Reads the log that QEMU's blklogwrites makes, in the format of the kernel's dm-log-writes.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cut_off"]

SUPER, ENTRY = struct.Struct("<QQQI"), struct.Struct("<QQQQ")
MAGIC, SECTOR = 0x6A736677736872, 512
FLUSH, FUA, DISCARD = 1, 2, 4


def entries(log: Path) -> Iterator[tuple[int, int, bytes]]:
    """(flags, byte on the card, content) of each write; the last may be there in part."""
    if not log.stat().st_size:  # the power went before anything was written
        return
    with log.open("rb") as file:
        magic, _, count, size = SUPER.unpack(file.read(SUPER.size))
        assert magic == MAGIC, "the log has no beginning"
        place = size
        for _ in range(count):
            file.seek(place)
            sector, sectors, flags, _ = ENTRY.unpack(file.read(ENTRY.size))
            length = 0 if flags & DISCARD else sectors * size
            file.seek(place + size)
            yield flags, sector * size, file.read(length)
            place += size + length


def cut_off(card: Path, log: Path, seed: int) -> int:
    """Bring ``card``, as it was when the machine was switched on, to where a power cut left it. Of
    what was written since the last flush every sector is there or is not; how many there were."""
    written = list(entries(log))
    flushed = max((n for n, (flags, _, _) in enumerate(written) if flags & FLUSH), default=0)
    chance, loose = random.Random(seed), 0
    with card.open("r+b") as file:
        for number, (flags, place, content) in enumerate(written):
            sure = number < flushed or flags & FUA
            step = max(len(content), SECTOR) if sure else SECTOR
            for at in range(0, len(content), step):
                part = content[at : at + step]
                loose += not sure
                if sure or chance.random() < 0.5:
                    file.seek(place + at)
                    file.write(part)
    return loose
