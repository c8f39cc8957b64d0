"""A drum clip: hits in ticks, as the notation writes them and a MIDI file keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

__all__ = ["SUBTICKS", "TICKS_PER_BEAT", "Clip", "ClipFile", "ClipHit"]

TICKS_PER_BEAT = 24
"""Ticks a quarter note: a bar of four beats is one loop of 96."""
SUBTICKS = 20
"""MIDI ticks a tick: a file of 480 PPQ keeps microtiming to 1/20 tick."""


class ClipHit(NamedTuple):
    """One drum struck once."""

    drum: int
    """index into ``DRUMS``"""
    time: Fraction
    """ticks from the start of the clip, in [0, bars * beats * 24[; not only whole ones"""
    velocity: int
    """MIDI velocity, 1..127"""

    @property
    def subtick(self) -> int:
        """Its time in a MIDI file, in 1/20 tick."""
        return round(self.time * SUBTICKS)

    @property
    def tick(self) -> int:
        """The tick it belongs to once it is in a MIDI file; half way between two, the later."""
        return (2 * self.subtick + SUBTICKS) // (2 * SUBTICKS)


@dataclass(frozen=True)
class Clip:
    """A named loop of one or more bars; ``tempo`` in beats per minute, hits in order of time.

    ``grid`` is the usual number of steps a bar; three steps a beat is compound metre.
    """

    name: str
    tempo: float
    beats: int
    grid: int
    bars: int
    hits: tuple[ClipHit, ...]

    @property
    def ticks(self) -> int:
        """Length in ticks."""
        return self.bars * self.beats * TICKS_PER_BEAT

    @property
    def metre(self) -> str:
        """``4/4``, or ``12/8`` where the beat has three parts."""
        compound = self.grid == 3 * self.beats
        return f"{self.grid}/8" if compound else f"{self.beats}/4"


@dataclass(frozen=True)
class ClipFile:
    """One style: its header and its clips. ``tempo`` is the usual one, in beats per minute."""

    style: str
    tempo: float
    beats: int
    grid: int
    licence: str
    sources: tuple[str, ...]
    clips: tuple[Clip, ...]
