"""A MidiOut on the kernel's queue, and which of its notes the kernel has begun."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import Protocol

from firmware.midi.message import TimedMessage, note_off

__all__ = ["AlsaOut", "QueuedNotes", "Scheduler"]

GRACE_NS = 1_000_000_000
"""A note-off that was due this long ago has gone out for sure. One that was not may have been taken
back by a flush, so it is sent again: a note-off too many does no harm."""

_NOTE_OFF, _NOTE_ON = 0x80, 0x90


class Scheduler(Protocol):
    """What an output needs of the client; see AlsaClient."""

    def schedule(self, port: int, tag: int, messages: Sequence[TimedMessage]) -> int: ...

    def end_now(self, port: int, tag: int, ends: Sequence[TimedMessage]) -> int: ...

    def remove(self, tag: int) -> None: ...


class QueuedNotes:
    """Which notes the kernel's queue may have begun, by the times they were due."""

    def __init__(self) -> None:
        self._queued: list[TimedMessage] = []  # by time
        self._begun: dict[tuple[int, int], int] = {}  # channel and note: when

    def add(self, message: TimedMessage) -> None:
        """The queue has taken a message."""
        if message.data[0] & 0xF0 in (_NOTE_OFF, _NOTE_ON):
            insort(self._queued, message)

    def settle(self, before_ns: int) -> None:
        """All that was due before has been sent."""
        for message in self._take(before_ns):
            note = _note(message.data)
            if _begins(message.data):
                self._begun[note] = message.time_ns
            else:
                self._begun.pop(note, None)

    def removed(self, before_ns: int, until_ns: int) -> list[TimedMessage]:
        """What was queued has been taken back: what has to be ended, once.

        What was due before ``before_ns`` had been sent, what was due after ``until_ns`` had not;
        between them a note has begun and has not ended. The times are those of the note-ons.
        """
        self.settle(before_ns)
        for message in self._take(until_ns + 1):
            if _begins(message.data):
                self._begun[_note(message.data)] = message.time_ns
        ends = [TimedMessage(time_ns, note_off(*note)) for note, time_ns in self._begun.items()]
        self._queued.clear()
        self._begun.clear()
        return ends

    def holds(self, data: bytes) -> bool:
        """Whether the note of a note-off has begun, or is queued to."""
        note = _note(data)
        return note in self._begun or any(
            _note(message.data) == note for message in self._queued if _begins(message.data)
        )

    def _take(self, before_ns: int) -> list[TimedMessage]:
        count = bisect_left(self._queued, (before_ns,))
        taken, self._queued[:count] = self._queued[:count], []
        return taken


def _note(data: bytes) -> tuple[int, int]:
    return data[0] & 0x0F, data[1]


def _begins(data: bytes) -> bool:
    return data[0] & 0xF0 == _NOTE_ON and data[2] > 0


class AlsaOut:
    """One port's output. ``lost`` counts messages for which the kernel had no room.

    It keeps 2000 of a client, all its ports together. What is handed over beyond that is dropped,
    the newest, as what waits is due sooner; but a note-off is kept and handed over with what comes
    next, or by ``retry``.
    """

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        port: int,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self.port = port
        self.lost = 0
        self._scheduler, self._clock = scheduler, clock
        self._tag = port + 1  # a port's number is at most 253, a tag is 1 to 255
        self._notes = QueuedNotes()
        self._owed: dict[bytes, TimedMessage] = {}
        self._open = True
        self._lock = threading.Lock()

    def send(self, messages: Sequence[TimedMessage]) -> None:
        with self._lock:
            if self._open:
                self._notes.settle(self._clock() - GRACE_NS)
                self._hand_over([*self._owed.values(), *messages])

    def flush(self) -> None:
        with self._lock:
            if self._open:
                self._flush()

    def retry(self) -> None:
        """Hand over the note-offs for which there was no room."""
        with self._lock:
            if self._open and self._owed:
                self._hand_over(list(self._owed.values()))

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._flush()
                self._open = False

    def _flush(self) -> None:
        before_ns = self._clock()
        self._scheduler.remove(self._tag)
        ends = self._notes.removed(before_ns - GRACE_NS, self._clock())
        ends = list({end.data: end for end in (*self._owed.values(), *ends)}.values())
        taken = self._scheduler.end_now(self.port, self._tag, ends) if ends else 0
        self._owed = {end.data: end for end in ends[taken:]}

    def _hand_over(self, messages: list[TimedMessage]) -> None:
        taken = self._scheduler.schedule(self.port, self._tag, messages)
        for message in messages[:taken]:
            self._notes.add(message)
        refused = messages[taken:]
        self._owed = {
            message.data: message
            for message in refused
            if message.data[0] & 0xF0 == _NOTE_OFF
            and (message.data in self._owed or self._notes.holds(message.data))
        }
        self.lost += len(refused) - len(self._owed)
