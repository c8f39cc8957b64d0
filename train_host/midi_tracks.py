"""The drums of a MIDI file's tracks: notes in musical time, tempo, metre, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import mido

from train_host.drum_channel import Struck, choose
from train_host.drum_map import DrumMap
from train_host.loops import ClipError, DrumNote, DrumTrack, MetreChange

__all__ = ["Clock", "drum_track"]

DEFAULT_TEMPO = 500_000
"""Microseconds a quarter note where a file names none (Standard MIDI Files 1.0)."""
TEMPO_RANGE = 60_000, 6_000_000
"""Microseconds a quarter note, 1000 to 10 BPM: others are taken for damage and passed over."""
MAX_TICK = 1 << 40
"""No track of ``MAX_LOOPS`` loops gets there, at any resolution."""


class Clock(NamedTuple):
    """What a tick of the file is."""

    ppq: int
    """positions in a quarter note"""
    ticks_per_second: float | None = None
    """where the file counts those (SMPTE); otherwise a tick is a position"""

    def positions(self, tempo: int) -> int | float:
        """Positions in a tick, at a tempo in microseconds a quarter note."""
        if self.ticks_per_second is None:
            return 1
        return self.ppq * 1e6 / (tempo * self.ticks_per_second)


class _Event(NamedTuple):
    tick: int
    track: int
    message: mido.Message | mido.MetaMessage


def drum_track(
    name: str,
    tracks: Sequence[mido.MidiTrack],
    clock: Clock,
    drum_map: DrumMap,
    channel: int | None = None,
) -> DrumTrack:
    """The drums of ``tracks``, which play together; ``channel`` (1..16) has them, if it is given.

    Raises ClipError where there are none.
    """
    tempos: list[int] = []
    metres: list[MetreChange] = []
    struck: list[Struck] = []
    names = [""] * len(tracks)
    position: int | float = 0
    tick = 0
    rate = clock.positions(DEFAULT_TEMPO)
    for event in _events(tracks):
        message = event.message
        position += (event.tick - tick) * rate
        tick = event.tick
        if message.type == "set_tempo" and TEMPO_RANGE[0] <= message.tempo <= TEMPO_RANGE[1]:
            tempos.append(message.tempo)
            rate = clock.positions(message.tempo)
        elif message.type == "time_signature":
            # A bar shorter than a quarter note is taken for damage.
            if message.denominator <= 64 and 4 * message.numerator >= message.denominator:
                metre = message.numerator, message.denominator
                metres.append(MetreChange(round(position), metre))
        elif message.type in ("track_name", "instrument_name"):
            names[event.track] += f" {message.name}"
        elif message.type == "note_on" and message.velocity:
            note = Struck(
                round(position), message.note, message.velocity, message.channel, event.track
            )
            struck.append(note)
    if not struck:
        raise ClipError("The MIDI file holds no notes.")
    drums, found_by = choose(struck, names, channel)
    if not drums:
        used = ", ".join(map(str, sorted({note.channel + 1 for note in struck})))
        raise ClipError(f"The MIDI file has no notes on channel {channel}: they are on {used}.")
    notes = tuple(
        DrumNote(note.position, drum_map.notes[note.note], note.velocity)
        for note in drums
        if note.note in drum_map.notes
    )
    unmapped = Counter(note.note for note in drums if note.note not in drum_map.notes)
    keys = ", ".join(map(str, sorted(unmapped)[:6])) + (", ..." if len(unmapped) > 6 else "")
    if not notes:
        raise ClipError(
            f"The MIDI file has no drums: its notes ({keys}) are not in the map {drum_map.name}."
        )
    left_out = {}
    if len(struck) > len(drums):
        left_out["not on the drums' channel or track"] = len(struck) - len(drums)
    if unmapped:
        left_out[f"not in the drum map {drum_map.name} ({keys})"] = unmapped.total()
    return DrumTrack(
        name=name,
        ppq=clock.ppq,
        notes=notes,
        end=round(position),
        # Whole microseconds a quarter note: 174 BPM comes back as 173.9998.
        tempo=round(mido.tempo2bpm(tempos[0] if tempos else DEFAULT_TEMPO), 2),
        metre=metres[0].metre if metres else (4, 4),
        unmapped=tuple(sorted(unmapped)),
        metres=tuple(metres),
        tempo_changes=sum(a != b for a, b in pairwise(tempos)),
        found_by=found_by,
        left_out=left_out,
    )


def _events(tracks: Sequence[mido.MidiTrack]) -> list[_Event]:
    """All messages by time, at one time in the order of the tracks."""
    events = []
    for number, track in enumerate(tracks):
        tick = 0
        for message in track:
            tick += message.time
            if tick > MAX_TICK:
                raise ClipError("The MIDI file is damaged: a note in it comes after years.")
            events.append(_Event(tick, number, message))
    events.sort(key=lambda event: event.tick)
    return events
