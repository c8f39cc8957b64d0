"""Recognises our own notes coming back: a cable or a "thru" that makes a loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from firmware.midi.message import ECHO_NS, TimedMessage, is_note_on

__all__ = ["NoteEcho"]

HEARD = 8
MATCHING = 6
"""So many of the last notes heard that are ours, to the velocity, are no chance."""


class NoteEcho:
    """Compares what comes in with what was sent; ``looped`` names the inputs that echo."""

    def __init__(self) -> None:
        self.looped: set[str] = set()
        self._sent: deque[TimedMessage] = deque(maxlen=64)
        self._matches: dict[str, deque[bool]] = {}

    def sent(self, messages: Iterable[TimedMessage]) -> None:
        """Take note of what has been handed over."""
        self._sent.extend(message for message in messages if is_note_on(message.data))

    def heard(self, time_ns: int, source: str, data: bytes) -> None:
        """A note-on arrived from ``source``; other messages tell nothing."""
        if not is_note_on(data):
            return
        ours = any(own.data == data and 0 <= time_ns - own.time_ns < ECHO_NS for own in self._sent)
        matches = self._matches.setdefault(source, deque(maxlen=HEARD))
        matches.append(ours)
        if sum(matches) >= MATCHING:
            self.looped.add(source)
        elif not any(matches):
            self.looped.discard(source)
