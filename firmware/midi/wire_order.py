"""Which of the messages that wait for a MIDI wire goes first, and which may not be overtaken."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from firmware.midi.message import is_note_off, is_note_on, note_of

__all__ = ["Rank", "Waiting", "as_note_on", "keeps_order", "rank_of"]

_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM_CHANGE, _SYSTEM = 0x80, 0x90, 0xB0, 0xC0, 0xF0
_BANK_SELECT, _CHANNEL_MODE = (0, 32), 120
_NO_RELEASE_VELOCITY = 64


class Rank(IntEnum):
    """The most urgent first. COMMON is song position and its kind: transports wait for it."""

    COMMON = 0
    FIRST = 1
    NOTE = 2
    CONTROL = 3
    NOTE_OFF = 4
    SYSEX = 5


class Waiting(NamedTuple):
    """A message that waits; sorts by due time, then by ``number``, the order of handing in."""

    due_ns: int
    number: int
    rank: Rank
    data: bytes

    @property
    def note(self) -> tuple[int, int] | None:
        """Channel and note of a note-on or note-off."""
        return note_of(self.data) if self.data[0] & 0xE0 == _NOTE_OFF else None


def rank_of(data: bytes, goes_first: Callable[[int, int], bool]) -> Rank:
    """The rank of a message that is not real time; ``goes_first`` is asked (channel, note)."""
    if data[0] >= _SYSTEM:
        return Rank.SYSEX if data[0] == _SYSTEM else Rank.COMMON
    if is_note_on(data):
        return Rank.FIRST if goes_first(*note_of(data)) else Rank.NOTE
    return Rank.NOTE_OFF if is_note_off(data) else Rank.CONTROL


def as_note_on(data: bytes) -> bytes:
    """A note-off without release velocity as note-on with velocity 0, which keeps running status.

    MIDI 1.0 has receivers treat both alike. Any other message is returned as it is.
    """
    if data[0] & 0xF0 == _NOTE_OFF and data[2] == _NO_RELEASE_VELOCITY:
        return bytes([_NOTE_ON | data[0] & 0x0F, data[1], 0])
    return data


def keeps_order(earlier: Waiting, later: Waiting) -> bool:
    """Whether ``later`` must not overtake ``earlier``.

    On one channel: messages of one note, messages that are no notes, and any message across one
    that changes what notes mean (program, bank) or ends them (channel mode). Everywhere: system
    exclusive, and song position and its kind among themselves.
    """
    ranks = (earlier.rank, later.rank)
    if Rank.SYSEX in ranks or ranks == (Rank.COMMON, Rank.COMMON):
        return True
    if Rank.COMMON in ranks or earlier.data[0] & 0x0F != later.data[0] & 0x0F:
        return False
    if earlier.note is None or later.note is None:
        return earlier.note is later.note or _sets_up(earlier) or _sets_up(later)
    return earlier.note == later.note


def _sets_up(message: Waiting) -> bool:
    kind = message.data[0] & 0xF0
    if kind == _CONTROL:
        return message.data[1] in _BANK_SELECT or message.data[1] >= _CHANNEL_MODE
    return kind == _PROGRAM_CHANGE
