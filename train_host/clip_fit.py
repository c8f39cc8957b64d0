"""A clip cut at its own bar lines, and the account of every note in it.

* Where the metre changes, bars are counted anew: each stretch of one metre is cut by itself.
* A pick-up is left out: it leads into the music once, and a loop of it would be near empty. It is a
  first stretch shorter than a bar of the next metre, or a first bar that has hits in its last
  quarter note only (with a sounding bar after it, and bars of three quarter notes or more).
* Silence before the first bar costs nothing. Where it is no whole number of loops (a bar counted in
  before two-bar loops) the loops begin at the first bar that sounds, unless the clip is a whole
  number of loops as it stands.
* Before a time signature that does not stand at the start, a bar in or later, bars are 4/4.
* A file without a time signature has no bar lines to trust: at so many ticks a beat its loops run
  on from its start; told how many bars a loop has, its bars are 4/4.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware.rhythm.pattern import TICKS
from train_host.clip_fate import ClipFate
from train_host.loops import MAX_LOOPS, ClipError, DrumNote, DrumTrack, Loops, place
from train_host.metre import Fit, fit_bar, quarters, ticks_for_bars

__all__ = ["MAX_METRES", "FittedClip", "Grid", "fit_clip"]

MAX_METRES = 256
"""Changes of metre in a clip; a file with more is refused."""
PICK_UP = "in the pick-up"
LATE = "after the part of a bar that a loop holds"
SOFTER = "softer on the same tick"


class Grid(NamedTuple):
    """What a loop is: ``ticks`` a quarter note; or ``bars`` of any metre, if that is given.

    ``ticks`` is the model's number in either case: with ``bars`` each clip has ticks of its own,
    and its tempo is told for those of the model, so that its loops last as long as they did.
    """

    ticks: int = 24
    bars: int | None = None


USUAL = Grid()


class FittedClip(NamedTuple):
    loops: Loops
    fate: ClipFate


class _Stretch(NamedTuple):
    """A part of a clip in one metre, as a track of its own."""

    track: DrumTrack
    fit: Fit
    skipped: int
    """notes of its pick-up"""
    bars_before: int
    """bars before its first, in this stretch"""


def fit_clip(track: DrumTrack, grid: Grid = USUAL) -> FittedClip:
    """The loops of ``track`` and what became of its notes.

    Raises ClipError where there is nothing to take, more than ``MAX_LOOPS`` loops or
    ``MAX_METRES`` changes of metre, or a bar that no loop can hold.
    """
    parts: list[Loops] = []
    fits: dict[str, None] = {}
    lost: Counter[str] = Counter()
    bars = Fraction(0)
    taken = triplets = windows = 0
    on_grid = True
    for stretch in _stretches(track, grid):
        lost[PICK_UP] += stretch.skipped
        windows += math.ceil(stretch.bars_before * stretch.fit.bar / stretch.fit.step)
        if not stretch.track.notes:
            continue
        placed = place(stretch.track, stretch.fit.ticks_per_beat, stretch.fit.step)
        tempo = track.tempo * float(stretch.fit.ticks_per_beat / grid.ticks)
        names = tuple(f"{track.name} #{windows + window + 1}" for window in placed.windows.tolist())
        tempos = (round(tempo, 2),) * len(names)
        parts.append(replace(placed.loops, names=names, tempos=tempos))
        windows += placed.total
        if windows > MAX_LOOPS:
            raise ClipError(f"The clip is over {MAX_LOOPS} loops long, which is the most.")
        fits[stretch.fit.text] = None
        bars += math.ceil(len(names) * stretch.fit.step / stretch.fit.bar)
        taken += int(placed.kept.sum())
        lost[LATE] += int((~placed.heard).sum())
        lost[SOFTER] += int((placed.heard & ~placed.kept).sum())
        nearer = _nearer_triplets(stretch.track, placed.kept)
        triplets += nearer
        on_grid &= not nearer or stretch.fit.ticks_per_beat % 3 == 0
    loops = Loops.merge(parts)
    if not len(loops):
        reason = f"lie {LATE}" if lost[LATE] else "are missing"
        raise ClipError(f"The clip's drum notes {reason}.")
    if windows == 1:
        loops = replace(loops, names=(track.name,))
    fate = ClipFate(
        track.name,
        len(loops),
        int(bars),
        taken,
        dict(track.left_out) | {reason: count for reason, count in lost.items() if count},
        tuple(fits),
        track.tempo,
        track.tempo_changes,
        track.found_by,
        triplets,
        on_grid,
    )
    return FittedClip(loops, fate)


def _stretches(track: DrumTrack, grid: Grid) -> Iterator[_Stretch]:
    changes = [(change.position, change.metre) for change in track.metres]
    if not changes:
        changes = [(0, track.metre)]
    elif changes[0][0] >= 4 * track.ppq:
        changes.insert(0, (0, (4, 4)))
    else:  # some programs write the signature a little late
        changes[0] = (0, changes[0][1])
    # The last signature at a position holds; one that is the same again is no change.
    changes = list(dict(changes).items())
    changes = [c for i, c in enumerate(changes) if not i or c[1] != changes[i - 1][1]]
    if len(changes) > MAX_METRES:
        raise ClipError(f"The metre changes more than {MAX_METRES} times.")
    notes = sorted(track.notes)
    for index, (start, metre) in enumerate(changes):
        last = index == len(changes) - 1
        end = track.end if last else changes[index + 1][0]
        fit = _fit(metre, grid, bool(track.metres))
        bar = quarters(metre) * track.ppq
        half = track.ppq / (2 * fit.ticks_per_beat)
        # A hit half a tick or less before a bar line belongs to what follows.
        own = notes if last else notes[: bisect_left(notes, (math.ceil(end - half),))]
        notes = notes[len(own) :]
        if not index and notes and end < quarters(changes[1][1]) * track.ppq:
            yield _Stretch(replace(track, notes=()), fit, len(own), math.ceil(end / bar))
            continue
        found = [DrumNote(note.position - start, note.drum, note.velocity) for note in own]
        part = replace(track, notes=found, end=max(end - start, 0), metre=metre)
        yield (
            _without_pick_up(part, fit, bar, half)
            if not index and found
            else _Stretch(part, fit, 0, 0)
        )


def _fit(metre: tuple[int, int], grid: Grid, named: bool) -> Fit:
    if grid.bars is None:
        fit = fit_bar(metre, grid.ticks)
        if named or fit.way in ("fits", "parts"):
            return fit
        return replace(fit, way="free", step=Fraction(TICKS))
    ticks = ticks_for_bars(metre, grid.bars)
    if not 1 <= ticks <= TICKS:
        raise ClipError(
            f"In loops of {grid.bars} x {metre[0]}/{metre[1]} a quarter note has less than a tick."
        )
    return fit_bar(metre, ticks)


def _without_pick_up(track: DrumTrack, fit: Fit, bar: Fraction, half: Fraction) -> _Stretch:
    """The first stretch from its first loop on."""
    notes = track.notes
    first, skip = math.floor((notes[0].position + half) / bar), 0
    line = (first + 1) * bar - half
    opening = bisect_left(notes, (math.ceil(line),))
    follows = opening < len(notes) and notes[opening].position < line + bar
    if follows and bar >= 3 * track.ppq and notes[0].position >= line - track.ppq:
        skip, first = opening, first + 1
    length = track.length(fit.ticks_per_beat, fit.step) / bar
    bars = fit.step / fit.bar
    start = first if skip or (bars > 1 and first % bars and length % bars) else 0
    shift = start * bar
    if not start or shift.denominator != 1:
        return _Stretch(track, fit, 0, 0)
    moved = [DrumNote(n.position - int(shift), n.drum, n.velocity) for n in notes[skip:]]
    end = max(track.end - int(shift), 0)
    return _Stretch(replace(track, notes=moved, end=end), fit, skip, start)


def _nearer_triplets(track: DrumTrack, kept: npt.NDArray[np.bool_]) -> int:
    """How many of the notes ``kept`` lie nearer a third of a quarter note than a fourth of one."""
    position = np.array([note.position for note in track.notes], np.int64)[kept]
    third, fourth = ((position * parts) % track.ppq for parts in (3, 4))
    away_third, away_fourth = (np.minimum(away, track.ppq - away) for away in (third, fourth))
    return int((4 * away_third < 3 * away_fourth).sum())
