"""One loop of drumming: onset, velocity and microtiming of nine drums over 96 ticks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware.rhythm.drums import DRUM_COUNT

__all__ = [
    "TICKS",
    "FloatArray",
    "Hit",
    "Pattern",
    "beats_per_bar",
    "midi_velocity",
    "shaped",
    "unit_velocity",
]

TICKS = 96
"""Steps of one loop, whatever its metre."""

VELOCITY_CENTRE = 100
"""The MIDI velocity that every hit has where the velocity amount is 0."""

FloatArray = npt.NDArray[np.float32]


def midi_velocity(velocity: float) -> int:
    """MIDI velocity 1..127 of a velocity in [0, 1]: ``1 + round(126 * velocity)``.

    Never 0 (which MIDI reads as a note-off) and never 128; values outside [0, 1] are clamped.
    """
    return 1 + round(126 * min(max(float(velocity), 0.0), 1.0))


def unit_velocity(velocity: int) -> float:
    """The inverse of :func:`midi_velocity`: MIDI velocity 1..127 to [0, 1]."""
    return (velocity - 1) / 126


def beats_per_bar(ticks_per_beat: int) -> int:
    """Four, or what a loop of 96 ticks holds where that is less (three at 32 ticks a beat)."""
    return max(min(4, TICKS // ticks_per_beat), 1)


class Hit(NamedTuple):
    """One drum at one tick of the loop, as it will sound."""

    drum: int
    """index into ``DRUMS``"""
    velocity: int
    """MIDI velocity, 1..127"""
    microtiming: float
    """distance from the grid in ticks, ]-1, 1[; negative is early"""


def shaped(hit: Hit, velocity_amount: float, microtiming_amount: float) -> Hit:
    """``hit`` with its distance from VELOCITY_CENTRE and from the grid so many times as large."""
    velocity = round(VELOCITY_CENTRE + velocity_amount * (hit.velocity - VELOCITY_CENTRE))
    return Hit(hit.drum, min(max(velocity, 1), 127), microtiming_amount * hit.microtiming)


@dataclass(frozen=True)
class Pattern:
    """A loop as three float32 arrays of shape (9, 96), drums first.

    ``onset`` is a probability in [0, 1]; ``velocity`` lies in [0, 1]; ``microtiming`` is in ticks,
    in ]-1, 1[, where 0 is on the grid and negative is early.
    """

    onset: FloatArray
    velocity: FloatArray
    microtiming: FloatArray

    def __post_init__(self) -> None:
        for name in ("onset", "velocity", "microtiming"):
            shape = getattr(self, name).shape
            if shape != (DRUM_COUNT, TICKS):
                raise ValueError(f"{name} has shape {shape}, not {(DRUM_COUNT, TICKS)}")

    def sounding(self, threshold: float | FloatArray) -> npt.NDArray[np.bool_]:
        """Where a drum sounds, (9, 96): onset probability above ``threshold``.

        ``threshold`` is one number, or nine (one per drum, shape (9,)).
        """
        limit = np.asarray(threshold, np.float32)
        return self.onset > (limit[:, None] if limit.ndim else limit)

    def hits(self, tick: int, threshold: float | FloatArray) -> list[Hit]:
        """The drums that sound at ``tick`` (0..95), kick first."""
        limit = np.asarray(threshold, np.float32)
        return [
            Hit(
                int(drum),
                midi_velocity(self.velocity[drum, tick]),
                float(self.microtiming[drum, tick]),
            )
            for drum in np.flatnonzero(self.onset[:, tick] > limit)
        ]
