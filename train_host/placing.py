"""Where on a map a clip would lie: least squares through the decoder.

A model file has a decoder and no encoder, so the place is searched for: the whole pad on a grid
first, then from its best places downhill (Levenberg 1944, Marquardt 1963), by the errors that
training goes by: onsets, and velocity and microtiming where there are onsets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train_host.loops import Loops
from train_host.map_figures import MAP_THRESHOLD
from train_host.network import MICROTIMING_WEIGHT, SILENT_WEIGHT, VELOCITY_WEIGHT, Array
from train_host.quality import VELOCITY_STEPS, f1

__all__ = ["Decode", "Place", "place"]

Decode = Callable[[Array], tuple[Array, Array, Array]]
"""z (n, 2) -> onset, velocity and microtiming (in ticks), n rows each."""

GRID = 61
"""Places along each axis of the first search: a tenth apart on a pad of 6."""
STARTS = 4
STEPS = 12
DELTA = 1e-2
"""How far apart two decoded points are of which a slope is made: float32 and int8 are behind it."""
ON, NEAR = 0.95, 0.7
"""F1 scores from which on a clip is on the map, or near something on it. On the factory models all
clips of their own have 1; clips of a style that its map was not shown .11 to .91, half of them .42
to .67; those of other styles on footwork's map .06 to .77; noise below .13."""
TOGETHER = 32
"""Loops that go downhill at once: what decoding in batches is worth, in little memory."""


@dataclass(frozen=True)
class Place:
    """Where a loop lies best, and how well it is played there at threshold 0.3."""

    name: str
    z: tuple[float, float]
    f1: float
    """F1 score of the onsets"""
    velocity_error: float
    """mean, in MIDI steps, of the loop's onsets; likewise, in ticks, the microtiming's"""
    microtiming_error: float

    @property
    def verdict(self) -> str:
        if self.f1 >= ON:
            return "on the map"
        return "something like it is on the map" if self.f1 >= NEAR else "not on the map"


def place(decode: Decode, loops: Loops, extent: float = 3.0) -> list[Place]:
    """The best place of each loop within ``extent`` of the middle."""
    axis = np.linspace(-extent, extent, GRID)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    decoded = _rows(decode(grid))
    places = []
    for first in range(0, len(loops), TOGETHER):
        some = loops.select(range(first, min(first + TOGETHER, len(loops))))
        targets = _rows((some.onset, some.velocity, some.microtiming))
        best = np.argsort(_grid_costs(decoded, targets), axis=0, kind="stable")[:STARTS]
        z = _downhill(decode, targets, grid[best.T], extent)
        places += [_told(decode, some, index, place) for index, place in enumerate(z)]
    return places


def _rows(parts: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    onset, velocity, microtiming = (part.reshape(len(part), -1) for part in parts)
    return onset, velocity, microtiming


def _grid_costs(decoded: tuple[Array, ...], targets: tuple[Array, ...]) -> Array:
    """Squared error of each decoded row (n) beside each loop (m), (n, m)."""
    audible = np.maximum(targets[0], SILENT_WEIGHT)
    weights = (
        np.ones_like(audible),
        VELOCITY_WEIGHT * audible,
        MICROTIMING_WEIGHT * audible,
    )
    total = np.zeros((len(decoded[0]), len(audible)))
    for given, wanted, weight in zip(decoded, targets, weights, strict=True):
        # sum w (g - t)^2, without a row for each pair
        total += given**2 @ weight.T - 2 * given @ (weight * wanted).T
        total += (weight * wanted**2).sum(axis=1)
    return total


def _downhill(decode: Decode, targets: tuple[Array, ...], starts: Array, extent: float) -> Array:
    """For each of m loops the place with the least error reached from its ``starts`` (m, k, 2)."""
    loops, count, _ = starts.shape
    wanted = tuple(np.repeat(part, count, axis=0) for part in targets)
    z = starts.reshape(-1, 2).astype(np.float64)
    damping = np.full(len(z), 1e-2)
    errors = _errors(decode, wanted, z)
    for _ in range(STEPS):
        slopes = np.stack(
            [_errors(decode, wanted, z + aside) - errors for aside in ([DELTA, 0], [0, DELTA])],
            axis=2,
        ) / np.float32(DELTA)
        square = np.einsum("nij,nik->njk", slopes, slopes).astype(np.float64)
        pull = np.einsum("nij,ni->nj", slopes, errors)
        square[:, [0, 1], [0, 1]] *= 1 + damping[:, None]
        square[:, [0, 1], [0, 1]] += 1e-9
        step = np.linalg.solve(square, pull[:, :, None])[:, :, 0]
        tried = np.clip(z - step, -extent, extent)
        found = _errors(decode, wanted, tried)
        better = (found**2).sum(axis=1) < (errors**2).sum(axis=1)
        z[better], errors[better] = tried[better], found[better]
        damping = np.where(better, damping / 5, damping * 5)
    left = (errors**2).sum(axis=1).reshape(loops, count)
    return z.reshape(loops, count, 2)[np.arange(loops), left.argmin(axis=1)]


def _errors(decode: Decode, targets: tuple[Array, ...], z: Array) -> Array:
    """Weighted errors of each target at its z, (n, 3 * cells)."""
    onset, velocity, microtiming = _rows(decode(z.astype(np.float32)))
    audible = np.maximum(targets[0], np.float32(SILENT_WEIGHT))
    return np.concatenate(
        [
            onset - targets[0],
            np.sqrt(np.float32(VELOCITY_WEIGHT) * audible) * (velocity - targets[1]),
            np.sqrt(np.float32(MICROTIMING_WEIGHT) * audible) * (microtiming - targets[2]),
        ],
        axis=1,
    )


def _told(decode: Decode, loops: Loops, index: int, z: Array) -> Place:
    onset, velocity, microtiming = (part[0] for part in _rows(decode(z[None])))
    wanted = loops.onset[index].ravel() > 0.5
    return Place(
        loops.names[index],
        (round(float(z[0]), 4), round(float(z[1]), 4)),
        f1(onset > MAP_THRESHOLD, wanted),
        _error(velocity - loops.velocity[index].ravel(), wanted) * VELOCITY_STEPS,
        _error(microtiming - loops.microtiming[index].ravel(), wanted),
    )


def _error(difference: Array, where: npt.NDArray[np.bool_]) -> float:
    return float(np.abs(difference[where]).mean()) if where.any() else 0.0
