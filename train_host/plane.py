"""What is done to a map once it is learnt: bring its clips onto the pad, and variety between them.

Each step is exact or checked against the clips: nothing here costs a clip its onsets.
"""

from __future__ import annotations

import numpy as np

from train_host.map_figures import MAP_THRESHOLD
from train_host.network import Array, DecoderWeights

__all__ = ["REACH", "fit_plane", "loud_last", "spread_out"]

SILENT_LOGIT = -12.0
"""Onset logit, everywhere on the map, of a cell that no clip uses."""
GRADES = (9.0, 6.0, 4.5, 3.0, 1.5)
"""Logits between the onsets of the softest cell and those of the loudest, the most first."""
COST = 0.002
"""F1 score, at the threshold the box starts with, that this may cost."""
SHIFTS = np.linspace(-4, 4, 81)
"""What all onset logits may be shifted by together."""
REACH = 2.7
"""The outermost loops lie this far from the middle of a plane that ends at 3."""


def loud_last(decoder: DecoderWeights, x: Array, z: Array) -> DecoderWeights:
    """``decoder`` with the onsets of loud cells raised and those of soft ones lowered.

    On the way from one clip to the next, ghost notes then go first and accents last, instead of
    all at one border: half as many patterns again lie between twelve clips, and a third of the
    jumps. Cells are graded by the rank of their mean velocity. As much of it is done as the loops
    x, at their places z, bear without losing their own onsets at threshold 0.3; all logits are
    shifted by what serves that threshold best.

    A metrical order beside it (Vigliensoni and others let the threshold follow the beat) was tried:
    alone it gives fewer patterns than this, added to it no more. So the threshold stays the
    player's.
    """
    onset, velocity, _ = np.split(x, 3, axis=1)
    level = (onset * velocity).sum(axis=0) / onset.sum(axis=0)
    rank = np.argsort(np.argsort(level, kind="stable"), kind="stable") / max(len(level) - 1, 1)
    weights, bias = decoder.heads[0]
    logits = decoder.hidden(z) @ weights + bias
    wanted = onset > 0.5
    shift, least = _best_shift(logits, wanted)
    best = bias + shift
    for grade in GRADES:
        offset = (grade * (rank - 0.5)).astype(bias.dtype)
        shift, score = _best_shift(logits + offset, wanted)
        if score >= least - COST:
            best = bias + offset + shift
            break
    return DecoderWeights(decoder.first, ((weights, best.astype(bias.dtype)), *decoder.heads[1:]))


def _best_shift(logits: Array, wanted: Array) -> tuple[float, float]:
    """The smallest of ``SHIFTS`` that gives the best F1 score at threshold 0.3, and that score."""
    border = np.log(MAP_THRESHOLD / (1 - MAP_THRESHOLD)) - SHIFTS[::-1]
    right = len(border) - np.searchsorted(border, logits, side="left")
    # From the highest border down: how many wanted, and unwanted, onsets lie above each.
    hits = np.bincount(right[wanted], minlength=len(SHIFTS) + 1)
    misses = np.bincount(right[~wanted], minlength=len(SHIFTS) + 1)
    found, wrong = hits.cumsum()[:-1], misses.cumsum()[:-1]
    scores = 2 * found / np.maximum(found + wrong + hits.sum(), 1)
    equals = np.flatnonzero(scores >= scores.max() - 1e-9)
    best = int(equals[np.abs(SHIFTS[equals]).argmin()])
    return float(SHIFTS[best]), float(scores[best])


def fit_plane(decoder: DecoderWeights, z: Array) -> tuple[DecoderWeights, Array]:
    """Move and stretch the plane so that the loops, at ``z`` (n, 2), reach to ``REACH``.

    Training leaves some loops beyond the pad's edge, or the edge beyond all loops. It is exact:
    the decoder's first layer takes up the change. A plane of few loops is stretched at most twice.
    """
    low, high = z.min(axis=0), z.max(axis=0)
    centre, scale = (low + high) / 2, np.maximum((high - low) / (2 * REACH), 0.5)
    weights, bias = decoder.first
    first = (weights * scale[:, None], bias + centre @ weights)
    return DecoderWeights(first, decoder.heads), (z - centre) / scale


def spread_out(decoder: DecoderWeights, cells: Array, total: int) -> DecoderWeights:
    """The decoder of some ``cells`` as one of ``total`` cells, the others silent everywhere."""
    heads = []
    for (weights, bias), idle in zip(decoder.heads, (SILENT_LOGIT, 0.0, 0.0), strict=True):
        all_weights = np.zeros((len(weights), total), weights.dtype)
        all_bias = np.full(total, idle, bias.dtype)
        all_weights[:, cells], all_bias[cells] = weights, bias
        heads.append((all_weights, all_bias))
    return DecoderWeights(decoder.first, tuple(heads))
