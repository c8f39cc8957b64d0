"""What the box's other programs want the player to know: a file each, until it is said."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from firmware.atomic_file import write_atomically

__all__ = ["collect", "leave"]

FOLDER = Path("/run/groovebox/sentences")
SUFFIX = ".txt"


def leave(sentence: str, folder: Path = FOLDER) -> None:
    """Have the box say it. Raises OSError."""
    write_atomically(folder / f"{time.monotonic_ns():020d}{SUFFIX}", sentence)


def collect(folder: Path = FOLDER) -> list[str]:
    """What has been left, the oldest first; it is there no more."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with contextlib.suppress(OSError):
            found.append(path.read_text("utf-8", "replace").strip())
            path.unlink()
    return found
