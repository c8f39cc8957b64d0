"""Figures of how good a map is: does it hold its clips, and is there enough between them?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from train_host.map_figures import CELLS, MAP_THRESHOLD, MapFigures, head_centres, map_figures
from train_host.network import Array

__all__ = ["Decodes", "Quality", "best_threshold", "f1", "measure"]

THRESHOLDS = np.arange(5, 96, 5) / 100
PLAYED = 0.95
"""F1 score from which on a clip counts as one that the map plays."""
VELOCITY_STEPS = 126


class Decodes(Protocol):
    """A decoder of any network."""

    def decode(self, z: npt.ArrayLike) -> tuple[Array, Array, Array]:
        """Onset, velocity and microtiming, each (n, cells), at z (n, 2)."""


@dataclass(frozen=True)
class Quality:
    """Of the training loops, decoded at their own places; and of the map."""

    f1: float
    """F1 score of the onsets at the best fixed threshold"""
    threshold: float
    """that threshold"""
    reach: float
    """share of the loops that lie on the pad and are played there, at threshold 0.3, with an F1
    score of 0.95 or more"""
    velocity_error: float
    """mean, in MIDI steps, where the loops have onsets"""
    microtiming_error: float
    """mean, in ticks, where the loops have onsets"""
    map: MapFigures

    def figures(self) -> dict[str, float]:
        """By name, rounded to what they mean, for a model's metadata."""
        figures = {
            "onset_f1": round(self.f1, 4),
            "onset_f1_threshold": round(self.threshold, 2),
            "reach": round(self.reach, 4),
            "velocity_error": round(self.velocity_error, 2),
            "microtiming_error": round(self.microtiming_error, 4),
        }
        names = {"distinct": "distinct_patterns", "compound": "compound_share"}
        of_map = {names.get(name, name): value for name, value in asdict(self.map).items()}
        return figures | {name: round(value, 4) for name, value in of_map.items()}


def f1(decided: Array, wanted: Array) -> float:
    """Harmonic mean of precision and recall; 1 where nothing is wanted and nothing decided."""
    total = int(decided.sum()) + int(wanted.sum())
    return 2 * int((decided & wanted).sum()) / total if total else 1.0


def best_threshold(probability: Array, wanted: Array) -> tuple[float, float]:
    """F1 score at the best fixed threshold, and that threshold, for onsets of equal shape."""
    scores = [f1(probability > threshold, wanted) for threshold in THRESHOLDS]
    # Of equally good thresholds, the one in the middle leaves the player most room.
    equals = np.flatnonzero(np.isclose(scores, max(scores)))
    best = int(equals[len(equals) // 2])
    return scores[best], float(THRESHOLDS[best])


def measure(
    decoder: Decodes,
    z: Array,
    onset: Array,
    velocity: Array,
    microtiming: Array,
    ticks_per_beat: int = 24,
    extent: float = 3.0,
) -> Quality:
    """Quality of ``decoder``, whose loops (n, 9, 96) lie at ``z`` (n, 2)."""
    n = len(onset)
    probability, level, shift = decoder.decode(z)
    wanted = onset.reshape(n, -1) > 0.5
    score, threshold = best_threshold(probability, wanted)
    level_error = np.abs(level - velocity.reshape(n, -1))[wanted]
    shift_error = np.abs(shift - microtiming.reshape(n, -1))[wanted]
    on_pad = (np.abs(z) <= extent).all(axis=1)
    played = [
        f1(row > MAP_THRESHOLD, hits) >= PLAYED
        for row, hits in zip(probability, wanted, strict=True)
    ]
    heads = decoder.decode(head_centres(extent))[0].reshape(CELLS, CELLS, -1)
    return Quality(
        f1=score,
        threshold=threshold,
        reach=float((on_pad & played).mean()),
        velocity_error=float(level_error.mean() * VELOCITY_STEPS),
        microtiming_error=float(shift_error.mean()),
        map=map_figures(heads, ticks_per_beat),
    )
