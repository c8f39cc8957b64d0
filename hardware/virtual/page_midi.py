"""MIDI for the browser: a bounded queue from the engine's thread to the front panel's event loop.

The page sounds the notes by Web Audio and can send notes and clock on by Web MIDI. It does so at
the time stamps, so a message only has to arrive early enough, not on time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from firmware.midi.message import CONTINUE, START, STOP, TimedMessage
from firmware.rhythm.drums import DRUMS

__all__ = ["Flush", "PageMidi"]


@dataclass(frozen=True)
class Flush:
    """Drop what has not sounded yet and end every note."""


class PageMidi:
    """A MIDI output whose instrument is every open page. Safe from any thread; never blocks.

    ``notes`` are the MIDI notes the page plays its nine drums on, in the order of ``DRUMS``.
    The front panel fetches the queue some 70 times a second. Waking it for every message would
    cost the engine's thread a system call and, with it, the interpreter; the time stamps make the
    wait harmless. When more than ``capacity`` messages wait (nobody fetches them), a flush takes
    their place: a gap rather than hanging notes.
    """

    name = "front panel"

    def __init__(self, notes: Sequence[int] | None = None, capacity: int = 1024) -> None:
        self.notes = tuple(drum.note for drum in DRUMS) if notes is None else tuple(notes)
        if len(self.notes) != len(DRUMS):
            raise ValueError(f"{len(self.notes)} notes for {len(DRUMS)} drums")
        self._capacity = capacity
        self._lock = threading.Lock()
        self._queue: list[TimedMessage | Flush] = []
        self._running = False
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether the last transport message sent was a start or continue (not a stop)."""
        return self._running

    def send(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Queue (time_ns, MIDI bytes) pairs for every page."""
        with self._lock:
            if self._closed:
                return
            for _, data in messages:
                if data[:1] in (START, CONTINUE, STOP):
                    self._running = data[:1] != STOP
            if len(self._queue) + len(messages) > self._capacity:
                self._queue = [Flush()]
            self._queue.extend(TimedMessage(time_ns, bytes(data)) for time_ns, data in messages)

    def flush(self) -> None:
        """Drop what has not sounded yet, here and in the pages, and end every note."""
        with self._lock:
            self._queue = [Flush()]

    def close(self) -> None:
        """Flush and send nothing more."""
        self.flush()
        self._closed = True

    def take(self) -> list[TimedMessage | Flush]:
        """Everything that waits, in order; the queue is empty afterwards."""
        with self._lock:
            taken, self._queue = self._queue, []
        return taken
