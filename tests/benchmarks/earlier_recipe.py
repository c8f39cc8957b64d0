"""What our recipe grew out of: the small network of all cells, and its plane as training left it.

Output biases at the data's log-odds, velocity and microtiming weighted by the onsets, Adam at 4e-3
with a cosine to 5 %: all of that stayed. The cells in use alone, the learning rate that goes with
them, the end when nothing more is gained, the plane's fit and the graded onsets came later.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import process_time

import numpy as np

from train_host.adam import Adam
from train_host.loops import Loops
from train_host.network import DecoderWeights, Network
from train_host.recipe import Recipe, batches, split

__all__ = ["train_earlier"]

RATE = 4e-3
SILENT = 0.5
"""Onsets that a cell without any counts as having had, for its log-odds."""


def train_earlier(
    loops: Loops, seed: int, epochs: Callable[[float], int]
) -> tuple[DecoderWeights, np.ndarray]:
    """Decoder and places z (n, 2); ``epochs`` is told the CPU seconds of an epoch."""
    rng = np.random.default_rng(seed)
    parts = [loops.onset, loops.velocity, loops.microtiming]
    x = np.concatenate([part.reshape(len(loops), -1) for part in parts], axis=1)
    network = Network(x.shape[1] // 3, rng)
    onset, velocity, microtiming = np.split(x, 3, axis=1)
    hits = onset.sum(axis=0)
    odds = (hits + SILENT) / (len(x) - hits + SILENT)
    level = np.clip((onset * velocity).sum(axis=0) / np.maximum(hits, 1), 0.02, 0.98)
    shift = np.clip((onset * microtiming).sum(axis=0) / np.maximum(hits, 1), -0.95, 0.95)
    network.head_bias[:] = np.concatenate(
        [np.log(odds), np.log(level / (1 - level)), np.arctanh(shift)]
    )
    rows = batches(split(len(x), rng)[0], rng)
    adam = Adam(network.flat, network.gradient)
    recipe = Recipe(learning_rate=RATE)

    def step(done: float) -> None:
        batch = x[next(rows)]
        network.loss(batch, rng.standard_normal((len(batch), 2), dtype=np.float32), backward=True)
        adam.step(recipe.rate(done))

    start, trial = process_time(), 3
    for _ in range(trial):
        step(0.0)
    total = max(epochs((process_time() - start) / trial), trial)
    for epoch in range(trial, total):
        step(epoch / total)
    assert math.isfinite(float(network.flat.sum()))
    return network.decoder(), network.encode(x)[0]
