"""Loops written as standard MIDI files, with their microtiming."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np

from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.pattern import TICKS, Pattern, midi_velocity
from train_host.loops import Loops

__all__ = ["PPQ", "midi_file", "write_midi"]

PPQ = 9600
"""MIDI ticks a quarter note, or the multiple of the grid just below: 400 a tick at 24 a beat."""
CHANNEL = 9
"""Channel 10, counted from 0: the drums of General MIDI."""
GENERAL_MIDI_NOTES = tuple(drum.note for drum in DRUMS)


def midi_file(
    loops: Loops | Pattern,
    ticks_per_beat: int = 24,
    tempo: float = 120.0,
    threshold: float = 0.5,
    drum_notes: Sequence[int] = GENERAL_MIDI_NOTES,
    name: str = "",
) -> mido.MidiFile:
    """The loops one after the other as a type 0 file; a drum sounds where onset > ``threshold``.

    ``tempo`` is in beats per minute, ``drum_notes`` are the MIDI notes of the nine drums. The file
    ends on its last loop's end and goes round: what sounds before its start is written at its end.
    Notes last half a tick, or until the drum is hit again.
    """
    if isinstance(loops, Pattern):
        onset, velocity, microtiming = (
            part[None] for part in (loops.onset, loops.velocity, loops.microtiming)
        )
    else:
        onset, velocity, microtiming = loops.onset, loops.velocity, loops.microtiming
    if not len(onset):
        raise ValueError("there are no loops to write")
    if not 1 <= ticks_per_beat <= TICKS:
        raise ValueError(f"ticks_per_beat is {ticks_per_beat}, not 1 to {TICKS}")
    if len(drum_notes) != DRUM_COUNT:
        raise ValueError(f"there are {len(drum_notes)} drum notes, not {DRUM_COUNT}")
    units = PPQ // ticks_per_beat
    end = len(onset) * TICKS * units
    hits: list[list[tuple[int, int]]] = [[] for _ in DRUMS]
    for loop, drum, tick in np.argwhere(onset > threshold).tolist():
        offset = _offset(float(microtiming[loop, drum, tick]), units)
        time = ((loop * TICKS + tick) * units + offset) % end
        hits[drum].append((time, midi_velocity(velocity[loop, drum, tick])))

    track = mido.MidiTrack()
    if name:
        latin = name.encode("latin-1", "replace").decode("latin-1")
        track.append(mido.MetaMessage("track_name", name=latin))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    numerator, denominator = _metre(ticks_per_beat)
    track.append(mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))
    now = 0
    for time, sounds, note, value in _events(hits, drum_notes, units, end):
        kind = "note_on" if sounds else "note_off"
        track.append(
            mido.Message(kind, channel=CHANNEL, note=note, velocity=value, time=time - now)
        )
        now = time
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return mido.MidiFile(type=0, ticks_per_beat=units * ticks_per_beat, tracks=[track])


def write_midi(
    path: Path,
    loops: Loops | Pattern,
    ticks_per_beat: int = 24,
    tempo: float = 120.0,
    threshold: float = 0.5,
) -> None:
    """Write :func:`midi_file` to ``path``, in the notes of General MIDI. Raises OSError."""
    midi_file(loops, ticks_per_beat, tempo, threshold, name=path.stem).save(path)


def _offset(microtiming: float, units: int) -> int:
    """Microtiming in MIDI ticks. Rounding must not carry a hit nearer to another tick."""
    offset = round(microtiming * units)
    if -0.5 <= microtiming < 0.5:
        return min(max(offset, -(units // 2)), (units - 1) // 2)
    return offset


def _metre(ticks_per_beat: int) -> tuple[int, int]:
    """A time signature whose bar lines a loop fits: 4/4 for 24 ticks a beat, 3/4 for 32."""
    loop = Fraction(TICKS, 4 * ticks_per_beat)
    if loop.denominator == 1 or loop.denominator not in (2, 4, 8, 16):
        return 4, 4
    denominator = max(loop.denominator, 4)
    return int(loop * denominator), denominator


def _events(
    hits: list[list[tuple[int, int]]], drum_notes: Sequence[int], units: int, end: int
) -> list[tuple[int, bool, int, int]]:
    """(time, whether it is a note-on, note, velocity) in order, note-offs first at one time."""
    events = []
    for drum, note in enumerate(drum_notes):
        for (time, velocity), (limit, _) in pairwise([*sorted(hits[drum]), (end, 0)]):
            events.append((time, True, note, velocity))
            events.append((max(min(time + units // 2, limit), time + 1), False, note, 0))
    return sorted(events)
