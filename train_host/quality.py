"""Figures of how good a map is: does it hold its clips, and is there enough between them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware.rhythm.latent_map import cell_centres
from train_host.network import Array, DecoderWeights

__all__ = ["Quality", "best_threshold", "f1", "measure"]

THRESHOLDS = np.arange(5, 96, 5) / 100
CELLS = 30
MAP_THRESHOLD = 0.3
"""Patterns are counted as R-VAE's published maps are: 30 x 30 heads, threshold 0.3."""
VELOCITY_STEPS = 126


@dataclass(frozen=True)
class Quality:
    """Of the training loops, decoded at their own places; and of the map."""

    f1: float
    """F1 score of the onsets at the best fixed threshold"""
    threshold: float
    """that threshold"""
    distinct: int
    """different patterns among 30 x 30 heads at threshold 0.3"""
    neighbour_distance: float
    """onsets that differ between neighbouring heads of those, mean"""
    velocity_error: float
    """mean, in MIDI steps, where the loops have onsets"""
    microtiming_error: float
    """mean, in ticks, where the loops have onsets"""

    def figures(self) -> dict[str, float]:
        """By name, rounded to what they mean, for a model's metadata."""
        return {
            "onset_f1": round(self.f1, 4),
            "onset_f1_threshold": round(self.threshold, 2),
            "distinct_patterns": self.distinct,
            "neighbour_distance": round(self.neighbour_distance, 2),
            "velocity_error": round(self.velocity_error, 2),
            "microtiming_error": round(self.microtiming_error, 4),
        }


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
    decoder: DecoderWeights,
    z: Array,
    onset: Array,
    velocity: Array,
    microtiming: Array,
    extent: float = 3.0,
) -> Quality:
    """Quality of ``decoder``, whose loops (n, 9, 96) lie at ``z`` (n, 2)."""
    n = len(onset)
    probability, level, shift = decoder.decode(z)
    wanted = onset.reshape(n, -1) > 0.5
    score, threshold = best_threshold(probability, wanted)
    level_error = np.abs(level - velocity.reshape(n, -1))[wanted]
    shift_error = np.abs(shift - microtiming.reshape(n, -1))[wanted]

    grid = decoder.decode(cell_centres(CELLS, extent).reshape(-1, 2))[0] > MAP_THRESHOLD
    distinct = len(np.unique(np.packbits(grid, axis=1), axis=0))
    grid = grid.reshape(CELLS, CELLS, -1)
    down = (grid[1:] != grid[:-1]).sum(axis=-1)
    right = (grid[:, 1:] != grid[:, :-1]).sum(axis=-1)
    return Quality(
        f1=score,
        threshold=threshold,
        distinct=distinct,
        neighbour_distance=float((down.mean() + right.mean()) / 2),
        velocity_error=float(level_error.mean() * VELOCITY_STEPS),
        microtiming_error=float(shift_error.mean()),
    )
