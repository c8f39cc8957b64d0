"""R-VAE's network, as its authors published it, in NumPy: what training is measured against.

Encoder: onset, velocity and microtiming each through 512 units, joined, 512 more, z (2). Decoder:
512 units, and 512 for each of the three outputs. A hidden layer is dense, then a batch
normalisation whose statistics stay at 0 and 1 (which leaves a scale and an offset), then
LeakyReLU(0.3). 4.2 million weights; Adam 1e-3, batches of 64 from the duplicated clips.
"""

from __future__ import annotations

import numpy as np

from train_host.network import HIDDEN, LATENT, SLOPE, Array, sigmoid
from train_host.training import BATCH, Adam

__all__ = ["train_reference"]

CELLS = 864
WEIGHTS = (1.0, 2.5, 5.0)
RATE = 1e-3
NORM = np.float32(1 / np.sqrt(1 + 1e-3))


class _Layer:
    """Dense; where ``hidden``, scale, offset and LeakyReLU too. ``backward`` follows ``forward``.

    The gradients are kept in ``slopes``, in the order of ``weights``.
    """

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, hidden: bool) -> None:
        spread = np.sqrt(2 / (inputs + outputs))
        weights = (spread * rng.standard_normal((inputs, outputs))).astype(np.float32)
        self.hidden = hidden
        self.weights = [weights, np.zeros(outputs, np.float32)]
        if hidden:
            self.weights += [np.ones(outputs, np.float32), np.zeros(outputs, np.float32)]
        self.slopes = [np.zeros_like(part) for part in self.weights]

    def forward(self, x: Array) -> Array:
        self._x = x
        total = x @ self.weights[0] + self.weights[1]
        if not self.hidden:
            return total
        self._scaled = total * NORM
        total = self._scaled * self.weights[2] + self.weights[3]
        self._positive = total > 0
        return np.maximum(total, np.float32(SLOPE) * total)

    def backward(self, slope: Array) -> Array:
        if self.hidden:
            slope = slope * np.where(self._positive, np.float32(1), np.float32(SLOPE))
            np.einsum("ij,ij->j", slope, self._scaled, out=self.slopes[2])
            slope.sum(axis=0, out=self.slopes[3])
            slope = slope * (self.weights[2] * NORM)
        np.matmul(self._x.T, slope, out=self.slopes[0])
        slope.sum(axis=0, out=self.slopes[1])
        return slope @ self.weights[0].T


class _Reference:
    def __init__(self, rng: np.random.Generator) -> None:
        self.inputs = [_Layer(rng, CELLS, HIDDEN, True) for _ in range(3)]
        self.joined = _Layer(rng, 3 * HIDDEN, HIDDEN, True)
        self.latent = _Layer(rng, HIDDEN, 2 * LATENT, False)
        self.expand = _Layer(rng, LATENT, HIDDEN, True)
        self.branches = [_Layer(rng, HIDDEN, HIDDEN, True) for _ in range(3)]
        self.outputs = [_Layer(rng, HIDDEN, CELLS, False) for _ in range(3)]
        layers = [
            *self.inputs,
            self.joined,
            self.latent,
            self.expand,
            *self.branches,
            *self.outputs,
        ]
        pairs = [pair for layer in layers for pair in zip(layer.weights, layer.slopes, strict=True)]
        self.adams = [Adam(weights.ravel(), slopes.ravel()) for weights, slopes in pairs]

    def loss(self, parts: list[Array], noise: Array, backward: bool) -> float:
        n = len(noise)
        read = [layer.forward(part) for layer, part in zip(self.inputs, parts, strict=True)]
        latent = self.latent.forward(self.joined.forward(np.concatenate(read, axis=1)))
        mean, log_variance = latent[:, :LATENT], latent[:, LATENT:]
        spread = np.exp(log_variance / 2)
        shared = self.expand.forward(mean + spread * noise)
        logits = [
            output.forward(branch.forward(shared))
            for branch, output in zip(self.branches, self.outputs, strict=True)
        ]
        onset, velocity, microtiming = sigmoid(logits[0]), sigmoid(logits[1]), np.tanh(logits[2])
        softplus = np.maximum(logits[0], 0) + np.log1p(np.exp(-np.abs(logits[0])))
        errors = [onset - parts[0], velocity - parts[1], microtiming - parts[2]]
        total = (softplus - parts[0] * logits[0]).sum()
        total += sum(w * (e**2).sum() for w, e in zip(WEIGHTS[1:], errors[1:], strict=True))
        total += (mean**2 + np.exp(log_variance) - 1 - log_variance).sum() / 2
        if backward:
            slopes = [
                errors[0] / n,
                2 * WEIGHTS[1] / n * errors[1] * velocity * (1 - velocity),
                2 * WEIGHTS[2] / n * errors[2] * (1 - microtiming**2),
            ]
            back = sum(
                branch.backward(output.backward(slope))
                for branch, output, slope in zip(self.branches, self.outputs, slopes, strict=True)
            )
            slope_z = self.expand.backward(back)
            slope_log = slope_z * noise * spread / 2 + (np.exp(log_variance) - 1) / (2 * n)
            back = np.concatenate([slope_z + mean / n, slope_log], axis=1)
            back = self.joined.backward(self.latent.backward(back))
            for layer, slope in zip(self.inputs, np.split(back, 3, axis=1), strict=True):
                layer.backward(slope)
        return float(total / n)


def train_reference(parts: list[Array], epochs: int, seed: int = 0) -> list[float]:
    """Train on three arrays (n, 864), validate on a sixth; return each epoch's last loss."""
    rng = np.random.default_rng(seed)
    network = _Reference(rng)
    copies = -(-BATCH // len(parts[0]))
    order = rng.permutation(np.tile(np.arange(len(parts[0])), copies))
    held, rows = order[: len(order) // 6], order[len(order) // 6 :]
    steps = len(order) // BATCH
    losses = []
    for epoch in range(epochs):
        for step in range(steps):
            start = (epoch * steps + step) * BATCH
            batch = rows[(start + np.arange(BATCH)) % len(rows)]
            noise = rng.standard_normal((BATCH, LATENT), dtype=np.float32)
            loss = network.loss([part[batch] for part in parts], noise, backward=True)
            for adam in network.adams:
                adam.step(RATE)
        losses.append(loss)
        noise = rng.standard_normal((len(held), LATENT), dtype=np.float32)
        network.loss([part[held] for part in parts], noise, backward=False)
    return losses
