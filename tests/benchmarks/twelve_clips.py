"""Twelve clips of one style: what training and decoding are measured with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from train_host.drum_map import GENERAL_MIDI
from train_host.loops import Loops
from train_host.sources import gather

__all__ = ["twelve_clips"]

FOOTWORK = Path(__file__).parents[2] / "models" / "footwork"


@cache
def twelve_clips() -> Loops:
    """The first loop of each of the first twelve clips of footwork."""
    loops = gather([FOOTWORK], GENERAL_MIDI, 24).loops
    first: dict[str, int] = {}
    for row, name in enumerate(loops.names):
        first.setdefault(name.partition(" #")[0], row)
    return loops.select(list(first.values())[:12])
