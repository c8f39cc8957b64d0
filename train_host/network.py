"""The learned map: a small variational auto-encoder of drum loops, in NumPy, with its gradients.

Vigliensoni, McCallum and Fiebrink, "Creating Latent Spaces for Modern Music Genre Rhythms Using
Minimal Training Data" (ICCC 2020), describe the network; here the three inputs are concatenated
and each side has one hidden layer::

    3 x cells -> 512 -> z (2 means, 2 log-variances);  z -> 512 -> 3 x cells

A cell is one drum at one tick. Hidden layers are LeakyReLU(0.3); the outputs are onset (sigmoid),
velocity (sigmoid) and microtiming (tanh). Back-propagation is written out by hand, so that nothing
but NumPy is needed, here and on the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["HIDDEN", "LATENT", "SLOPE", "Array", "DecoderWeights", "Loss", "Network", "sigmoid"]

Array = npt.NDArray[Any]

HIDDEN = 512
LATENT = 2
SLOPE = 0.3
"""Slope of the LeakyReLU below zero."""
VELOCITY_WEIGHT = 2.5
MICROTIMING_WEIGHT = 5.0
"""Weights of the squared errors beside the cross-entropy of the onsets, as R-VAE has them."""
SILENT_WEIGHT = 0.02
"""Velocity and microtiming of a cell without an onset are not heard: they count this much."""


def leaky_relu(a: Array) -> Array:
    return np.maximum(a, a.dtype.type(SLOPE) * a)


def _steepness(activation: Array) -> Array:
    """Derivative of the LeakyReLU that gave ``activation``."""
    return np.where(activation > 0, activation.dtype.type(1), activation.dtype.type(SLOPE))


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), by tanh: it neither overflows nor warns."""
    half = a.dtype.type(0.5)
    return half * np.tanh(half * a) + half


@dataclass(frozen=True)
class Loss:
    """Mean loss of one loop, in nats, by part; ``kl`` is not yet multiplied by beta."""

    onset: float
    velocity: float
    microtiming: float
    kl: float
    beta: float = 1.0

    @property
    def total(self) -> float:
        return self.onset + self.velocity + self.microtiming + self.beta * self.kl


@dataclass(frozen=True)
class DecoderWeights:
    """The decoder alone: ``first`` is ((2, hidden), (hidden,)); ``heads`` are three of
    ((hidden, cells), (cells,)), in the order onset, velocity, microtiming."""

    first: tuple[Array, Array]
    heads: tuple[tuple[Array, Array], ...]

    def hidden(self, z: npt.ArrayLike) -> Array:
        """Activations of the hidden layer, (n, hidden), at z (n, 2)."""
        weights, bias = self.first
        return leaky_relu(np.asarray(z, weights.dtype) @ weights + bias)

    def decode(self, z: npt.ArrayLike) -> tuple[Array, Array, Array]:
        """Onset, velocity and microtiming, each (n, cells), at z (n, 2)."""
        hidden = self.hidden(z)
        onset, velocity, microtiming = (hidden @ weights + bias for weights, bias in self.heads)
        return sigmoid(onset), sigmoid(velocity), np.tanh(microtiming)

    def sounding(self, least: float) -> npt.NDArray[np.intp]:
        """The cells whose onset probability may be above ``least`` somewhere."""
        weights, bias = self.heads[0]
        return np.flatnonzero(weights.any(axis=0) | (sigmoid(bias) > least))

    def of(self, cells: npt.NDArray[np.intp]) -> DecoderWeights:
        """The decoder of some ``cells`` alone."""
        heads = ((weights[:, cells], bias[cells]) for weights, bias in self.heads)
        return DecoderWeights(self.first, tuple(heads))


