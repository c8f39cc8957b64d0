"""R-VAE's network, as its authors published it, in NumPy: what ours is measured against.

Vigliensoni, McCallum and Fiebrink's R-VAE-JS (MIT). Encoder: onset, velocity and microtiming each
through 512 units, joined, 512 more, z (2). Decoder: 512 units, and 512 for each of the three
outputs. A hidden layer is dense, then a batch normalisation whose statistics stay at 0 and 1
(which leaves a scale and an offset), then LeakyReLU(0.3). 4.2 million weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from train_host.deep_decoder import DeepDecoder
from train_host.network import (
    HIDDEN,
    LATENT,
    MICROTIMING_WEIGHT,
    SLOPE,
    VELOCITY_WEIGHT,
    Array,
    Loss,
    sigmoid,
)

__all__ = ["ReferenceNetwork"]

NORM = 1 / np.sqrt(1 + 1e-3)
"""What the normalisation divides by where mean and variance stay at 0 and 1 (Keras's epsilon)."""


class _Layer:
    """Dense; where ``hidden``, scale, offset and LeakyReLU too. ``backward`` follows ``forward``.

    ``weights`` and ``slopes``, their gradients, are views of the network's two vectors.
    """

    def __init__(self, inputs: int, outputs: int, hidden: bool) -> None:
        self.inputs, self.outputs, self.hidden = inputs, outputs, hidden
        vectors = 3 if hidden else 1
        self.shapes: list[tuple[int, ...]] = [(inputs, outputs), *[(outputs,)] * vectors]
        self.weights: list[Array] = []
        self.slopes: list[Array] = []

    def start(self, rng: np.random.Generator) -> None:
        """Glorot and Bengio (2010); biases and offsets 0, scales 1."""
        spread = np.sqrt(2 / (self.inputs + self.outputs))
        self.weights[0][:] = spread * rng.standard_normal((self.inputs, self.outputs))
        if self.hidden:
            self.weights[2][:] = 1

    def forward(self, x: Array) -> Array:
        self._x = x
        total = x @ self.weights[0] + self.weights[1]
        if not self.hidden:
            return total
        self._scaled = total * total.dtype.type(NORM)
        total = self._scaled * self.weights[2] + self.weights[3]
        self._positive = total > 0
        return np.maximum(total, total.dtype.type(SLOPE) * total)

    def backward(self, slope: Array) -> Array:
        if self.hidden:
            one = slope.dtype.type(1)
            slope = slope * np.where(self._positive, one, slope.dtype.type(SLOPE))
            np.einsum("ij,ij->j", slope, self._scaled, out=self.slopes[2])
            slope.sum(axis=0, out=self.slopes[3])
            slope = slope * (self.weights[2] * slope.dtype.type(NORM))
        np.matmul(self._x.T, slope, out=self.slopes[0])
        slope.sum(axis=0, out=self.slopes[1])
        return slope @ self.weights[0].T

    def folded(self) -> tuple[Array, Array]:
        """Weights and bias that do the same without the scale and the offset."""
        if not self.hidden:
            return self.weights[0].copy(), self.weights[1].copy()
        weights, bias, scale, offset = self.weights
        scale = scale * scale.dtype.type(NORM)
        return weights * scale, bias * scale + offset


class ReferenceNetwork:
    """The whole network and the gradient of its loss; the interface of ``network.Network``.

    Rows x are (n, 3 * cells): onset, velocity, microtiming.
    """

    def __init__(
        self,
        cells: int,
        rng: np.random.Generator,
        hidden: int = HIDDEN,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.cells = cells
        self._read = [_Layer(cells, hidden, True) for _ in range(3)]
        self._joined = _Layer(3 * hidden, hidden, True)
        self._latent = _Layer(hidden, 2 * LATENT, False)
        self._expand = _Layer(LATENT, hidden, True)
        self._branches = [_Layer(hidden, hidden, True) for _ in range(3)]
        self._outputs = [_Layer(hidden, cells, False) for _ in range(3)]
        self.decoder_layers = [self._expand, *self._branches, *self._outputs]
        layers = [*self._read, self._joined, self._latent, *self.decoder_layers]
        size = sum(int(np.prod(shape)) for layer in layers for shape in layer.shapes)
        self.flat, self.gradient = np.zeros((2, size), dtype)
        start = 0
        for layer in layers:
            for shape in layer.shapes:
                end = start + int(np.prod(shape))
                layer.weights.append(self.flat[start:end].reshape(shape))
                layer.slopes.append(self.gradient[start:end].reshape(shape))
                start = end
            layer.start(rng)

    def encode(self, x: Array) -> tuple[Array, Array]:
        """Mean and log-variance of z, each (n, 2)."""
        parts = np.split(x, 3, axis=1)
        read = [layer.forward(part) for layer, part in zip(self._read, parts, strict=True)]
        latent = self._latent.forward(self._joined.forward(np.concatenate(read, axis=1)))
        return latent[:, :LATENT], latent[:, LATENT:]

    def decoder(self) -> DeepDecoder:
        """A copy of the decoder's weights, scales and offsets folded in."""
        heads = zip(self._branches, self._outputs, strict=True)
        return DeepDecoder(
            (self._expand.folded(),),
            tuple((branch.folded(), output.folded()) for branch, output in heads),
        )

    def loss(self, x: Array, noise: Array, beta: float = 1.0, backward: bool = False) -> Loss:
        """As ``Network.loss``; velocity and microtiming of silent cells count like all others."""
        n = len(x)
        onset, velocity, microtiming = np.split(x, 3, axis=1)
        mean, log_variance = self.encode(x)
        spread = np.exp(log_variance / 2)
        shared = self._expand.forward(mean + spread * noise)
        logits, level, shift = (
            output.forward(branch.forward(shared))
            for branch, output in zip(self._branches, self._outputs, strict=True)
        )
        level, shift = sigmoid(level), np.tanh(shift)
        softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
        level_error, shift_error = level - velocity, shift - microtiming
        result = Loss(
            float((softplus - onset * logits).sum() / n),
            float(VELOCITY_WEIGHT * (level_error**2).sum() / n),
            float(MICROTIMING_WEIGHT * (shift_error**2).sum() / n),
            float((mean**2 + np.exp(log_variance) - 1 - log_variance).sum() / (2 * n)),
            beta,
        )
        if not backward:
            return result
        slopes = [
            (sigmoid(logits) - onset) / n,
            2 * VELOCITY_WEIGHT / n * level_error * level * (1 - level),
            2 * MICROTIMING_WEIGHT / n * shift_error * (1 - shift**2),
        ]
        heads = zip(self._branches, self._outputs, slopes, strict=True)
        backs = [branch.backward(output.backward(slope)) for branch, output, slope in heads]
        slope_z = self._expand.backward(np.sum(backs, axis=0))
        slope_mean = slope_z + beta / n * mean
        slope_log = slope_z * noise * spread / 2 + beta / (2 * n) * (np.exp(log_variance) - 1)
        latent = np.concatenate([slope_mean, slope_log], axis=1)
        back = self._joined.backward(self._latent.backward(latent))
        for layer, slope in zip(self._read, np.split(back, 3, axis=1), strict=True):
            layer.backward(slope)
        return result
