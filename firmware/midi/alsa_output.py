"""A MidiOut on the kernel's queue, and which of its notes the kernel has begun."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Protocol

from firmware.midi.message import TimedMessage, is_note_off, is_note_on, note_of, note_off

__all__ = ["AlsaOut", "QueuedNotes", "Scheduler"]

GRACE_NS = 200_000_000
"""A note-off that was due this long ago has gone out for sure, whatever held the kernel up. A later
one may have been taken back by a flush, so it is sent again: one too many does no harm."""


class Scheduler(Protocol):
    """What an output needs of the client; see AlsaClient."""

    def schedule(self, port: int, tag: int, messages: Sequence[TimedMessage]) -> int: ...

    def end_now(self, port: int, tag: int, ends: Sequence[TimedMessage]) -> int: ...

    def remove(self, tag: int) -> None: ...


class QueuedNotes:
    """Which notes the kernel's queue may have begun, by the times they were due."""

    def __init__(self) -> None:
        self._queued: list[TimedMessage] = []
        self._begun: dict[tuple[int, int], int] = {}  # channel and note: when

    def add(self, messages: Sequence[TimedMessage]) -> None:
        """The queue has taken messages."""
        self._queued += messages

    def settle(self, before_ns: int) -> None:
        """All that was due before has been sent."""
        for message in self._take(before_ns):
            if is_note_on(message.data):
                self._begun[note_of(message.data)] = message.time_ns
            elif is_note_off(message.data):
                self._begun.pop(note_of(message.data), None)

    def removed(self, before_ns: int, until_ns: int) -> list[TimedMessage]:
        """What was queued has been taken back: what has to be ended, once.

        What was due before ``before_ns`` had been sent, what was due after ``until_ns`` had not;
        between them a note has begun and has not ended. The times are those of the note-ons.
        """
        self.settle(before_ns)
        for message in self._take(until_ns + 1):
            if is_note_on(message.data):
                self._begun[note_of(message.data)] = message.time_ns
        ends = [TimedMessage(time_ns, note_off(*note)) for note, time_ns in self._begun.items()]
        self._queued.clear()
        self._begun.clear()
        return ends

    def go_on(self, ends: Sequence[TimedMessage]) -> None:
        """These ends, of those that ``removed`` gave, could not be sent."""
        self._begun |= {note_of(end.data): end.time_ns for end in ends}

    def held(self) -> set[tuple[int, int]]:
        """The notes that have begun, or are queued to."""
        queued = {note_of(message.data) for message in self._queued if is_note_on(message.data)}
        return queued | self._begun.keys()

    def _take(self, before_ns: int) -> list[TimedMessage]:
        self._queued.sort()  # at one time, a note-off (0x8n) comes before a note-on (0x9n)
        count = bisect_left(self._queued, before_ns, key=lambda message: message.time_ns)
        taken, self._queued[:count] = self._queued[:count], []
        return taken


class AlsaOut:
    """One port's output. ``lost`` counts messages for which the kernel had no room.

    It keeps 2000 of a client, all its ports together. What is handed over beyond that is dropped,
    the newest, as what waits is due sooner; but a note-off is kept and handed over with what comes
    next, or by ``keep_up``.
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
                self._hand_over([*self._owed.values(), *messages])

    def flush(self) -> None:
        with self._lock:
            if self._open:
                self._flush()

    def keep_up(self) -> None:
        """To be called a few times a second: hand over the note-offs for which there was no room.

        Here, so that it does not cost the sender time, is also noted what has been sent.
        """
        with self._lock:
            if self._open:
                self._notes.settle(self._clock() - GRACE_NS)
                if self._owed:
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
        taken = self._scheduler.end_now(self.port, self._tag, ends) if ends else 0
        self._notes.go_on(ends[taken:])
        self._owed = {end.data: end for end in ends[taken:]}

    def _hand_over(self, messages: list[TimedMessage]) -> None:
        taken = self._scheduler.schedule(self.port, self._tag, messages)
        self._notes.add(messages[:taken])
        refused = messages[taken:]
        held = self._notes.held() if refused else ()
        self._owed = {
            message.data: message
            for message in refused
            if is_note_off(message.data) and note_of(message.data) in held
        }
        self.lost += len(refused) - len(self._owed)
