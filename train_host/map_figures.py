"""Figures of a map by itself: how much is in it, how gently it changes, what metre it is in.

All are taken as R-VAE's published maps are: 30 x 30 heads at the centres of their cells, an onset
where its probability is above 0.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.latent_map import cell_centres
from firmware.rhythm.pattern import TICKS
from train_host.network import Array

__all__ = ["CELLS", "MAP_THRESHOLD", "MapFigures", "is_compound", "map_figures", "similarity"]

CELLS = 30
MAP_THRESHOLD = 0.3
JUMP = 0.5
"""Neighbouring heads that share less than this part of their onsets are a jump, not a step."""

Patterns = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MapFigures:
    """Of 30 x 30 heads at threshold 0.3."""

    distinct: int
    """different patterns"""
    richness: float
    """how many wholly different patterns the map is worth: Leinster and Cobbold's diversity of
    order 1 ("Measuring diversity: the importance of species similarity", Ecology 93, 2012), heads
    as individuals, :func:`similarity` between their patterns; 1 where all are one pattern"""
    smoothness: float
    """1 less the mean dissimilarity of neighbouring heads over that of any two: 1 where neighbours
    are alike, 0 where they differ as much as heads from anywhere (and where all are alike)"""
    neighbour_distance: float
    """onsets that differ between neighbouring heads, mean"""
    jumps: float
    """share of neighbouring heads that have fewer than half of their onsets in common: noise"""
    largest_field: float
    """share of the pad that the commonest pattern takes: a dead zone where it is large"""
    silence: float
    """share of heads without any onset"""
    edge_variety: float
    """share of neighbours along the pad's edge whose patterns differ, over the same of the whole
    pad: 1 where the edge is as much worth playing as the middle"""
    compound: float
    """share of sounding heads whose pattern is in compound metre: :func:`is_compound`"""


def similarity(patterns: Patterns) -> npt.NDArray[np.float64]:
    """Part of their onsets that each two of ``patterns`` (n, cells) have in common, (n, n).

    Common onsets over all onsets (Jaccard 1901): 1 for equal patterns, two silent ones too.
    """
    numbers = patterns.astype(np.float32)
    common = (numbers @ numbers.T).astype(np.float64)
    count = common.diagonal()
    union = count[:, None] + count[None, :] - common
    return np.divide(common, union, out=np.ones_like(common), where=union > 0)


def is_compound(patterns: Patterns, ticks_per_beat: int) -> npt.NDArray[np.bool_]:
    """Whether each pattern (n, 9, 96) divides its beats in three rather than in two, (n,).

    At 24 ticks a quarter note, and at 12, the beat is the quarter note: onsets on its thirds and
    sixths are counted against those on its quarters (at 24 its eighths too; halves belong to both,
    and in a bar of 12/8 at 24 ticks the beat is the dotted quarter note that its clips give). At 16
    and 32 a loop has six or three quarter notes, and is compound where it is heard as beats of a
    dotted quarter note: onsets on those beats alone against onsets on quarter notes alone. More
    of the former is compound; a tie, and other ticks a beat, are simple.
    """
    ticks = np.arange(TICKS)
    if ticks_per_beat in (12, 24):
        compound, simple = ticks % (ticks_per_beat // 6) == 0, ticks % 3 == 0
    elif ticks_per_beat in (16, 32):
        compound = ticks % (3 * ticks_per_beat // 2) == 0
        simple = ticks % ticks_per_beat == 0
    else:
        return np.zeros(len(patterns), bool)
    onsets = patterns.reshape(len(patterns), DRUM_COUNT, TICKS).sum(axis=1)
    return onsets[:, compound & ~simple].sum(axis=1) > onsets[:, simple & ~compound].sum(axis=1)


def map_figures(
    onset: Array, ticks_per_beat: int = 24, threshold: float = MAP_THRESHOLD
) -> MapFigures:
    """Figures of a map whose heads have these onset probabilities, (rows, columns, cells)."""
    grid: Patterns = onset > threshold
    rows, columns, _ = grid.shape
    heads = grid.reshape(rows * columns, -1)
    packed, count = np.unique(np.packbits(heads, axis=1), axis=0, return_counts=True)
    alike = similarity(heads)
    mean = alike.mean(axis=1)
    number = np.arange(rows * columns).reshape(rows, columns)
    first = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    second = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    near = alike[first, second]
    apart = 1 - alike.mean()
    edge = np.zeros((rows, columns), bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    along = edge.ravel()[first] & edge.ravel()[second]
    changes = (heads[first] != heads[second]).sum(axis=1)
    changing = (changes > 0).mean()
    sounding = heads.any(axis=1)
    compound = is_compound(heads[sounding], ticks_per_beat)
    return MapFigures(
        distinct=len(packed),
        richness=float(np.exp(-np.log(mean).mean())),
        smoothness=float(1 - (1 - near).mean() / apart) if apart > 0 else 0.0,
        neighbour_distance=float(changes.mean()),
        jumps=float((near < JUMP).mean()),
        largest_field=float(count.max() / len(heads)),
        silence=float(1 - sounding.mean()),
        edge_variety=float((changes[along] > 0).mean() / changing) if changing else 0.0,
        compound=float(compound.mean()) if len(compound) else 0.0,
    )


def head_centres(extent: float = 3.0) -> Array:
    """z of the 30 x 30 heads, (900, 2)."""
    return cell_centres(CELLS, extent).reshape(-1, 2)
