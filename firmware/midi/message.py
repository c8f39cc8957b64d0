"""MIDI messages with the time they are due, and what an output does with them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

__all__ = [
    "CLOCK",
    "CONTINUE",
    "ECHO_NS",
    "SIXTEENTHS_PER_BEAT",
    "SONG_POSITION",
    "START",
    "STOP",
    "MidiOut",
    "SoundingNotes",
    "TimedMessage",
    "all_notes_off",
    "is_note_off",
    "is_note_on",
    "note_of",
    "note_off",
    "note_on",
    "song_position",
]

CLOCK, START, CONTINUE, STOP = (bytes([status]) for status in (0xF8, 0xFA, 0xFB, 0xFC))

SONG_POSITION = 0xF2
SIXTEENTHS_PER_BEAT = 4
"""Song position pointers count 16ths (MIDI 1.0, system common)."""

ECHO_NS = 50_000_000
"""What comes in sooner than this after we sent the same may be our own (as Deluge takes it)."""

_NOTE_OFF, _NOTE_ON = 0x80, 0x90


def note_on(channel: int, note: int, velocity: int) -> bytes:
    """Note-on for ``channel`` 0..15."""
    return bytes([_NOTE_ON | channel, note, velocity])


def note_off(channel: int, note: int) -> bytes:
    """Note-off for ``channel`` 0..15, release velocity 64 (MIDI 1.0's value for "none")."""
    return bytes([_NOTE_OFF | channel, note, 64])


def is_note_on(data: bytes) -> bool:
    """Whether a message begins a note (velocity 0 ends one)."""
    return len(data) == 3 and data[0] & 0xF0 == _NOTE_ON and data[2] > 0


def is_note_off(data: bytes) -> bool:
    """Whether a message ends a note."""
    return len(data) == 3 and data[0] & 0xF0 in (_NOTE_OFF, _NOTE_ON) and not is_note_on(data)


def note_of(data: bytes) -> tuple[int, int]:
    """Channel 0..15 and note of a note-on or note-off."""
    return data[0] & 0x0F, data[1]


def all_notes_off(channel: int) -> bytes:
    """Controller 123 for ``channel`` 0..15."""
    return bytes([0xB0 | channel, 123, 0])


def song_position(beat: Fraction) -> bytes:
    """Song position pointer to ``beat``, rounded down to the 16th (14 bits of them)."""
    sixteenths = int(beat * SIXTEENTHS_PER_BEAT) & 0x3FFF
    return bytes([SONG_POSITION, sixteenths & 0x7F, sixteenths >> 7])


class TimedMessage(NamedTuple):
    """MIDI bytes due at ``time_ns`` of the monotonic clock."""

    time_ns: int
    data: bytes


class MidiOut(Protocol):
    """Where the engine's messages go. No method may block or raise."""

    @property
    def name(self) -> str: ...

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Take messages over; each is sent when it is due, messages of one time in order."""

    def flush(self) -> None:
        """Forget what is not due yet and end every note that sounds, now."""

    def close(self) -> None:
        """Flush and let go of the port."""


class SoundingNotes:
    """Which notes an output has begun and not ended, as (channel, note)."""

    def __init__(self) -> None:
        self._notes: set[tuple[int, int]] = set()

    def track(self, data: bytes) -> None:
        """Take note of a message that has been sent."""
        if is_note_on(data):
            self._notes.add(note_of(data))
        elif is_note_off(data):
            self._notes.discard(note_of(data))

    def end_all(self) -> list[bytes]:
        """Note-offs for all that sounds; nothing sounds afterwards."""
        offs = [note_off(channel, note) for channel, note in sorted(self._notes)]
        self._notes.clear()
        return offs
