"""Loops to train on: how drum notes in musical time become arrays of 96 ticks.

A track is read as an endless loop of its own length, and cut from its start into windows of 96
ticks until every note has been read once. That one rule tiles a clip shorter than a window, fills
the last window of a longer one from its beginning, and puts a hit played just before the end on
tick 0 of the start, where it belongs when the clip goes round. Windows without a hit are dropped.

Windows follow the start and, unless told their step, not the bar lines. At ``ticks_per_beat`` 24
they are bars of 4/4, at 12 two bars; a bar of 3/4 is one window at 32, and so is 6/8 (three quarter
notes). ``train_host.metre`` has the steps at which they follow the bars of other metres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.pattern import TICKS, FloatArray, Pattern, unit_velocity

__all__ = [
    "MAX_LOOPS",
    "ClipError",
    "DrumNote",
    "DrumTrack",
    "Loops",
    "MetreChange",
    "Placed",
    "cut",
    "place",
]

MAX_LOOPS = 4096
"""The longest track, in windows of 96 ticks: more than two hours of 4/4 bars at 120 BPM."""
SPILL = Fraction(1, 8)
"""How far, in quarter notes, the last note-off may reach past the end of a clip: half a 16th."""

_VELOCITY = np.array([0.0] + [unit_velocity(velocity) for velocity in range(1, 128)], np.float32)


class ClipError(ValueError):
    """A clip that cannot be used; its text is one sentence for a musician."""


class DrumNote(NamedTuple):
    """A drum hit in musical time."""

    position: int
    """from the start of the track, in 1/ppq of a quarter note"""
    drum: int
    """index into ``DRUMS``"""
    velocity: int
    """MIDI velocity, 1..127"""


class MetreChange(NamedTuple):
    """A time signature, and the position that its first bar begins at."""

    position: int
    metre: tuple[int, int]


@dataclass(frozen=True)
class DrumTrack:
    """The drum notes of one clip. ``end`` is where the clip ends, in the unit of the positions."""

    name: str
    ppq: int
    notes: Sequence[DrumNote]
    end: int
    tempo: float = 120.0
    """the first tempo, beats (quarter notes) per minute"""
    metre: tuple[int, int] = (4, 4)
    """the first time signature"""
    unmapped: tuple[int, ...] = ()
    """MIDI notes that were heard on the drums' channel and are no drum"""
    metres: tuple[MetreChange, ...] = ()
    """all time signatures of the file, in order; none where it names none"""
    tempo_changes: int = 0
    found_by: str = ""
    """how the drums were told from other notes"""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """how many notes of the file are no drums here, by the reason"""

    def length(self, ticks_per_beat: Fraction | int, step: Fraction | int = TICKS) -> Fraction:
        """How long the clip is before it goes round, in the unit of the positions.

        An end that is a whole number of windows, ``step`` ticks apart, is taken at its word. Some
        programs end the track at the last note-off instead: then the length is the next bar line,
        or, within the first bar, the next half, quarter... of a bar (of a quarter note or more). A
        note-off up to ``SPILL`` past such a line is ignored; a note on or after it is not.
        """
        last = max(note.position for note in self.notes)
        if self.end > max(last, 0) and self.end % (Fraction(step * self.ppq) / ticks_per_beat) == 0:
            return Fraction(self.end)
        numerator, denominator = self.metre
        bar = Fraction(4 * self.ppq * numerator, denominator)
        reach = max(self.end - SPILL * self.ppq, Fraction(last))
        unit = bar
        while numerator % 2 == 0 and unit >= 2 * self.ppq and unit / 2 > last and unit / 2 >= reach:
            numerator //= 2
            unit /= 2
        if unit < bar:
            return unit
        return bar * max(math.ceil(reach / bar), math.floor(last / bar) + 1, 1)


@dataclass(frozen=True)
class Loops:
    """n loops: ``onset`` (0 or 1), ``velocity`` in [0, 1] (see ``unit_velocity``) and
    ``microtiming`` in ticks (negative is early), each float32 (n, 9, 96), drums first.

    Velocity and microtiming are 0 where there is no onset. ``names`` has the clip of each loop,
    ``tempos`` its beats per minute (120 where it is left out). ``unmapped`` are the MIDI notes that
    the clips have and the drum map has not: what was left out.
    """

    onset: FloatArray
    velocity: FloatArray
    microtiming: FloatArray
    names: tuple[str, ...]
    tempos: tuple[float, ...] = ()
    unmapped: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.tempos:
            object.__setattr__(self, "tempos", (120.0,) * len(self.names))
        shape = (len(self.names), DRUM_COUNT, TICKS)
        for part in (self.onset, self.velocity, self.microtiming):
            if part.shape != shape:
                raise ValueError(f"an array of loops has shape {part.shape}, not {shape}")
        if len(self.tempos) != len(self.names):
            raise ValueError(f"there are {len(self.tempos)} tempos for {len(self.names)} loops")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def tempo(self) -> float:
        """The median tempo, beats per minute; 120 where there are no loops."""
        return float(np.median(self.tempos)) if self.tempos else 120.0

    def pattern(self, index: int) -> Pattern:
        return Pattern(self.onset[index], self.velocity[index], self.microtiming[index])

    def select(self, rows: npt.ArrayLike) -> Loops:
        """The loops at ``rows`` (indices), in that order."""
        index = np.asarray(rows, np.intp)
        return Loops(
            self.onset[index],
            self.velocity[index],
            self.microtiming[index],
            tuple(self.names[i] for i in index),
            tuple(self.tempos[i] for i in index),
            self.unmapped,
        )

    @classmethod
    def merge(cls, parts: Iterable[Loops]) -> Loops:
        """The loops of all ``parts``, in order; no parts give no loops."""
        some = list(parts)
        empty = np.empty((0, DRUM_COUNT, TICKS), np.float32)
        return cls(
            np.concatenate([empty, *(part.onset for part in some)]),
            np.concatenate([empty, *(part.velocity for part in some)]),
            np.concatenate([empty, *(part.microtiming for part in some)]),
            tuple(name for part in some for name in part.names),
            tuple(tempo for part in some for tempo in part.tempos),
            tuple(sorted({note for part in some for note in part.unmapped})),
        )


