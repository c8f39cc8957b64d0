"""What the box has said, with the time: for whoever asks later why it did something."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

__all__ = ["Log"]

MOST_BYTES = 64 << 10


class Log:
    """Lines in the file ``path``; the older half goes when it grows too long. What cannot be
    written is lost: nothing waits for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, sentence: str) -> None:
        """Safe from any thread: a line is one write."""
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(sentence.split())}\n"
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(line.encode("utf-8", "replace"))
                long = file.tell() > MOST_BYTES
            if long:
                kept = self._path.read_bytes()[-MOST_BYTES // 2 :]
                self._path.write_bytes(kept.partition(b"\n")[2])
