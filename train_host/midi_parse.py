"""The bytes of a standard MIDI file, parsed; damage of any kind is told in one sentence."""

from __future__ import annotations

import io
import re

import mido

from train_host.loops import ClipError
from train_host.midi_tracks import Clock

__all__ = ["MAX_BYTES", "MAX_EVENTS", "clock", "parse"]

MAX_BYTES = 1 << 20
"""Larger files are refused, unread."""
MAX_EVENTS = 1 << 16
"""Events of a file; one with more is refused. Seventeen minutes of busy drumming have 42,000."""
SMPTE_PPQ = 9600
"""Resolution that positions in seconds are rounded to."""
FRAME_RATES = {24: 24.0, 25: 25.0, 29: 30_000 / 1001, 30: 30.0}
"""Frames a second of the four SMPTE formats."""
# A variable-length quantity has four bytes (Standard MIDI Files 1.0). A parser that follows a
# longer one to its end takes quadratic time; a long text in Latin-1 or UTF-8 passes.
_ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{256}")


class _Metered(io.BytesIO):
    """The bytes of a file, for a parser that takes time by the event and not by the byte.

    mido asks for the position once before each event.
    """

    events = 0

    def tell(self) -> int:
        self.events += 1
        if self.events > MAX_EVENTS:
            raise ClipError(f"The MIDI file is too long: it has more than {MAX_EVENTS} events.")
        return super().tell()


def parse(content: bytes) -> mido.MidiFile:
    """The file, of type 0, 1 or 2. Raises ClipError where it is empty, damaged or too large."""
    if not content:
        raise ClipError("The file is empty.")
    if content[:4] != b"MThd":
        raise ClipError("This is not a MIDI file.")
    if len(content) > MAX_BYTES:
        raise ClipError(f"The MIDI file is larger than {MAX_BYTES >> 20} MB.")
    if _ENDLESS_NUMBER.search(content):
        raise ClipError("The MIDI file is damaged: a number in it never ends.")
    try:
        midi = mido.MidiFile(file=_Metered(content))
    except ClipError:
        raise
    except EOFError as error:
        raise ClipError("The MIDI file is cut short.") from error
    except Exception as error:  # damage surfaces as whatever mido's internals meet first
        detail = (str(error) or type(error).__name__)[:80]
        raise ClipError(f"The MIDI file is damaged ({detail}).") from error
    if midi.type not in (0, 1, 2):
        raise ClipError(f"The MIDI file is of the unknown type {midi.type}.")
    return midi


def clock(division: int) -> Clock:
    """What a tick is, by the header's time division. Raises ClipError where it is none."""
    if division > 0:
        return Clock(division)
    # SMPTE: the upper byte is the negative frame rate, the lower the ticks in a frame.
    frames, ticks = -(division >> 8), division & 0xFF
    if frames not in FRAME_RATES or not ticks:
        raise ClipError("The MIDI file is damaged: its time division is none that exists.")
    return Clock(SMPTE_PPQ, FRAME_RATES[frames] * ticks)
