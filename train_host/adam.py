"""Adam, the optimiser, in place on one vector of weights."""

from __future__ import annotations

import math

import numpy as np

from train_host.network import Array

__all__ = ["Adam"]

DECAY = 0.9, 0.999
EPSILON = 1e-7
CHUNK = 1 << 15
"""Weights updated at a time: what stays in the processor's cache."""


class Adam:
    """Kingma and Ba, "Adam" (2015): ``weights`` follow what is in ``gradient`` at each step."""

    def __init__(self, weights: Array, gradient: Array) -> None:
        self.weights, self.gradient = weights, gradient
        self.mean = np.zeros_like(weights)
        self.square = np.zeros_like(weights)
        self.steps = 0
        self._spare = np.empty((2, CHUNK), weights.dtype)

    def step(self, rate: float) -> None:
        self.steps += 1
        first, second = DECAY
        unbias = math.sqrt(1 - second**self.steps)
        size = rate * unbias / (1 - first**self.steps)
        epsilon = EPSILON * unbias
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
