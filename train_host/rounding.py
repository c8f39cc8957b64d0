"""int8 weights that play like the float ones: rounding that knows where the map's points lie.

The decoder's inputs have two dimensions, so its hidden activations lie on a curved sheet in 512.
Weights are rounded one input after another, and each one's error is passed on to the inputs not
yet rounded, in proportion to how they vary together on that sheet (Frantar, Ashkboos, Hoefler and
Alistarh, "GPTQ", ICLR 2023). The inputs that vary most come first, while there are many left to
make up for them. What error remains points where no z leads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train_host.network import Array, DecoderWeights

__all__ = ["RoundedDecoder", "RoundedHead", "Rounder", "round_decoder", "sheet"]

GRID = 57
EXTENT = 3.3
"""The sheet is sampled at ``GRID`` x ``GRID`` points of [-3.3, 3.3]^2: a tenth past the pad."""
DAMPING = 1e-5
"""Added to the diagonal of the covariance, relative to its mean."""
LARGEST = 127


@dataclass(frozen=True)
class RoundedHead:
    """``weights`` int8 (hidden, cells), each worth ``scale``; ``bias`` float32 (cells,)."""

    weights: Array
    scale: np.float32
    bias: Array

    def dequantised(self) -> tuple[Array, Array]:
        """Weights and bias as the runtime computes with them."""
        return self.weights * self.scale, self.bias


@dataclass(frozen=True)
class RoundedDecoder:
    """The decoder as it is stored: the first layer float32, the heads int8.

    The first layer stays float: with an int8 input the map would be a staircase.
    """

    first: tuple[Array, Array]
    heads: tuple[RoundedHead, ...]

    def dequantised(self) -> DecoderWeights:
        """The float weights that the runtime computes with."""
        return DecoderWeights(self.first, tuple(head.dequantised() for head in self.heads))


def sheet() -> Array:
    """The points z, (n, 2), where rounding errors count."""
    axis = np.linspace(-EXTENT, EXTENT, GRID)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def round_decoder(decoder: DecoderWeights) -> RoundedDecoder:
    """Round the heads of ``decoder`` to int8, one scale a head, and correct their biases."""
    rounder = Rounder(decoder.hidden(sheet()))
    first = (decoder.first[0].astype(np.float32), decoder.first[1].astype(np.float32))
    return RoundedDecoder(first, tuple(rounder.round(*head) for head in decoder.heads))


class Rounder:
    """Rounds layers that read ``inputs``, (n, width): one row for each point of the sheet."""

    def __init__(self, inputs: Array) -> None:
        inputs = inputs.astype(np.float64)
        self._mean = inputs.mean(axis=0)
        centred = inputs - self._mean
        covariance = centred.T @ centred / len(inputs)
        covariance.flat[:: len(self._mean) + 1] += (
            DAMPING * np.trace(covariance) / len(self._mean) + 1e-12
        )
        self._order = np.argsort(-covariance.diagonal(), kind="stable")
        self._passing = _inverse_factor(covariance[np.ix_(self._order, self._order)])

    def round(self, weights: Array, bias: Array) -> RoundedHead:
        """The layer in int8, its bias corrected for what the rounding shifts on the average."""
        largest = np.abs(weights).max()
        scale = np.float32(largest / LARGEST if largest else 1)
        rounded = np.zeros(weights.shape, np.int8)
        used = np.flatnonzero(weights.any(axis=0))
        sorted_weights = weights[np.ix_(self._order, used)].astype(np.float64)
        rounded[np.ix_(self._order, used)] = _round(sorted_weights, float(scale), self._passing)
        error = weights - rounded * np.float64(scale)
        return RoundedHead(rounded, scale, (bias + self._mean @ error).astype(np.float32))


def _inverse_factor(covariance: Array) -> Array:
    """Upper triangular U where U.T @ U is the inverse: how an input's error is passed on."""
    # The Cholesky factor taken from the far corner; the inverse itself would lose its definiteness.
    return np.linalg.inv(np.linalg.cholesky(covariance[::-1, ::-1])[::-1, ::-1])


def _round(weights: Array, scale: float, passing: Array) -> Array:
    rounded = np.empty(weights.shape, np.int8)
    for i in range(len(weights)):
        rounded[i] = np.clip(np.rint(weights[i] / scale), -LARGEST, LARGEST)
        error = (weights[i] - rounded[i] * scale) / passing[i, i]
        weights[i + 1 :] -= np.outer(passing[i, i + 1 :], error)
    return rounded
