"""Which model was being opened when the box broke down, so that it is not opened again at once.

A model that passes the check may yet end the process that plays. So the box writes down what it
opens and strikes it out again when that is done: what a start finds still standing there did it. A
power cut at that moment leaves the same trace, but in another run of the system; only what does it
twice in a row is held to blame then.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from firmware.atomic_file import write_atomically

__all__ = ["OpeningMark", "boot_id"]


def boot_id() -> str:
    """What tells this run of the system from the last one; empty where there is no telling."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


class OpeningMark:
    """Keeps in the file ``path`` what is being opened, by the digest of its content.

    ``suspect`` is what broke the last run down, or empty. ``run`` tells this run of the system.
    """

    def __init__(self, path: Path, run: str | None = None) -> None:
        self._path = path
        self._run = boot_id() if run is None else run
        self._left = self._read()
        model, left_run, times = self._left
        self.suspect = model if times > 1 or left_run == self._run else ""

    @contextlib.contextmanager
    def opening(self, digest: str) -> Iterator[None]:
        """While this is open, ``digest`` is to blame. What cannot be written is not kept."""
        model, _, times = self._left
        times = times + 1 if model == digest else 1
        with contextlib.suppress(OSError):
            write_atomically(self._path, json.dumps([digest, self._run, times]))
        try:
            yield
        finally:
            # An exception is an answer: what broke down would not have come here.
            self._left = "", "", 0
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _read(self) -> tuple[str, str, int]:
        try:
            model, run, times = json.loads(self._path.read_text("utf-8"))
            return str(model), str(run), int(times)
        except (OSError, ValueError, TypeError, OverflowError, RecursionError):
            return "", "", 0
