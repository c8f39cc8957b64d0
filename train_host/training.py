"""Training the map, an epoch at a time, seeded, with validation.

``fit`` is the whole of it. A program that wants to look on, or to stop when it likes, iterates a
:class:`Training` instead::

    training = Training(onset, velocity, microtiming, Recipe(seed=1))
    for progress in training:
        ...                          # training.now() is the map as it is after this epoch
    trained = training.now()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from train_host.adam import Adam
from train_host.deep_decoder import DeepDecoder
from train_host.network import LATENT, Array, DecoderWeights, Loss, Network
from train_host.plane import fit_plane, loud_last, spread_out
from train_host.recipe import Recipe, batches, default_epochs, steps_per_epoch
from train_host.reference import ReferenceNetwork

__all__ = ["Progress", "Trained", "Training", "fit"]

LOOK_EVERY = 25
"""Epochs between two looks at whether anything is still gained."""
SURE = 2.2
"""Onset logits beyond +-2.2 are decided alike at every threshold from 0.1 to 0.9."""
GAIN = 0.001
"""Part of the loss that has to be gained from one stretch of epochs to the next."""
COOLING = 8
"""What is learnt is smoothed for an eighth of the epochs so far, while the rate falls to its last
value: without it velocities and microtimings keep the last steps' noise."""


@dataclass(frozen=True)
class Progress:
    """What is known after an epoch; losses are per loop, in nats."""

    epoch: int
    epochs: int
    """how many there will be, as far as is known: fewer once nothing more is gained"""
    training: Loss
    validation: Loss


@dataclass(frozen=True)
class Trained:
    """A trained map: the decoder of all 9 x 96 cells, and where each loop lies, z (n, 2)."""

    decoder: DecoderWeights | DeepDecoder
    z: Array
    last: Progress
    history: tuple[Progress, ...] = field(default=(), repr=False)
    """of all epochs"""
    interrupted: bool = False
    complete: bool = False
    """ended before its time since nothing more was to be gained"""