class Placed(NamedTuple):
    """Loops, and what became of the notes of their track: bool arrays, one value a note."""

    loops: Loops
    windows: npt.NDArray[np.intp]
    """which window of the track each loop is, counted from 0"""
    total: int
    """windows of the track, silent ones too"""
    heard: npt.NDArray[np.bool_]
    """notes that lie in a window"""
    kept: npt.NDArray[np.bool_]
    """notes that are in a loop; the others heard share their drum's tick with a louder one"""


def cut(track: DrumTrack, ticks_per_beat: int = 24) -> Loops:
    """The loops of ``track`` on a grid of ``ticks_per_beat`` ticks (1..96) a quarter note.

    A hit goes to its nearest tick (half way: the later one), its microtiming is what remains, in
    [-0.5, 0.5[ ticks. Of hits of one drum on one tick the loudest is kept, or the nearest of
    equals. Raises ClipError where there are no notes or more than ``MAX_LOOPS`` loops.
    """
    return place(track, ticks_per_beat).loops


def place(
    track: DrumTrack, ticks_per_beat: Fraction | int = 24, step: Fraction | int = TICKS
) -> Placed:
    """:func:`cut` with windows that begin every ``step`` ticks, and with what became of each note.

    Windows overlap where ``step`` is less than 96, and leave out what lies between them where it is
    more; ``step`` is more than 48.
    """
    grid = Fraction(ticks_per_beat)
    if not 1 <= grid <= TICKS:
        raise ValueError(f"ticks_per_beat is {ticks_per_beat}, not 1 to {TICKS}")
    if step <= TICKS / 2:
        raise ValueError(f"step is {step}, not more than {TICKS // 2}")
    if not track.notes:
        raise ClipError("The clip holds no drum notes.")
    stride = step * track.ppq / grid
    length = track.length(grid, step)
    windows = math.ceil(length / stride)
    if windows > MAX_LOOPS:
        raise ClipError(f"The clip is {windows} loops long, and {MAX_LOOPS} is the most.")
    # Positions in integers throughout, many of them to a tick: half a tick is then exactly half.
    scale = math.lcm(length.denominator, stride.denominator) * grid.numerator
    tick_size = track.ppq * scale // grid.numerator * grid.denominator
    period, between = int(length * scale), int(stride * scale)
    notes = np.array(track.notes, np.int64)
    rounds = np.arange(-1, ((windows - 1) * between + TICKS * tick_size) // period + 1)
    position = (notes[:, 0] * scale + rounds[:, None] * period).ravel()
    note = np.tile(np.arange(len(notes)), len(rounds))
    window = (2 * position + tick_size) // (2 * between)
    # A note in the part that two windows share is in both.
    window = np.concatenate([window, window - 1])
    position, note = np.tile(position, 2) - window * between, np.tile(note, 2)
    tick = (2 * position + tick_size) // (2 * tick_size)
    inside = (tick >= 0) & (tick < TICKS) & (window >= 0) & (window < windows)
    # What a window shares with the next does not make it sound.
    own = inside & (np.arange(len(window)) < len(window) // 2)
    inside &= np.isin(window, window[own])
    window, tick, note = window[inside], tick[inside], note[inside]
    microtiming = (position[inside] - tick * tick_size) / tick_size
    drum, velocity = notes[note, 1], notes[note, 2]
    # Quiet and far hits first: of assignments to one place the last holds.
    order = np.lexsort((-np.abs(microtiming), velocity))
    sounding, row = np.unique(window, return_inverse=True)
    cells = row[order], drum[order], tick[order]
    shape = len(sounding), DRUM_COUNT, TICKS
    onsets, velocities, offsets = np.zeros((3, *shape), np.float32)
    onsets[cells] = 1
    velocities[cells] = _VELOCITY[velocity[order]]
    offsets[cells] = microtiming[order]
    owner = np.full(shape, -1)
    owner[cells] = note[order]
    heard, kept = np.zeros((2, len(notes)), bool)
    heard[note] = True
    kept[owner[owner >= 0]] = True
    name = track.name
    names = [name if windows == 1 else f"{name} #{index + 1}" for index in sounding]
    tempos = (track.tempo,) * len(names)
    loops = Loops(onsets, velocities, offsets, tuple(names), tempos, track.unmapped)
    return Placed(loops, sounding, windows, heard, kept)
