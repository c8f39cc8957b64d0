"""Which notes of a MIDI file are its drums: by channel, by the name of their track, or as told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["DRUM_CHANNEL", "Choice", "Struck", "choose"]

DRUM_CHANNEL = 9
"""Channel 10, counted from 0: the drums of General MIDI."""

_DRUM_NAME = re.compile(
    r"\b(drums?|drum ?kits?|drum ?rack|percussions?|perc|kit|kicks?|snares?|hi-?hats?|hats?"
    r"|batterie|bateria|batería|schlagzeug|808|909|707|606)\b",
    re.IGNORECASE,
)
"""Words that name drums, and the machines, kits and languages that drum tracks are named after."""


class Struck(NamedTuple):
    """A note-on: where it stands, in the unit of the track's positions, and where it came from."""

    position: int
    note: int
    velocity: int
    channel: int
    """0..15"""
    track: int
    """index of its track in the file"""


class Choice(NamedTuple):
    """The drums' notes, and in words how they were found."""

    notes: list[Struck]
    found_by: str


def choose(notes: Sequence[Struck], names: Sequence[str], channel: int | None = None) -> Choice:
    """The notes of ``notes`` that are drums; ``names`` are the names of the tracks.

    With ``channel`` (1..16) those on it. Otherwise those on channel 10, if it has any; then those
    of tracks with a name such as "Drums"; then all.
    """
    if channel is not None:
        told = [note for note in notes if note.channel == channel - 1]
        return Choice(told, f"channel {channel}, as told")
    found = [note for note in notes if note.channel == DRUM_CHANNEL]
    if found:
        return Choice(found, "channel 10")
    drums = {index for index, name in enumerate(names) if _DRUM_NAME.search(name.replace("_", " "))}
    found = [note for note in notes if note.track in drums]
    if found:
        heard = dict.fromkeys(names[note.track].strip()[:40] for note in found)
        return Choice(found, "the track named " + ", ".join(heard))
    return Choice(list(notes), "all channels")
