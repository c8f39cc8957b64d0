"""Training the map: Adam on the small network, seeded, with validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train_host.network import HIDDEN, Array, DecoderWeights, Loss, Network, sigmoid
from train_host.quality import best_threshold

__all__ = ["BATCH", "Progress", "Recipe", "Trained", "default_epochs", "fit", "split"]

BATCH = 64
HELD_OUT = 6 * BATCH
"""From this many loops on, one in six is held out and never trained on. Below, a held-out loop
would be a clip missing from its owner's map: there the loops are duplicated, and the one in six
that validates is a copy of one that trains."""

ADAM_DECAY = 0.9, 0.999
ADAM_EPSILON = 1e-7
CHUNK = 1 << 15
"""Weights updated at a time: what stays in the processor's cache."""
SILENT_LOGIT = -12.0
"""Onset logit, everywhere on the map, of a cell that no clip uses."""
LOUDNESS = (6.0, 4.0, 2.0)
"""Logits that the onset of a cell gains for a mean velocity of 1 above that of all cells."""
LOUDNESS_COST = 0.002
"""F1 score that this may cost."""
REACH = 2.7
"""The outermost loops lie this far from the middle of a plane that ends at 3."""


@dataclass(frozen=True)
class Recipe:
    """How to train. An epoch is one step of ``BATCH`` loops for every ``BATCH`` there are, and at
    least one; the learning rate falls along half a cosine to ``last_rate`` of its first value.

    Adam at 4e-3 with beta 1 is what 150 steps of the whole network asked for. A network of the
    cells in use is a tenth of it: 6e-3 is better there, 8e-3 no better and less even from seed to
    seed.
    """

    epochs: int | None = None
    """``default_epochs`` where it is None"""
    seed: int = 0
    learning_rate: float = 6e-3
    last_rate: float = 0.05
    beta: float = 1.0
    hidden: int = HIDDEN

    def rate(self, done: float) -> float:
        """Learning rate where ``done``, 0..1, of the training is done."""
        fall = (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate * (self.last_rate + (1 - self.last_rate) * fall)


@dataclass(frozen=True)
class Progress:
    """What is reported after each epoch; losses are per loop, in nats."""

    epoch: int
    epochs: int
    training: Loss
    validation: Loss


@dataclass(frozen=True)
class Trained:
    """A trained map: the decoder of all 9 x 96 cells, and where each loop lies, z (n, 2)."""

    decoder: DecoderWeights
    z: Array
    last: Progress

    @property
    def interrupted(self) -> bool:
        return self.last.epoch < self.last.epochs


def default_epochs(count: int) -> int:
    """Epochs that ``count`` loops need, by trial: 30 steps a loop, within 500 and 2000 steps.

    Of sixteen clips of one style that is where every onset is in its place; many loops of live
    drumming go on gaining. At least 50, for sets so large that an epoch is many steps.
    """
    steps = min(max(30 * count, 500), 2000)
    return max(50, math.ceil(steps / steps_per_epoch(count)))


def steps_per_epoch(count: int) -> int:
    return max(1, count // BATCH)


def split(
    count: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which of ``count`` loops train, and which validate: a sixth, of the set or of its copies.

    Sets below ``HELD_OUT`` are duplicated to fill a batch; there each loop has a copy that trains.
    """
    order = rng.permutation(count)
    if count >= HELD_OUT:
        held = count // 6
        return order[held:], order[:held]
    copies = max(2, math.ceil(BATCH / count))
    return order, np.resize(order, copies * count // 6)


def fit(
    onset: Array,
    velocity: Array,
    microtiming: Array,
    recipe: Recipe | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Trained:
    """Learn a map of n loops: ``onset``, ``velocity`` and ``microtiming`` are (n, 9, 96).

    The same loops and recipe give the same weights, on one machine. A KeyboardInterrupt ends
    training early: the weights with the lowest validation loss so far are kept; before the first
    epoch is done there are none, and it is raised again.
    """
    recipe = recipe or Recipe()
    if not len(onset):
        raise ValueError("there is no loop to learn from")
    rng = np.random.default_rng(recipe.seed)
    n = len(onset)
    parts = [np.asarray(part, np.float32).reshape(n, -1) for part in (onset, velocity, microtiming)]
    if not parts[0].any():
        raise ValueError("there is no onset to learn from")
    # A cell that no clip uses has nothing to learn: the network is built of the others only.
    cells = np.flatnonzero(parts[0].any(axis=0))
    x = np.concatenate([part[:, cells] for part in parts], axis=1)
    network = Network(len(cells), rng, recipe.hidden)
    network.head_bias[:] = first_bias(x)
    last = _train(network, x, recipe, rng, report)
    z = network.encode(x)[0]
    decoder, z = fit_plane(loud_last(network.decoder(), x, z), z)
    return Trained(spread_out(decoder, cells, parts[0].shape[1]), z, last)


def first_bias(x: Array) -> Array:
    """Output biases that answer every z with the mean loop: the log-odds of the onsets, the mean
    velocity (as log-odds) and the mean microtiming (as atanh) of the loops that have the onset."""
    onset, velocity, microtiming = np.split(x, 3, axis=1)
    hits = onset.sum(axis=0)
    odds = (hits + 0.5) / (len(x) - hits + 0.5)
    level = np.clip((onset * velocity).sum(axis=0) / hits, 0.02, 0.98)
    shift = np.clip((onset * microtiming).sum(axis=0) / hits, -0.95, 0.95)
    return np.concatenate([np.log(odds), np.log(level / (1 - level)), np.arctanh(shift)])


def loud_last(decoder: DecoderWeights, x: Array, z: Array) -> DecoderWeights:
    """``decoder`` with the onsets of loud cells raised and those of soft ones lowered.

    On the way from one clip to the next, ghost notes then go first and accents last, instead of
    all at one border: a third more patterns lie between twelve clips. As much of it is done as the
    loops x, at their places z, bear without losing their own onsets.
    """
    onset, velocity, _ = np.split(x, 3, axis=1)
    level = (onset * velocity).sum(axis=0) / onset.sum(axis=0)
    louder = level - np.divide((onset * velocity).sum(), onset.sum())
    weights, bias = decoder.heads[0]
    logits = decoder.hidden(z) @ weights + bias
    wanted = onset > 0.5
    least = best_threshold(sigmoid(logits), wanted)[0] - LOUDNESS_COST
    for loudness in LOUDNESS:
        if best_threshold(sigmoid(logits + loudness * louder), wanted)[0] >= least:
            head = (weights, bias + loudness * louder)
            return DecoderWeights(decoder.first, (head, *decoder.heads[1:]))
    return decoder


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


def _train(
    network: Network,
    x: Array,
    recipe: Recipe,
    rng: np.random.Generator,
    report: Callable[[Progress], None] | None,
) -> Progress:
    train_rows, held_rows = split(len(x), rng)
    held = x[held_rows]
    held_noise = _noise(rng, len(held))
    epochs = recipe.epochs or default_epochs(len(x))
    steps = steps_per_epoch(len(x))
    batches = _batches(train_rows, rng)
    adam = Adam(network.flat, network.gradient)
    best = np.empty_like(network.flat)
    best_progress: Progress | None = None
    progress: Progress | None = None
    try:
        for epoch in range(epochs):
            for step in range(steps):
                rate = recipe.rate((epoch + step / steps) / epochs)
                rows = next(batches)
                training = network.loss(x[rows], _noise(rng, len(rows)), recipe.beta, backward=True)
                adam.step(rate)
            validation = network.loss(held, held_noise, recipe.beta)
            progress = Progress(epoch + 1, epochs, training, validation)
            if best_progress is None or validation.total < best_progress.validation.total:
                best[:] = network.flat
                best_progress = progress
            if report:
                report(progress)
    except KeyboardInterrupt:
        if best_progress is None:
            raise
        network.flat[:] = best
        return best_progress
    assert progress is not None
    return progress


def _noise(rng: np.random.Generator, count: int) -> Array:
    return rng.standard_normal((count, 2), dtype=np.float32)


def _batches(rows: npt.NDArray[np.int64], rng: np.random.Generator) -> Iterator[Array]:
    """Batches without end in which every row comes equally often: shuffled, one after another."""
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < BATCH:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:BATCH]
        waiting = waiting[BATCH:]


class Adam:
    """Kingma and Ba, "Adam" (2015), in place on one vector of weights."""

    def __init__(self, weights: Array, gradient: Array) -> None:
        self.weights, self.gradient = weights, gradient
        self.mean = np.zeros_like(weights)
        self.square = np.zeros_like(weights)
        self.steps = 0
        self._spare = np.empty((2, CHUNK), weights.dtype)

    def step(self, rate: float) -> None:
        self.steps += 1
        first, second = ADAM_DECAY
        unbias = math.sqrt(1 - second**self.steps)
        size = rate * unbias / (1 - first**self.steps)
        epsilon = ADAM_EPSILON * unbias
        for start in range(0, len(self.weights), CHUNK):
            chunk = slice(start, start + CHUNK)
            gradient, mean, square = self.gradient[chunk], self.mean[chunk], self.square[chunk]
            a, b = self._spare[:, : len(gradient)]
            mean *= first
            np.multiply(gradient, 1 - first, out=a)
            mean += a
            square *= second
            np.multiply(gradient, gradient, out=a)
            a *= 1 - second
            square += a
            np.sqrt(square, out=a)
            a += epsilon
            np.divide(mean, a, out=b)
            b *= size
            self.weights[chunk] -= b
