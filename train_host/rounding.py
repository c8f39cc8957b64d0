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

__all__ = ["RoundedDecoder", "RoundedHead", "round_decoder"]

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


@dataclass(frozen=True)
class RoundedDecoder:
    """The decoder as it is stored: the first layer float32, the heads int8.

    The first layer stays float: with an int8 input the map would be a staircase.
    """

    first: tuple[Array, Array]
    heads: tuple[RoundedHead, ...]

    def dequantised(self) -> DecoderWeights:
        """The float weights that the runtime computes with."""
        heads = ((head.weights * head.scale, head.bias) for head in self.heads)
        return DecoderWeights(self.first, tuple(heads))


def round_decoder(decoder: DecoderWeights) -> RoundedDecoder:
    """Round the heads of ``decoder`` to int8, one scale a head, and correct their biases."""
    axis = np.linspace(-EXTENT, EXTENT, GRID)
    sheet = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    hidden = decoder.hidden(sheet).astype(np.float64)
    mean = hidden.mean(axis=0)
    centred = hidden - mean
    covariance = centred.T @ centred / len(sheet)
    covariance.flat[:: len(mean) + 1] += DAMPING * np.trace(covariance) / len(mean) + 1e-12
    order = np.argsort(-covariance.diagonal(), kind="stable")
    passing = _inverse_factor(covariance[np.ix_(order, order)])

    first = (decoder.first[0].astype(np.float32), decoder.first[1].astype(np.float32))
    heads = []
    for weights, bias in decoder.heads:
        largest = np.abs(weights).max()
        scale = np.float32(largest / LARGEST if largest else 1)
        rounded = np.zeros(weights.shape, np.int8)
        used = np.flatnonzero(weights.any(axis=0))
        sorted_weights = weights[np.ix_(order, used)].astype(np.float64)
        rounded[np.ix_(order, used)] = _round(sorted_weights, float(scale), passing)
        error = weights - rounded * np.float64(scale)
        heads.append(RoundedHead(rounded, scale, (bias + mean @ error).astype(np.float32)))
    return RoundedDecoder(first, tuple(heads))


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