class Network:
    """The whole network and the gradient of its loss.

    All weights are views of one vector, ``flat``, and their gradients of ``gradient``, so that an
    optimiser sees two vectors. Rows x are (n, 3 * cells): onset, velocity, microtiming.
    """

    def __init__(
        self,
        cells: int,
        rng: np.random.Generator,
        hidden: int = HIDDEN,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.cells = cells
        width = 3 * cells
        # Layer, inputs, outputs, and the outputs that count for the spread of its first weights.
        layers = (
            ("encoder", width, hidden, hidden),
            ("latent", hidden, 2 * LATENT, LATENT),
            ("expand", LATENT, hidden, hidden),
            ("heads", hidden, width, cells),
        )
        size = sum((inputs + 1) * outputs for _, inputs, outputs, _ in layers)
        self.flat = np.zeros(size, dtype)
        self.gradient = np.zeros(size, dtype)
        self._w: dict[str, tuple[Array, Array]] = {}
        self._g: dict[str, tuple[Array, Array]] = {}
        start = 0
        for name, inputs, outputs, fan_out in layers:
            middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
            for vector, views in ((self.flat, self._w), (self.gradient, self._g)):
                weights = vector[start:middle].reshape(inputs, outputs)
                views[name] = (weights, vector[middle:end])
            # Glorot and Bengio (2010); half of it for the heads, whose biases start at the data.
            spread = np.sqrt(2 / (inputs + fan_out)) * (0.5 if name == "heads" else 1)
            self._w[name][0][:] = rng.standard_normal((inputs, outputs)) * spread
            start = end

    @property
    def head_bias(self) -> Array:
        """The outputs' biases, (3 * cells,), to be set before training."""
        return self._w["heads"][1]

    def adopt(self, other: Network, mine: Array, theirs: Array) -> None:
        """Take over what ``other`` has learnt; of cells, ``mine`` from its ``theirs`` (indices).

        Raises ValueError where the hidden layers differ.
        """
        if self._w["latent"][0].shape != other._w["latent"][0].shape:
            raise ValueError("the networks have hidden layers of different sizes")
        for name in ("latent", "expand"):
            for weights, learnt in zip(self._w[name], other._w[name], strict=True):
                weights[:] = learnt
        self._w["encoder"][1][:] = other._w["encoder"][1]
        for part in range(3):
            here, there = part * self.cells + mine, part * other.cells + theirs
            self._w["encoder"][0][here] = other._w["encoder"][0][there]
            self._w["heads"][0][:, here] = other._w["heads"][0][:, there]
            self._w["heads"][1][here] = other._w["heads"][1][there]

    def encode(self, x: Array) -> tuple[Array, Array]:
        """Mean and log-variance of z, each (n, 2)."""
        _, latent = self._encode(x)
        return latent[:, :LATENT], latent[:, LATENT:]

    def holds(self, x: Array, sure: float) -> bool:
        """Whether all onsets of rows x are decided rightly, at their means of z, by logits beyond
        +-``sure``."""
        z = self.encode(x)[0]
        weights, bias = self._w["expand"]
        hidden = leaky_relu(z @ weights + bias)
        weights, bias = self._w["heads"]
        logits = hidden @ weights[:, : self.cells] + bias[: self.cells]
        return bool((np.where(x[:, : self.cells] > 0, logits, -logits) > sure).all())

    def _encode(self, x: Array) -> tuple[Array, Array]:
        weights, bias = self._w["encoder"]
        hidden = leaky_relu(x @ weights + bias)
        weights, bias = self._w["latent"]
        return hidden, hidden @ weights + bias

    def decoder(self) -> DecoderWeights:
        """A copy of the decoder's weights."""
        weights, bias = self._w["heads"]
        parts = [slice(k * self.cells, (k + 1) * self.cells) for k in range(3)]
        first_weights, first_bias = self._w["expand"]
        return DecoderWeights(
            (first_weights.copy(), first_bias.copy()),
            tuple((weights[:, part].copy(), bias[part].copy()) for part in parts),
        )

    def loss(self, x: Array, noise: Array, beta: float = 1.0, backward: bool = False) -> Loss:
        """Loss of rows x, (n, 3 * cells), where z is drawn with standard normal ``noise`` (n, 2).

        Cross-entropy of the onsets, weighted squared errors of velocity and microtiming, and the
        divergence of z from a standard normal (Kingma and Welling 2014). With ``backward`` the
        gradient of the total is left in ``gradient``.
        """
        n, c = len(x), self.cells
        encoded, latent = self._encode(x)
        mean, log_variance = latent[:, :LATENT], latent[:, LATENT:]
        spread = np.exp(log_variance / 2)
        z = mean + spread * noise

        weights, bias = self._w["expand"]
        hidden = leaky_relu(z @ weights + bias)
        weights, bias = self._w["heads"]
        logits = hidden @ weights + bias

        target = x[:, :c]
        softplus = np.maximum(logits[:, :c], 0) + np.log1p(np.exp(-np.abs(logits[:, :c])))
        level = sigmoid(logits[:, c : 2 * c])
        shift = np.tanh(logits[:, 2 * c :])
        audible = np.maximum(target, SILENT_WEIGHT)
        level_error = (level - x[:, c : 2 * c]) * audible
        shift_error = (shift - x[:, 2 * c :]) * audible
        result = Loss(
            float((softplus - target * logits[:, :c]).sum() / n),
            float(VELOCITY_WEIGHT * (level_error**2 / audible).sum() / n),
            float(MICROTIMING_WEIGHT * (shift_error**2 / audible).sum() / n),
            float((mean**2 + np.exp(log_variance) - 1 - log_variance).sum() / (2 * n)),
            beta,
        )
        if not backward:
            return result

        slope = logits  # its values are used up: the gradient takes their place
        slope[:, :c] = (sigmoid(logits[:, :c]) - target) / n
        slope[:, c : 2 * c] = 2 * VELOCITY_WEIGHT / n * level_error * level * (1 - level)
        slope[:, 2 * c :] = 2 * MICROTIMING_WEIGHT / n * shift_error * (1 - shift**2)
        back = self._back("heads", hidden, slope) * _steepness(hidden)
        slope_z = self._back("expand", z, back)
        slope_mean = slope_z + beta / n * mean
        slope_log = slope_z * noise * spread / 2 + beta / (2 * n) * (np.exp(log_variance) - 1)
        back = self._back("latent", encoded, np.concatenate([slope_mean, slope_log], axis=1))
        back *= _steepness(encoded)
        self._gradient("encoder", x, back)
        return result

    def _gradient(self, name: str, inputs: Array, slope: Array) -> None:
        weights, bias = self._g[name]
        np.matmul(inputs.T, slope, out=weights)
        slope.sum(axis=0, out=bias)

    def _back(self, name: str, inputs: Array, slope: Array) -> Array:
        """Keep the layer's gradient and pass the slope of the loss on to its inputs."""
        self._gradient(name, inputs, slope)
        return slope @ self._w[name][0].T
