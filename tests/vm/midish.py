"""A real other sequencer, for the virtual machine: Debian's midish, driven as its front-ends do.

midish reads commands line by line and, with -v, answers "+ready" after each and writes
"+pos measure beat tick" on every beat while it runs (its manual, section 19.2). It starts at a
start message only: it ignores continue and song position, and a second note-on of a note that
still sounds. Its resolution is MIDI clock's own, 24 ticks a beat. One instance does one
performance.
"""

from __future__ import annotations

import queue
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import mido

REPLY_TIMEOUT_S = 10.0


class Beat(NamedTuple):
    """midish has come to a beat; ``time_ns`` is time.monotonic_ns when it said so.

    A start that it receives shows as (0, 0) as well, before the first clock's.
    """

    time_ns: int
    measure: int
    beat: int


class Note(NamedTuple):
    """A note-on that midish recorded, ``tick`` MIDI clocks after the start."""

    tick: int
    channel: int
    note: int
    velocity: int


class Midish:
    """One midish process; a context manager that ends it.

    Raises TimeoutError where midish does not answer (at a command it refuses it ends).
    """

    def __init__(self) -> None:
        self.beats: list[Beat] = []
        self._ready: queue.Queue[None] = queue.Queue()
        self._performing = threading.Event()
        self._process = subprocess.Popen(
            ["midish", "-b", "-v"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._wait_ready("start")

    def follow(self, address: str) -> None:
        """Take clock and notes from an ALSA client name or client:port, and record from start."""
        self._perform([f'dnew 0 "{address}" ro', "dclkrx 0"])

    def lead(self, address: str, bpm: int) -> None:
        """Send start and clock, with midish's own timing, to an ALSA client name or client:port."""
        self._perform([f'dnew 0 "{address}" wo', "dclktx {0}", f"t {bpm}"])

    def stop(self) -> None:
        """End the performance; where midish leads, this sends stop."""
        self._performing.clear()  # what follows is its return to the beginning
        self._process.send_signal(signal.SIGINT)
        self._wait_ready("interrupt")

    def recorded(self) -> list[Note]:
        """What it recorded, in order of time; after stop()."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recorded.mid"
            self._command(f'export "{path}"')
            track = mido.merge_tracks(mido.MidiFile(path).tracks)
        tick = 0
        notes = []
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                notes.append(Note(tick, message.channel, message.note, message.velocity))
        return notes

    def __enter__(self) -> Midish:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def _perform(self, commands: list[str]) -> None:
        for command in [*commands, "m off", "tnew recorded", "ct recorded"]:
            self._command(command)
        self._send("r")
        if not self._performing.wait(REPLY_TIMEOUT_S):
            raise TimeoutError("midish did not begin to perform")

    def _command(self, line: str) -> None:
        self._send(line)
        self._wait_ready(line)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _wait_ready(self, what: str) -> None:
        try:
            self._ready.get(timeout=REPLY_TIMEOUT_S)
        except queue.Empty:
            raise TimeoutError(f"midish did not answer: {what}") from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            now = time.monotonic_ns()
            match line.split():
                case ["+ready"]:
                    self._ready.put(None)
                case ["+pos", measure, beat, _] if self._performing.is_set():
                    self.beats.append(Beat(now, int(measure), int(beat)))
                case ["press", "^C", *_]:
                    self._performing.set()