class Training:
    """One training. Iterating it trains, and yields each epoch's progress; it can be left and
    taken up again between any two. The same loops and recipe give the same weights, on one machine.
    """

    def __init__(
        self,
        onset: Array,
        velocity: Array,
        microtiming: Array,
        recipe: Recipe | None = None,
    ) -> None:
        """``onset``, ``velocity`` and ``microtiming`` of n loops are (n, 9, 96).

        Raises ValueError where there is nothing to learn.
        """
        self.recipe = recipe or Recipe()
        n = len(onset)
        if not n:
            raise ValueError("there is no loop to learn from")
        parts = [
            np.asarray(part, np.float32).reshape(n, -1) for part in (onset, velocity, microtiming)
        ]
        if not parts[0].any():
            raise ValueError("there is no onset to learn from")
        self.epochs = self.recipe.epochs or default_epochs(n)
        self.history: list[Progress] = []
        self._rng = np.random.default_rng(self.recipe.seed)
        self._total = parts[0].shape[1]
        self._network: Network | ReferenceNetwork
        if self.recipe.reference:
            self._cells = np.arange(self._total)
            self._x = np.concatenate(parts, axis=1)
            self._network = ReferenceNetwork(self._total, self._rng, self.recipe.hidden)
        else:
            # A cell that no clip uses has nothing to learn: the network is built of the others.
            self._cells = np.flatnonzero(parts[0].any(axis=0))
            self._x = np.concatenate([part[:, self._cells] for part in parts], axis=1)
            self._network = Network(len(self._cells), self._rng, self.recipe.hidden)
            self._network.head_bias[:] = first_bias(self._x)
        train_rows, held_rows = self.recipe.split(n, self._rng)
        self._held = self._x[held_rows]
        self._held_noise = self._noise(len(held_rows))
        self._batches = batches(train_rows, self._rng)
        self._adam = Adam(self._network.flat, self._network.gradient)
        self._best = self._network.flat.copy()
        self._best_progress: Progress | None = None
        self._caution = 1.0
        self._cooling: tuple[int, float] | None = None

    def __iter__(self) -> Iterator[Progress]:
        while len(self.history) < self.epochs:
            progress = self._epoch()
            if progress.epoch % LOOK_EVERY == 0 and self._cooling is None and self._gained_all():
                self._cool(progress.epoch)
            yield progress

    def go_on_from(self, other: Training) -> None:
        """Before the first epoch: begin with what ``other`` has learnt of other loops.

        What both have stays about where it was on the map, and is learnt again sooner. Nothing is
        taken over from R-VAE's network, or where the hidden layers differ.
        """
        mine, theirs = self._network, other._network
        if isinstance(mine, ReferenceNetwork) or isinstance(theirs, ReferenceNetwork):
            return
        if self.recipe.hidden != other.recipe.hidden:
            return
        _, here, there = np.intersect1d(self._cells, other._cells, return_indices=True)
        mine.adopt(theirs, here, there)
        self._best[:] = mine.flat

    def now(self) -> Trained:
        """The map as it is; IndexError before the first epoch."""
        return self._trained(self.history[-1])

    def best(self) -> Trained:
        """The map with the lowest validation loss, for a training that is broken off, even in the
        midst of an epoch; it cannot go on after that. ValueError before the first epoch."""
        if self._best_progress is None:
            raise ValueError("no epoch is done yet")
        self._network.flat[:] = self._best
        return self._trained(self._best_progress, interrupted=True)

    def _epoch(self) -> Progress:
        training, validation = self._steps()
        while not np.isfinite(training.total + validation.total):
            # Steps too large for these loops: back to what was good, and on with smaller ones.
            self._network.flat[:] = self._best
            self._adam = Adam(self._network.flat, self._network.gradient)
            self._caution /= 2
            training, validation = self._steps()
        progress = Progress(len(self.history) + 1, self.epochs, training, validation)
        best = self._best_progress
        if best is None or validation.total < best.validation.total:
            self._best[:] = self._network.flat
            self._best_progress = progress
        self.history.append(progress)
        return progress

    def _steps(self) -> tuple[Loss, Loss]:
        """Train for an epoch; the last step's loss, and that of what validates."""
        network, beta = self._network, self.recipe.beta
        epoch, steps = len(self.history), steps_per_epoch(len(self._x))
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(steps):
                rows = next(self._batches)
                noise = self._noise(len(rows))
                training = network.loss(self._x[rows], noise, beta, backward=True)
                self._adam.step(self._caution * self._rate(epoch + step / steps))
            return training, network.loss(self._held, self._held_noise, beta)

    def _rate(self, epoch: float) -> float:
        if self._cooling is None:
            return self.recipe.rate(epoch / self.epochs)
        start, rate = self._cooling
        left = (self.epochs - epoch) / (self.epochs - start)
        last = self.recipe.learning_rate * self.recipe.last_rate
        return last + (rate - last) * left

    def _cool(self, epoch: int) -> None:
        end = epoch + max(LOOK_EVERY, epoch // COOLING)
        if end < self.epochs:
            self._cooling = epoch, self._rate(epoch)
            self.epochs = end

    def _gained_all(self) -> bool:
        """Whether every onset of every loop is in its place at any threshold from 0.1 to 0.9; or
        the losses fall no more."""
        if isinstance(self._network, ReferenceNetwork):
            return False
        epoch = len(self.history)
        stretch = max(4 * LOOK_EVERY, epoch // 3)
        if epoch >= 2 * stretch:
            losses = np.array([[p.training.total, p.validation.total] for p in self.history])
            before, after = losses[-2 * stretch : -stretch], losses[-stretch:]
            if (after.mean(axis=0) > (1 - GAIN) * before.mean(axis=0)).all():
                return True
        return self._network.holds(self._x, SURE)

    def _noise(self, count: int) -> Array:
        return self._rng.standard_normal((count, LATENT), dtype=np.float32)

    def _trained(self, last: Progress, interrupted: bool = False) -> Trained:
        z = self._network.encode(self._x)[0]
        decoder = self._network.decoder()
        if isinstance(decoder, DecoderWeights):
            fitted, z = fit_plane(loud_last(decoder, self._x, z), z)
            decoder = spread_out(fitted, self._cells, self._total)
        complete = self._cooling is not None and last.epoch == self.epochs
        return Trained(decoder, z, last, tuple(self.history), interrupted, complete)


def fit(
    onset: Array,
    velocity: Array,
    microtiming: Array,
    recipe: Recipe | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Trained:
    """Learn a map of n loops: ``onset``, ``velocity`` and ``microtiming`` are (n, 9, 96).

    A KeyboardInterrupt, at any time and out of ``report`` too, ends training early: the weights
    with the lowest validation loss so far are kept; before the first epoch is done there are none,
    and it is raised again. Raises ValueError where there is nothing to learn.
    """
    training = Training(onset, velocity, microtiming, recipe)
    try:
        for progress in training:
            if report:
                report(progress)
    except KeyboardInterrupt:
        if not training.history:
            raise
        return training.best()
    return training.now()


def first_bias(x: Array) -> Array:
    """Output biases that answer every z with the mean loop: the log-odds of the onsets, the mean
    velocity (as log-odds) and the mean microtiming (as atanh) of the loops that have the onset."""
    onset, velocity, microtiming = np.split(x, 3, axis=1)
    hits = onset.sum(axis=0)
    odds = (hits + 0.5) / (len(x) - hits + 0.5)
    level = np.clip((onset * velocity).sum(axis=0) / hits, 0.02, 0.98)
    shift = np.clip((onset * microtiming).sum(axis=0) / hits, -0.95, 0.95)
    return np.concatenate([np.log(odds), np.log(level / (1 - level)), np.arctanh(shift)])
