"""How to train: how long, how fast, on which loops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train_host.network import HIDDEN, Array

__all__ = ["BATCH", "Recipe", "batches", "default_epochs", "split", "steps_per_epoch"]

BATCH = 64
HELD_OUT = 6 * BATCH
"""From this many loops on, one in six is held out and never trained on. Below, a held-out loop
would be a clip missing from its owner's map: there the loops are duplicated, and the one in six
that validates is a copy of one that trains."""

Rows = npt.NDArray[np.int64]


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
    reference: bool = False
    """train R-VAE's own network, to compare: see :meth:`as_reference`"""

    @classmethod
    def as_reference(cls, epochs: int = 250, seed: int = 0) -> Recipe:
        """R-VAE's network and its authors' recipe: Adam at 1e-3 throughout, duplicated loops of
        which a sixth is held out, the plane left as training makes it."""
        return cls(epochs, seed, learning_rate=1e-3, last_rate=1.0, reference=True)

    def rate(self, done: float) -> float:
        """Learning rate where ``done``, 0..1, of the training is done."""
        fall = (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate * (self.last_rate + (1 - self.last_rate) * fall)

    def split(self, count: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Which of ``count`` loops train, and which validate."""
        if not self.reference:
            return split(count, rng)
        order = rng.permutation(np.tile(np.arange(count), math.ceil(BATCH / count)))
        held = len(order) // 6
        return order[held:], order[:held]


def default_epochs(count: int) -> int:
    """The most epochs that ``count`` loops need, by trial: 60 steps a loop, within 720 and 2000.

    A dozen clips are done sooner, which training sees by itself; many loops of live drumming go on
    gaining. At least 50, for sets so large that an epoch is many steps.
    """
    steps = min(max(60 * count, 720), 2000)
    return max(50, math.ceil(steps / steps_per_epoch(count)))


def steps_per_epoch(count: int) -> int:
    return max(1, count // BATCH)


def split(count: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Which of ``count`` loops train, and which validate: a sixth, of the set or of its copies.

    Sets below ``HELD_OUT`` are duplicated to fill a batch; there each loop has a copy that trains.
    """
    order = rng.permutation(count)
    if count >= HELD_OUT:
        held = count // 6
        return order[held:], order[:held]
    copies = max(2, math.ceil(BATCH / count))
    return order, np.resize(order, copies * count // 6)


def batches(rows: Rows, rng: np.random.Generator) -> Iterator[Array]:
    """Batches without end in which every row comes equally often: shuffled, one after another."""
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < BATCH:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:BATCH]
        waiting = waiting[BATCH:]
