"""The box's end of the process that keeps the drive and the sticks (process.py)."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["UsbLink"]

RESTART_S = 5.0
"""After it ended by itself, which it should not."""


class UsbLink:
    """Runs the process with ``arguments`` until it is closed, again where it ends by itself.

    ``say(sentence)`` and ``on_change(key)`` (the library has other models, of which that one is to
    be played; empty: none) are called from a thread of its own.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        say: Callable[[str], None],
        on_change: Callable[[str], None],
    ) -> None:
        self._arguments, self._say, self._on_change = arguments, say, on_change
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="usb", daemon=True)
        self._thread.start()

    def tell_changed(self) -> None:
        """The box has changed the library."""
        self._write("changed")

    def copy_to_stick(self) -> None:
        self._write("to stick")

    def copy_from_stick(self) -> None:
        self._write("from stick")

    def close(self) -> None:
        """End the process; the drive stays with the computer as it is."""
        self._closing.set()
        with self._lock:
            process = self._process
            if process is not None and process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()
        self._thread.join(timeout=5)
        if process is not None and process.poll() is None:
            process.kill()

    def _write(self, word: str) -> None:
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(OSError, ValueError):
                    self._process.stdin.write(word.encode("ascii") + b"\n")
                    self._process.stdin.flush()

    def _run(self) -> None:
        while not self._closing.is_set():
            process = subprocess.Popen(
                [sys.executable, "-m", "firmware.usb.process", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
            with self._lock:
                self._process = process
            assert process.stdout is not None
            for line in process.stdout:
                self._hear(line)
            process.wait()
            self._closing.wait(RESTART_S)

    def _hear(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            sentence, play = str(message.get("say", "")), str(message.get("play", ""))
            changed = bool(message.get("changed"))
        except (ValueError, AttributeError):
            return
        if changed:
            self._on_change(play)
        if sentence:
            self._say(sentence)
